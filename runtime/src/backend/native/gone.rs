//! Deferred work whose action is gone from the code: told at the start, before it comes to nothing.
//!
//! The start does not wait for it. A thread of its own reads, beside the node, the deferred work of all objects that have an alarm; to
//! look at each object when it wakes would tell of it only when it is due, which may be in a year.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::Connection;

use super::store::care::{CareError, View};
use crate::app::App;
use crate::event::{is_reaction, method_of};
use crate::object::{ObjectId, Timestamp};
use crate::state::Key as _;
use crate::time::left::{self, Left, RANGES};

/// How many objects are named of each action.
const NAMED: usize = 3;

const PENDING: &str = "SELECT o.class, o.name, o.id, r.key, r.value FROM object o \
    JOIN record r ON r.object = o.row AND r.key >= ?1 AND r.key < ?2 WHERE o.alarm IS NOT NULL";

/// Work of one action that is gone.
#[derive(Default)]
struct Gone {
    count: u64,
    shown: Vec<String>,
}

/// By class and action; the class is gone where it says so.
type All = BTreeMap<(String, String, bool), Gone>;

/// Tells, on a thread of its own, of deferred work whose action is gone.
pub(super) fn tell(folder: &Path, app: &App) {
    let (folder, app) = (folder.to_owned(), app.clone());
    let begun = thread::Builder::new().name("stayput-gone".to_owned());
    // Without a thread nothing is told, and everything else goes on.
    drop(begun.spawn(move || match look(&folder, &app) {
        Ok(lines) => {
            for line in lines {
                tracing::warn!("{line}");
            }
        }
        Err(error) => {
            tracing::warn!("cannot look for deferred work of actions that are gone: {error}");
        }
    }));
}

/// What there is to tell: a line for each action.
pub(crate) fn look(folder: &Path, app: &App) -> Result<Vec<String>, CareError> {
    let view = View::open(folder, app.name())?;
    let mut all = All::new();
    let mounts = mounts_of_jobs(app);
    for connection in view.all_shared() {
        let connection = connection?;
        for range in RANGES {
            scan(&connection, range, &mut |row| {
                if let Some(left) = left::read(&row.key, &row.value) {
                    note(app, &mut all, row, left);
                }
            })
            .map_err(CareError::database(folder))?;
        }
        for (class, prefix) in &mounts {
            let behind = format!("{}0", prefix.trim_end_matches('/'));
            scan(&connection, (prefix, &behind), &mut |row| {
                let mut id = row.key.get(prefix.len()..).unwrap_or_default();
                if is_same(app, &row.class, class)
                    && let Some(id) = String::read_key(&mut id)
                    && let Some(left) = left::read_job(&id, &row.value)
                {
                    note(app, &mut all, row, left);
                }
            })
            .map_err(CareError::database(folder))?;
        }
    }
    Ok(all.iter().map(|(key, gone)| line(key, gone)).collect())
}

struct Row {
    class: String,
    name: Option<String>,
    id: [u8; 32],
    key: String,
    value: Vec<u8>,
}

fn scan(
    connection: &Connection,
    (from, to): (&str, &str),
    see: &mut dyn FnMut(&Row),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(PENDING)?;
    let mut rows = statement.query((from, to))?;
    while let Some(row) = rows.next()? {
        see(&Row {
            class: row.get(0)?,
            name: row.get(1)?,
            id: row.get(2)?,
            key: row.get(3)?,
            value: row.get(4)?,
        });
    }
    Ok(())
}

/// Classes that have jobs, and what the keys of these begin with.
fn mounts_of_jobs(app: &App) -> Vec<(String, String)> {
    let manifest = app.manifest();
    let mut mounts = Vec::new();
    for (class, described) in &manifest.classes {
        for (mount, mixin) in &described.mixins {
            if mixin.r#type == "Jobs" {
                mounts.push((class.clone(), format!("c/{mount}.all/")));
            }
        }
    }
    mounts
}

fn is_same(app: &App, stored: &str, class: &str) -> bool {
    app.find(stored).is_some_and(|found| found.path == class)
}

fn note(app: &App, all: &mut All, row: &Row, left: Left) {
    let class = left.class.as_deref().unwrap_or(&row.class);
    let found = app.find(class);
    let is_there = found.is_some_and(|class| {
        let mut actions = class.actions.iter();
        class.reactions.contains(&left.action.as_str().into())
            || actions.any(|action| {
                *action.name == *left.action || action.was.iter().any(|was| **was == *left.action)
            })
    });
    // What begins so is the runtime's own, and there wherever the class is.
    let is_ours = left.action.starts_with('~') && !is_reaction(&left.action);
    if is_there || (is_ours && found.is_some()) {
        return;
    }
    let key = (class.to_owned(), left.action, found.is_none());
    let gone = all.entry(key).or_default();
    gone.count += 1;
    if gone.shown.len() < NAMED {
        let name = match &row.name {
            Some(name) => format!("{}/{name}", row.class),
            None => format!("{}/~{}", row.class, ObjectId::from_bytes(row.id)),
        };
        let due = left.due.map(due).unwrap_or_default();
        gone.shown.push(format!("{} of {name}{due}", left.what));
    }
}

fn line((class, action, is_class): &(String, String, bool), gone: &Gone) -> String {
    let short = action.rsplit('.').next().unwrap_or(action);
    let method = method_of(action);
    let mut line = if *is_class {
        format!("the class `{class}` is gone, and `{action}` of it is still to be called: ")
    } else if let Some(method) = &method {
        format!(
            "`{class}` has no async handler `{method}` any more, and events still wait for it: "
        )
    } else {
        format!("`{class}` has no action `{action}` any more, and it is still to be called: ")
    };
    line.push_str(&gone.shown.join("; "));
    let more = gone.count.saturating_sub(gone.shown.len() as u64);
    // Writing to a string cannot fail.
    if more > 0 {
        let _ = write!(line, "; and {more} more");
    }
    if *is_class {
        let _ = write!(
            line,
            ". Put the class back, or say `was = \"{class}\"` on the one that it has become; "
        );
    } else if method.is_some() {
        line.push_str(". Put the handler back; ");
    } else {
        let _ = write!(
            line,
            ". Put the action back, or say `#[action(was = \"{short}\")]` on the one that it has become; "
        );
    }
    line.push_str("else each call fails with `method_not_found` or `not_found` and ends as a dead letter, which can be replayed");
    line
}

fn due(due: Timestamp) -> String {
    let since = Duration::from_millis(u64::try_from(due.as_millis()).unwrap_or(0));
    format!(", due {}", httpdate::fmt_http_date(UNIX_EPOCH + since))
}
