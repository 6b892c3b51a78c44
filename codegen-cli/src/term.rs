//! What the command prints: results on standard output, everything else on standard error.
#![allow(
    clippy::print_stdout,
    reason = "a command line tool answers on standard output, only from here"
)]

use std::io::Write as _;

use crate::error::Error;

/// Prints a result.
pub(crate) fn result(text: &str) {
    // A reader that went away (`stayput .. | head`) is no fault of ours.
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints what is going on.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error and, below it, what to do.
pub(crate) fn error(error: &Error) {
    let mut text = format!("error: {}", printable(&error.to_string()));
    if let Some(help) = error.help() {
        text.push_str("\nhelp: ");
        text.push_str(&printable(&help));
    }
    note(&text);
}

/// Keeps a server's or a manifest's text from steering the terminal: control characters are shown as escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() && char != '\n' && char != '\t' {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}
