//! The app: its manifest, its versions, its Worker's configuration, the apps it calls.

use std::path::Path;

use super::Finding;
use crate::args::{DoctorArgs, WranglerArgs};
use crate::document::{self, Manifest};
use crate::error::Error;
use crate::{load, workers, wrangler};

/// What was found, and whether the app is deployed as a Worker.
pub(super) struct Look {
    pub(super) findings: Vec<Finding>,
    pub(super) is_worker: bool,
}

/// Looks at the app.
pub(super) fn look(args: &DoctorArgs, variable: &dyn Fn(&str) -> Option<String>) -> Look {
    let mut look = Look {
        findings: Vec::new(),
        is_worker: false,
    };
    let built = manifest(args);
    match &built {
        Ok(manifest) => {
            look.configuration(args, manifest);
            let classes = manifest.classes.len();
            let plural = if classes == 1 { "class" } else { "classes" };
            let message = format!("{} {}, {classes} {plural}", manifest.app, manifest.version);
            look.findings.push(Finding::ok("manifest", message));
            look.others(manifest, variable);
        }
        Err(error) => look.findings.push(Finding::of_error("manifest", error)),
    }
    if args.from.is_none() {
        look.versions(args.package.as_deref());
    }
    look
}

fn manifest(args: &DoctorArgs) -> Result<Manifest, Error> {
    if let Some(from) = &args.from {
        return load::load(from);
    }
    let text = load::text_of_package(args.package.as_deref())?;
    document::read(&text, "the package's manifest")
}

impl Look {
    /// Whether the Worker's configuration is what the app needs; an app without one is no Worker.
    fn configuration(&mut self, args: &DoctorArgs, manifest: &Manifest) {
        let check = "configuration";
        let args = WranglerArgs {
            package: args.package.clone(),
            from: args.from.clone(),
            config: args.config.clone(),
            out: args.out.clone(),
            check: true,
            renamed: Vec::new(),
            deleted: Vec::new(),
        };
        match wrangler::faults(&args, manifest) {
            Ok(None) => self.findings.push(Finding::ok(
                check,
                "there is no wrangler.jsonc, .json or .toml: the app runs natively",
            )),
            Ok(Some((path, faults))) => {
                self.is_worker = true;
                if faults.is_empty() {
                    let message = format!("{} is as it must be", path.display());
                    self.findings.push(Finding::ok(check, message));
                }
                let fault = |fault: wrangler::Amiss| {
                    let message = format!("{}: {}", path.display(), fault.message);
                    Finding::fault(check, message, fault.help)
                };
                self.findings.extend(faults.into_iter().map(fault));
            }
            Err(error) => {
                self.is_worker = true;
                self.findings.push(Finding::of_error(check, &error));
            }
        }
    }

    /// Whether what is generated and what it is generated for are of one version.
    fn versions(&mut self, package: Option<&str>) {
        let check = "versions";
        let versions = match workers::versions(Path::new("."), package) {
            Ok(versions) => versions,
            Err(error) => {
                return self.findings.push(Finding::of_error(check, &error.into()));
            }
        };
        let ours = env!("CARGO_PKG_VERSION");
        match &versions.stayput {
            Some(theirs) if theirs == ours => {
                let message = format!("the app and this command are of stayput {ours}");
                self.findings.push(Finding::ok(check, message));
            }
            Some(theirs) => self.findings.push(Finding::fault(
                check,
                format!("the app is built with stayput {theirs}, this command is of {ours}"),
                format!("cargo install stayput-cli --version {theirs}"),
            )),
            None => self.findings.push(Finding::fault(
                check,
                "the app does not depend on stayput",
                "add `stayput` to its dependencies",
            )),
        }
        let pinned = workers::WASM_BINDGEN;
        if let Some(other) = versions.wasm_bindgen.filter(|version| version != pinned) {
            self.findings.push(Finding::fault(
                check,
                format!(
                    "the app has wasm-bindgen {other}, and this command generates for {pinned}"
                ),
                format!("cargo update --package wasm-bindgen --precise {pinned}"),
            ));
        }
    }

    /// Whether the other apps that it calls are found from here.
    fn others(&mut self, manifest: &Manifest, variable: &dyn Fn(&str) -> Option<String>) {
        let mut seen: Vec<&str> = Vec::new();
        for used in &manifest.uses {
            if self.is_worker || seen.contains(&used.setting.as_str()) {
                continue;
            }
            seen.push(&used.setting);
            let (app, setting) = (&used.app, &used.setting);
            self.findings.push(match variable(setting) {
                Some(url) => Finding::ok("other apps", format!("`{app}` is called at {url}")),
                None => Finding::warning(
                    "other apps",
                    format!("nothing leads to the app `{app}`"),
                    format!("set {setting} to its URL, such as http://127.0.0.1:8787"),
                ),
            });
        }
    }
}
