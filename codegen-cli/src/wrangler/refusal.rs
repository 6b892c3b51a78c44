//! What this command will not do by itself, each with what the user can say or write instead.

use thiserror::Error as ThisError;

use crate::workers::local::COMPATIBILITY_DATE;

/// Why a configuration is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Refusal {
    /// The platform would behave otherwise than stayput promises.
    #[error(
        "`compatibility_date` is {found}, and the behaviour that stayput promises is that of {COMPATIBILITY_DATE}"
    )]
    OldDate {
        /// The date in the file.
        found: String,
    },
    /// The file has a class that the app has not, and nobody said why.
    #[error("class `{class}` has objects, and the app has it no more")]
    Unsaid {
        /// Its JavaScript name.
        class: String,
    },
    /// A class that the committed file had is in this one no more.
    #[error(
        "class `{class}` was live in the committed file and is named no more, which would orphan its objects"
    )]
    Vanished {
        /// Its JavaScript name.
        class: String,
    },
    /// A class of the app was taken out of the list of migrations.
    #[error("the migration that created class `{class}` is in the committed file and here no more")]
    Forgotten {
        /// Its JavaScript name.
        class: String,
    },
    /// The objects of a class are on the backend from before SQLite.
    #[error(
        "class `{class}` is stored in the old key-value backend, and stayput needs SQLite; storage never changes"
    )]
    Kv {
        /// Its JavaScript name.
        class: String,
    },
    /// The app has a class that the file says is gone.
    #[error("the app has class `{class}`, and `exports.{class}` says that it is gone")]
    Tombstone {
        /// Its JavaScript name.
        class: String,
    },
    /// The name of a class is exported as something else.
    #[error("the app has class `{class}`, and `exports.{class}` is a `{kind}`")]
    Taken {
        /// The JavaScript name.
        class: String,
        /// What it is.
        kind: String,
    },
    /// The name of a binding is used for another class.
    #[error("class `{class}` has no binding, and the name {name} is bound to `{other}`")]
    BindingTaken {
        /// The binding's name.
        name: String,
        /// The class that lacks one.
        class: String,
        /// The class that has it.
        other: String,
    },
    /// A rename would lead to a class that has objects already.
    #[error("`{from}` cannot become `{to}`, which has objects of its own")]
    Occupied {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Two classes would become one.
    #[error("`{}` and `{}` cannot both become `{to}`", from[0], from[1])]
    Merged {
        /// The old names.
        from: [String; 2],
        /// The new one.
        to: String,
    },
    /// The file does not know the class that was said to be gone.
    #[error("the file has no class `{class}`")]
    Unknown {
        /// As it was given.
        class: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// The app does not have the class that was said to be the new one.
    #[error("the app has no class `{class}`")]
    NoTarget {
        /// As it was given.
        class: String,
        /// The paths of those it has.
        known: Vec<String>,
    },
    /// The app has the class that was said to be gone.
    #[error("the app still has class `{class}`")]
    StillThere {
        /// Its JavaScript name.
        class: String,
    },
    /// The class is gone already, in another way than was said.
    #[error("the file says already that class `{class}` is gone, and otherwise")]
    NotLive {
        /// Its JavaScript name.
        class: String,
    },
    /// Two things were said of one class.
    #[error("two things are said of class `{class}`")]
    SaidTwice {
        /// Its JavaScript name.
        class: String,
    },
}

impl Refusal {
    /// What to do about it, in one line.
    pub fn help(&self) -> String {
        match self {
            Self::OldDate { .. } => {
                format!("write {COMPATIBILITY_DATE:?} there, and test what else the Worker does")
            }
            Self::Unsaid { class } => format!(
                "say `--renamed {class}=NEW` if it has another name now, or `--deleted {class}` to delete all its objects"
            ),
            Self::Vanished { class } => format!(
                "put it back, or say `--renamed {class}=NEW` or `--deleted {class}` (its objects are deleted)"
            ),
            Self::Forgotten { .. } => "put the migration back".to_owned(),
            Self::Kv { class } => {
                format!(
                    "give the app's class another path, so that `{class}` stays what it is, and copy what it holds"
                )
            }
            Self::Tombstone { class } => {
                format!(
                    "once that is deployed, remove `exports.{class}`; until then give the app's class another path"
                )
            }
            Self::Taken { .. } => "give the app's class another path".to_owned(),
            Self::BindingTaken { class, .. } => {
                format!("add a binding with a name of your own and `class_name` {class:?}")
            }
            Self::Occupied { from, .. } => {
                format!(
                    "copy its objects and say `--deleted {from}`, or keep the class `{from}` in the app"
                )
            }
            Self::Merged { .. } => "say what else becomes of one of them".to_owned(),
            Self::Unknown { known, .. } => match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("its classes are: {}", known.join(", ")),
            },
            Self::NoTarget { known, .. } => format!("its classes are: {}", known.join(", ")),
            Self::StillThere { .. } => {
                "take it out of the app first, or leave the option out".to_owned()
            }
            Self::NotLive { .. } => "leave the option out".to_owned(),
            Self::SaidTwice { .. } => "say one of them".to_owned(),
        }
    }

    /// Whether the command line itself is wrong, whatever the file says.
    pub(super) fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::NoTarget { .. }
                | Self::StillThere { .. }
                | Self::NotLive { .. }
                | Self::SaidTwice { .. }
                | Self::Merged { .. }
        )
    }

    /// The classes of the file that it speaks of; nothing else need be said of them.
    pub(super) fn classes(&self) -> Vec<&str> {
        match self {
            Self::Kv { class } | Self::SaidTwice { class } => vec![class],
            Self::Occupied { from, .. } => vec![from],
            Self::Merged { from, .. } => from.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }
}
