//! `stayput check`: whether the objects that an earlier release stored can still be read.
//!
//! Both releases are known by their manifests. What the types say is compared, field by field: a change that stored values
//! survive is told or passed over, one that they do not survive needs a higher `version` of the class or mixin, with the
//! step that leads to it. Stored calls name actions, so one that is gone is told of, too; and so is what clients of the earlier
//! release say when they connect, if that is refused now.

mod shape;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::args::CheckArgs;
use crate::document::{Class, Manifest, Param};
use crate::error::Error;
use crate::load;
use crate::term;
use shape::Types;

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Stored objects cannot be read any more.
    Breaks,
    /// They could not, but a higher version says that a step sees to it.
    Upgraded,
    /// Worth a look.
    Note,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Upgraded => "upgraded",
            Self::Note => "note",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Finding {
    verdict: Verdict,
    class: String,
    /// The path of the field; empty for the class.
    path: String,
    message: String,
}

pub(crate) fn run(args: &CheckArgs) -> Result<(), Error> {
    let old = load::load(&args.against)?;
    let new = match (&args.from, &args.package) {
        (Some(from), _) => load::load(from)?,
        (None, package) => {
            let text = load::text_of_package(package.as_deref())?;
            crate::document::read(&text, "the manifest of the package")?
        }
    };
    let findings = compare(&old, &new);
    let breaks = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Breaks)
        .count();
    if args.json {
        let changes: Vec<Value> = findings.iter().map(as_json).collect();
        term::result(&json!({ "breaks": breaks, "changes": changes }).to_string());
    } else {
        for finding in &findings {
            term::result(&line(finding));
        }
        if breaks == 0 {
            term::note(&format!(
                "{} {} reads what {} {} stored",
                new.app, new.version, old.app, old.version
            ));
        }
    }
    match breaks {
        0 => Ok(()),
        breaks => Err(Error::Layout { breaks }),
    }
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "verdict": finding.verdict.word(), "class": finding.class, "path": finding.path, "message": finding.message,
    })
}

fn line(finding: &Finding) -> String {
    let Finding {
        verdict,
        class,
        path,
        message,
    } = finding;
    let place = if path.is_empty() {
        class.clone()
    } else {
        format!("{class}: {path}")
    };
    term::printable(&format!("{}: {place}: {message}", verdict.word()))
}

/// What has changed of what is stored, class by class.
fn compare(old: &Manifest, new: &Manifest) -> Vec<Finding> {
    let mut findings = Vec::new();
    let types = Types {
        old: &old.schemas,
        new: &new.schemas,
    };
    for (path, before) in &old.classes {
        let renamed = || {
            new.classes
                .iter()
                .find(|(_, class)| class.was.contains(path))
        };
        let after = new.classes.get_key_value(path).or_else(renamed);
        match after {
            Some((_, after)) => compare_class(path, before, after, &types, &mut findings),
            None => findings.push(Finding {
                verdict: Verdict::Breaks,
                class: path.clone(),
                path: String::new(),
                message: "the class is gone, and nobody serves its objects: say `was = \"..\"` on the class that goes on \
                          with them"
                    .to_owned(),
            }),
        }
    }
    findings
}

fn compare_class(
    name: &str,
    before: &Class,
    after: &Class,
    types: &Types<'_>,
    findings: &mut Vec<Finding>,
) {
    let mut find = |verdict, path: &str, message: String| {
        findings.push(Finding {
            verdict,
            class: name.to_owned(),
            path: path.to_owned(),
            message,
        });
    };
    for (mount, &known) in &before.versions {
        // A mixin that is mounted no more leaves what it stored.
        if let Some(version) = after.version_of(mount).filter(|version| *version < known) {
            let message = format!("version {version} does not read what version {known} stored");
            find(Verdict::Breaks, mount, message);
        }
    }
    for action in before.actions.keys() {
        let known = after.actions.contains_key(action)
            || (after.actions.values()).any(|after| after.was.contains(action));
        // What calls itself later by a name that nobody knows fails.
        if !known {
            let message = "the action is gone: calls of it that are scheduled or sent fail, and become dead letters \
                           (`#[action(was = \"..\")]`, if it was renamed)";
            find(Verdict::Note, action, message.to_owned());
        }
    }
    for (handler, event) in &before.reactions {
        if !after.reactions.contains_key(handler) {
            let message = format!(
                "the async handler is gone: events `{event}` that wait for it become dead letters"
            );
            find(Verdict::Note, handler, message);
        }
    }
    for event in &before.subscribes {
        if !after.subscribes.contains(event) {
            let message = format!(
                "subscribes to `{event}` no more: what its objects are still told of it becomes dead letters of those who tell"
            );
            find(Verdict::Note, "", message);
        }
    }
    for (param, fault) in compare_connect(&before.connect, &after.connect, types) {
        let message = format!("{fault}: connections of clients made earlier are refused");
        find(Verdict::Note, &format!("connect: {param}"), message);
    }
    for (path, stored) in &before.state {
        let Some(declared) = after.state.get(path) else {
            let message =
                "is gone; what is stored of it stays (`#[state(was = \"..\")]`, if it was renamed)";
            find(Verdict::Note, path, message.to_owned());
            continue;
        };
        let mount = before.mount_of(path);
        let raised = after.version_of(mount) > before.version_of(mount);
        let verdict = if raised {
            Verdict::Upgraded
        } else {
            Verdict::Breaks
        };
        for fault in compare_field(stored, declared, types) {
            let advice = if raised {
                ""
            } else {
                " (raise the `version`, and add the step that leads to it)"
            };
            find(verdict, path, format!("{fault}{advice}"));
        }
    }
}

/// What clients say when they connect that is refused now: the parameter, and why.
fn compare_connect(old: &[Param], new: &[Param], types: &Types<'_>) -> Vec<(String, String)> {
    let mut faults: Vec<(String, String)> = Vec::new();
    for param in old {
        if !new.iter().any(|known| known.name == param.name) {
            faults.push((param.name.clone(), "is gone".to_owned()));
        }
    }
    for param in new {
        let known = || old.iter().filter(|known| known.name == param.name);
        if param.required && !known().any(|known| known.required) {
            faults.push((param.name.clone(), "must be said now".to_owned()));
        }
        // What each handler reads must be so; of what several read, one saying so is enough.
        let unread = known().map(|known| shape::unread(types, &known.schema, &param.schema));
        let least = unread.min_by_key(Vec::len).unwrap_or_default();
        faults.extend(least.into_iter().map(|fault| (param.name.clone(), fault)));
    }
    faults
}

/// What of a field's records is not read any more.
fn compare_field(stored: &Value, declared: &Value, types: &Types<'_>) -> Vec<String> {
    let text = |field: &Value, member: &str| {
        field
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (was, is) = (text(stored, "kind"), text(declared, "kind"));
    if was != is {
        return vec![format!("was a {was}, is a {is}")];
    }
    let mut faults = Vec::new();
    // A table's says more of it.
    let key = |field: &Value| match field.get("key") {
        Some(Value::Object(_)) => text(&field["key"], "type"),
        _ => text(field, "key"),
    };
    let (was, is) = (key(stored), key(declared));
    if !same_keys(&was, &is) {
        faults.push(format!("its keys were `{was}`, are `{is}`"));
    }
    for member in ["schema", "item", "value", "row"] {
        if let (Some(old), Some(new)) = (stored.get(member), declared.get(member)) {
            faults.extend(shape::unread(types, old, new));
        }
    }
    faults
}

/// Whether keys of one type are keys of the other: integers are stored alike, and may grow.
fn same_keys(was: &str, is: &str) -> bool {
    let grown = |names: &[&str]| {
        let place = |name| names.iter().position(|known| *known == name);
        matches!((place(was), place(is)), (Some(was), Some(is)) if was <= is)
    };
    was == is || grown(&["u8", "u16", "u32", "u64"]) || grown(&["i8", "i16", "i32", "i64"])
}
