//! `--check`: is the folder what would be written, and where not.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::Error;
use crate::term;

/// Compares a folder with what would be written to it.
pub(crate) fn folder(folder: &Path, files: &[(&'static str, String)]) -> Result<(), Error> {
    let mut summary = String::new();
    for (name, expected) in files {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(found) if found == expected.as_bytes() => {}
            Ok(found) => differs(
                &mut summary,
                name,
                &String::from_utf8_lossy(&found),
                expected,
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let _ = writeln!(summary, "  {name}: missing");
            }
            Err(source) => return Err(Error::Read { path, source }),
        }
    }
    if summary.is_empty() {
        return Ok(());
    }
    summary.truncate(summary.trim_end().len());
    Err(Error::Differs {
        folder: folder.to_owned(),
        summary,
    })
}

fn differs(summary: &mut String, name: &str, found: &str, expected: &str) {
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), expected.lines().collect());
    let same = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev());
    let same_tail = tail.take_while(|(old, new)| old == new).count();
    let (removed, added) = (old.len() - same - same_tail, new.len() - same - same_tail);
    let _ = writeln!(
        summary,
        "  {name}: from line {}: -{removed} +{added} lines",
        same + 1
    );
    for (sign, lines, count) in [('-', &old, removed), ('+', &new, added)] {
        if count > 0 {
            let _ = writeln!(summary, "    {sign} {}", term::printable(lines[same]));
        }
    }
}
