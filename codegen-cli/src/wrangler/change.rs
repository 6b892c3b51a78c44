//! What an app needs of a configuration, and the changes that give it that.

use std::fmt;

use super::refusal::Refusal;

/// What the app needs.
#[derive(Debug)]
pub(super) struct App {
    /// The package, which names the Worker.
    pub(super) name: String,
    /// The entry module as the configuration names it.
    pub(super) main: String,
    /// The command that writes the entry module.
    pub(super) build: String,
    pub(super) classes: Vec<AppClass>,
    pub(super) uses: Vec<AppUse>,
}

/// A class of another app that it calls.
#[derive(Debug)]
pub(super) struct AppUse {
    /// The other Worker.
    pub(super) script: String,
    /// The JavaScript name of the class.
    pub(super) class: String,
    pub(super) binding: String,
    /// What does instead of that binding.
    pub(super) service: String,
    pub(super) setting: String,
}

/// A class of the app.
#[derive(Debug)]
pub(super) struct AppClass {
    pub(super) path: String,
    /// The JavaScript name, by which the platform keeps its objects.
    pub(super) name: String,
    /// The JavaScript names that it had before.
    pub(super) was: Vec<String>,
    /// The name of its binding, if the class says which.
    pub(super) binding: Option<String>,
}

/// What the user said of classes that are gone; paths or JavaScript names.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) renamed: Vec<(String, String)>,
    pub(super) deleted: Vec<String>,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<Change>,
    /// With any of these, nothing is done.
    pub(super) refusals: Vec<Refusal>,
    pub(super) notes: Vec<String>,
}

/// One change of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A text under a key that is not there yet.
    Set { key: &'static str, value: String },
    /// The command under `build`.
    Build { command: String },
    /// One more binding.
    Bind { name: String, class: String },
    /// One more binding, to a class of another Worker.
    BindOther {
        name: String,
        class: String,
        script: String,
    },
    /// An existing binding leads to another class.
    Rebind { name: String, class: String },
    /// A binding goes.
    Unbind { name: String },
    /// What `exports` says of a class.
    Export { class: String, state: State },
    /// One more step at the end of `migrations`.
    Migrate(Step),
}

/// What `exports` says of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Live,
    Renamed(String),
    Deleted,
}

/// A migration; its lists may be empty, but not all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) tag: String,
    pub(super) created: Vec<String>,
    pub(super) renamed: Vec<(String, String)>,
    pub(super) deleted: Vec<String>,
}

impl State {
    /// The members of the entry.
    pub(super) fn members(&self) -> Vec<(&'static str, &str)> {
        let kind = ("type", "durable-object");
        match self {
            Self::Live => vec![kind, ("storage", "sqlite")],
            Self::Renamed(to) => vec![kind, ("state", "renamed"), ("renamed_to", to)],
            Self::Deleted => vec![kind, ("state", "deleted")],
        }
    }
}

/// As an instruction: `--check` prints it to be followed.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value } => write!(f, "set `{key}` to {value:?}"),
            Self::Build { command } => write!(f, "set `build.command` to {command:?}"),
            Self::Bind { name, class } => write!(f, "bind {name} to class `{class}`"),
            Self::BindOther {
                name,
                class,
                script,
            } => write!(f, "bind {name} to class `{class}` of the Worker {script:?}"),
            Self::Rebind { name, class } => write!(f, "bind {name} to class `{class}` instead"),
            Self::Unbind { name } => {
                write!(f, "remove the binding {name}, whose class is deleted")
            }
            Self::Export { class, state } => match state {
                State::Live => write!(f, "add class `{class}`, stored in SQLite, to `exports`"),
                State::Renamed(to) => write!(f, "mark `exports.{class}` as renamed to `{to}`"),
                State::Deleted => write!(f, "mark `exports.{class}` as deleted"),
            },
            Self::Migrate(step) => {
                let mut parts = Vec::new();
                if !step.created.is_empty() {
                    parts.push(format!("new_sqlite_classes {}", step.created.join(", ")));
                }
                if !step.renamed.is_empty() {
                    let pairs = step
                        .renamed
                        .iter()
                        .map(|(from, to)| format!("{from} to {to}"));
                    parts.push(format!(
                        "renamed_classes {}",
                        pairs.collect::<Vec<_>>().join(", ")
                    ));
                }
                if !step.deleted.is_empty() {
                    parts.push(format!("deleted_classes {}", step.deleted.join(", ")));
                }
                write!(f, "append migration {:?}: {}", step.tag, parts.join("; "))
            }
        }
    }
}
