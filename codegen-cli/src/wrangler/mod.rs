//! `stayput wrangler`: writes what wrangler must know of an app into its configuration, or checks it.
//!
//! | File | What it does |
//! |---|---|
//! | `found.rs` | reads what the configuration says of the things looked after |
//! | `plan.rs` | decides what it lacks, and what must be said first |
//! | `change.rs` | what may be lacking, as data |
//! | `jsonc.rs`, `toml.rs` | change the two formats in place |
//! | `file.rs`, `git.rs` | the file, and what it was when it was committed |

mod change;
mod error;
mod file;
mod found;
mod git;
mod jsonc;
mod plan;
mod refusal;
mod toml;

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

pub use error::WranglerError;
pub use refusal::Refusal;

use crate::args::WranglerArgs;
use crate::document::{self, Manifest};
use crate::error::Error;
use crate::{load, term, workers};
use change::{App, AppClass, AppUse, Change, Plan, Said};
use file::File;
use found::Found;

/// Something in a configuration that is not as the app needs it.
pub(crate) struct Amiss {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// What a look at a configuration brought.
struct Survey {
    file: File,
    /// What the file says, or what a new one begins with.
    text: String,
    app: App,
    before: Option<Found>,
    plan: Plan,
}

fn survey(args: &WranglerArgs, manifest: &Manifest, said: &Said) -> Result<Survey, Error> {
    let file = File::open(&config(args)?)?;
    let app = app(args, manifest, &file.path)?;
    let skeleton = || file.skeleton(&app);
    let text = file.text.clone().unwrap_or_else(skeleton);
    let found = file.read(&text)?;
    let committed = git::committed(&file.path);
    let before = committed.and_then(|text| file.read(file::without_mark(&text)).ok());
    let plan = plan::plan(&found, before.as_ref(), &app, said);
    Ok(Survey {
        file,
        text,
        app,
        before,
        plan,
    })
}

/// What is amiss in the configuration there is, classes without a binding first; `None` if there is no such file.
pub(crate) fn faults(
    args: &WranglerArgs,
    manifest: &Manifest,
) -> Result<Option<(PathBuf, Vec<Amiss>)>, Error> {
    let Survey { file, plan, .. } = survey(args, manifest, &Said::default())?;
    if file.text.is_none() {
        return Ok(None);
    }
    let mut faults: Vec<Amiss> = plan.changes.iter().filter_map(unbound).collect();
    for change in &plan.changes {
        if unbound(change).is_none() {
            faults.push(Amiss {
                message: format!("to do: {change}"),
                help: "run `stayput wrangler`, which does it".to_owned(),
            });
        }
    }
    faults.extend(plan.refusals.iter().map(|refusal| Amiss {
        message: refusal.to_string(),
        help: refusal.help(),
    }));
    Ok(Some((file.path, faults)))
}

/// A class that nothing leads to, and the line that it lacks.
fn unbound(change: &Change) -> Option<Amiss> {
    let (name, class, of, script) = match change {
        Change::Bind { name, class } => (name, class, String::new(), String::new()),
        Change::BindOther {
            name,
            class,
            script,
        } => (
            name,
            class,
            format!(" of the Worker {script:?}"),
            format!(", \"script_name\": {script:?}"),
        ),
        _ => return None,
    };
    Some(Amiss {
        message: format!("class `{class}`{of} has no binding {name}"),
        help: format!(
            "add {{ \"name\": {name:?}, \"class_name\": {class:?}{script} }} to `durable_objects.bindings`, or run \
             `stayput wrangler`"
        ),
    })
}

/// The command.
pub(crate) fn run(args: &WranglerArgs) -> Result<(), Error> {
    let said = said(args)?;
    let Survey {
        file,
        text,
        app,
        before,
        plan,
    } = survey(args, &manifest(args)?, &said)?;
    let text = text.as_str();
    for note in &plan.notes {
        term::note(&term::printable(&format!("note: {note}")));
    }
    let located = |refusal: Refusal| {
        let line = matches!(refusal, Refusal::OldDate { .. })
            .then(|| file.line_of(text, "compatibility_date"));
        (line.flatten(), refusal)
    };
    let refusals: Vec<_> = plan.refusals.iter().cloned().map(located).collect();
    if args.check && !refusals.iter().any(|(_, refusal)| refusal.is_usage()) {
        return check(&file, &plan, &refusals);
    }
    if !refusals.is_empty() {
        let path = file.path;
        return Err(WranglerError::Refused { path, refusals }.into());
    }
    let edited = file.edit(text, &plan.changes)?;
    // A key that stands twice is read in one place and changed in the other.
    let done = file.read(&edited).is_ok_and(|found| {
        let again = plan::plan(&found, before.as_ref(), &app, &said);
        again.changes.is_empty() && again.refusals.is_empty()
    });
    if !done {
        return Err(WranglerError::Stiff { path: file.path }.into());
    }
    if file.text.as_ref() == Some(&edited) {
        term::note(&format!("{} is as it must be", file.path.display()));
        return Ok(());
    }
    file.write(&edited)?;
    term::result(&file.path.display().to_string());
    for change in &plan.changes {
        term::note(&term::printable(&change.to_string()));
    }
    Ok(())
}

fn check(file: &File, plan: &Plan, refusals: &[(Option<usize>, Refusal)]) -> Result<(), Error> {
    let mut summary = String::new();
    if file.text.is_none() {
        summary.push_str("\n  there is no such file");
    }
    for change in &plan.changes {
        let _ = write!(summary, "\n  {change}");
    }
    let refused = refusals.iter().map(|(line, refusal)| (*line, refusal));
    summary.push_str(&error::lines(refused));
    if summary.is_empty() {
        return Ok(());
    }
    Err(WranglerError::Differs {
        path: file.path.clone(),
        summary,
        writable: refusals.is_empty(),
    }
    .into())
}

fn said(args: &WranglerArgs) -> Result<Said, Error> {
    let pair = |text: &String| match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err(Error::Argument {
            what: format!("--renamed {text}"),
            message: "names no two classes".to_owned(),
            help: "write `--renamed OLD=NEW`, e.g. `--renamed room=chat-room`".to_owned(),
        }),
    };
    Ok(Said {
        renamed: args.renamed.iter().map(pair).collect::<Result<_, _>>()?,
        deleted: args.deleted.clone(),
    })
}

fn manifest(args: &WranglerArgs) -> Result<Manifest, Error> {
    if let Some(from) = &args.from {
        return load::load(from);
    }
    let text = load::text_of_package(args.package.as_deref())?;
    let origin = args.package.as_ref().map_or_else(
        || "the package's manifest".to_owned(),
        |package| format!("the manifest of package {package}"),
    );
    document::read(&text, &origin)
}

/// Where the configuration is, or is to be.
fn config(args: &WranglerArgs) -> Result<PathBuf, Error> {
    if let Some(path) = &args.config {
        return Ok(path.clone());
    }
    if let Some(path) = file::in_folder(Path::new("")) {
        return Ok(path);
    }
    if args.from.is_none() {
        let folder = workers::folder_of(Path::new("."), args.package.as_deref())?;
        let here = std::env::current_dir().unwrap_or_default();
        if let Some(path) = file::in_folder(folder.strip_prefix(here).unwrap_or(&folder)) {
            return Ok(path);
        }
    }
    Ok(PathBuf::from("wrangler.jsonc"))
}

/// What the app needs, in paths as the configuration's folder sees them: wrangler runs there.
fn app(args: &WranglerArgs, manifest: &Manifest, config: &Path) -> Result<App, Error> {
    let package = args.package.as_ref().unwrap_or(&manifest.app);
    load::check_package_name(package)?;
    let here = std::env::current_dir().map_err(|source| Error::Read {
        path: PathBuf::from("."),
        source,
    })?;
    let folder = here.join(config.parent().unwrap_or(Path::new("")));
    let out = between(&plain(&folder), &plain(&here.join(&args.out)));
    let sound = |letter: char| letter.is_alphanumeric() || "/._-+@~".contains(letter);
    if out.starts_with('-') || !out.chars().all(sound) {
        return Err(Error::Argument {
            what: format!("--out {}", args.out.display()),
            message: "has a letter that a shell would read as its own".to_owned(),
            help: "choose a folder of letters, digits, `-`, `_` and `.`".to_owned(),
        });
    }
    let was = |path: &String| {
        let former = manifest.classes.get(path).map(|class| class.was.iter());
        former
            .into_iter()
            .flatten()
            .filter_map(|old| workers::exported_name(old))
            .collect()
    };
    let names = workers::names_of(manifest.classes.keys().cloned())?;
    Ok(App {
        name: manifest.app.clone(),
        main: format!("{out}/entry.js"),
        build: format!("stayput build {package} --out {out}"),
        uses: manifest.uses.iter().map(use_of).collect(),
        classes: names
            .into_iter()
            .map(|(path, name)| AppClass {
                was: was(&path),
                binding: manifest
                    .classes
                    .get(&path)
                    .and_then(|class| class.binding.clone()),
                path,
                name,
            })
            .collect(),
    })
}

fn use_of(used: &document::Use) -> AppUse {
    AppUse {
        // Workers are named in lower case.
        script: used.app.to_lowercase(),
        class: used.exported.clone(),
        binding: used.binding.clone(),
        service: used.service.clone(),
        setting: used.setting.clone(),
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// The way from one folder to another, with slashes.
fn between(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(from, to)| from == to)
        .count();
    let up = from[shared..].iter().map(|_| "..".into());
    let down = to[shared..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<_> = up.chain(down).collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}
