//! Decides what a configuration lacks: from what it says, from the app's classes, and from what the user said of those
//! that are gone. It reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{App, Change, Plan, Said, State, Step};
use super::found::{Binding, Fate, Found, Storage, Style};
use super::refusal::Refusal;
use crate::workers::local::COMPATIBILITY_DATE;
use crate::workers::{binding_name, exported_name};

/// Decides. `before` is what the file said when it was last committed, if that is known.
pub(super) fn plan(found: &Found, before: Option<&Found>, app: &App, said: &Said) -> Plan {
    let mut planner = Planner {
        found,
        app,
        fates: found.classes.clone(),
        vanished: BTreeSet::new(),
        renamed: BTreeMap::new(),
        deleted: BTreeSet::new(),
        plan: Plan::default(),
    };
    planner.remember(before);
    planner.keys();
    planner.deletions(&said.deleted);
    planner.renames(&said.renamed);
    planner.former_names();
    planner.gone();
    let created = planner.created();
    planner.lifecycle(created);
    planner.bindings();
    planner.uses();
    planner.plan
}

struct Planner<'a> {
    found: &'a Found,
    app: &'a App,
    /// As the file has them, and those that vanished from it.
    fates: BTreeMap<String, Fate>,
    /// Live when the file was committed, and no longer named.
    vanished: BTreeSet<String>,
    /// Old name to new.
    renamed: BTreeMap<String, String>,
    deleted: BTreeSet<String>,
    plan: Plan,
}

impl Planner<'_> {
    fn remember(&mut self, before: Option<&Found>) {
        for (class, fate) in before.into_iter().flat_map(|found| &found.classes) {
            if matches!(fate, Fate::Live(_)) && !self.fates.contains_key(class) {
                self.fates.insert(class.clone(), fate.clone());
                self.vanished.insert(class.clone());
            }
        }
    }

    /// The keys beside the classes.
    fn keys(&mut self) {
        let (found, app) = (self.found, self.app);
        if found.name.is_none() {
            // Workers are named in lower case.
            self.set("name", app.name.to_lowercase());
        }
        if found.main.is_none() {
            self.set("main", app.main.clone());
        }
        match &found.date {
            None => self.set("compatibility_date", COMPATIBILITY_DATE.to_owned()),
            Some(date) if date.as_str() < COMPATIBILITY_DATE => {
                self.plan.refusals.push(Refusal::OldDate {
                    found: date.clone(),
                });
            }
            Some(_) => {}
        }
        if !found.has_build {
            let command = app.build.clone();
            self.plan.changes.push(Change::Build { command });
        }
        if let Some(main) = found.main.as_ref().filter(|_| !self.owns_main()) {
            self.plan.notes.push(format!(
                "`main` is {main:?} and stays so; it must export the classes of {:?}, or, if stayput builds it too, name \
                 its folder with `--out`",
                app.main
            ));
        }
        for environment in &found.environments {
            self.plan.notes.push(format!(
                "`env.{environment}` is not looked at; wrangler takes no bindings over from above"
            ));
        }
    }

    fn set(&mut self, key: &'static str, value: String) {
        self.plan.changes.push(Change::Set { key, value });
    }

    fn owns_main(&self) -> bool {
        let plain = |path: &str| path.trim_start_matches("./").to_owned();
        self.found
            .main
            .as_ref()
            .is_none_or(|main| plain(main) == plain(&self.app.main))
    }

    fn has(&self, class: &str) -> bool {
        self.app.classes.iter().any(|known| known.name == class)
    }

    fn is_live(&self, class: &str) -> bool {
        matches!(self.fates.get(class), Some(Fate::Live(_)))
    }

    /// The class that a word of the user's means: a name that the file has, or a path that makes one.
    fn known(&self, word: &str) -> Option<String> {
        let by_path = exported_name(word);
        let mut candidates = std::iter::once(word.to_owned()).chain(by_path);
        candidates.find(|name| self.fates.contains_key(name))
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.plan.refusals.push(refusal);
    }

    /// A class that the user speaks of as gone. None if it cannot be, which is then refused.
    fn going(&mut self, word: &str) -> Option<String> {
        let Some(class) = self.known(word) else {
            self.refuse(Refusal::Unknown {
                class: word.to_owned(),
                known: self.fates.keys().cloned().collect(),
            });
            return None;
        };
        if self.has(&class) {
            self.refuse(Refusal::StillThere { class });
            return None;
        }
        Some(class)
    }

    fn deletions(&mut self, said: &[String]) {
        for word in said {
            let Some(class) = self.going(word) else {
                continue;
            };
            match self.fates.get(&class) {
                Some(Fate::Live(_)) => {
                    self.deleted.insert(class);
                }
                // Said before and done.
                Some(Fate::Deleted) => {}
                _ => self.refuse(Refusal::NotLive { class }),
            }
        }
    }

    fn renames(&mut self, said: &[(String, String)]) {
        for (old, new) in said {
            let target = self
                .app
                .classes
                .iter()
                .find(|class| class.path == *new || class.name == *new);
            let Some(target) = target.map(|class| class.name.clone()) else {
                self.refuse(Refusal::NoTarget {
                    class: new.clone(),
                    known: self.app.classes.iter().map(|c| c.path.clone()).collect(),
                });
                continue;
            };
            let Some(class) = self.going(old) else {
                continue;
            };
            match self.fates.get(&class) {
                Some(Fate::Live(_)) => self.rename(class, target),
                // Said before and done.
                Some(Fate::Renamed(to)) if *to == target => {}
                _ => self.refuse(Refusal::NotLive { class }),
            }
        }
    }

    /// What the app itself says of its former names. What the user said goes before it.
    fn former_names(&mut self) {
        for class in &self.app.classes {
            for old in &class.was {
                let unsaid = !self.renamed.contains_key(old) && !self.deleted.contains(old);
                if self.is_live(old) && !self.has(old) && unsaid {
                    self.rename(old.clone(), class.name.clone());
                }
            }
        }
    }

    fn rename(&mut self, from: String, to: String) {
        let refusal = if self.fates.get(&from) == Some(&Fate::Live(Storage::Kv)) {
            Refusal::Kv { class: from }
        } else if self.deleted.contains(&from)
            || self.renamed.get(&from).is_some_and(|other| *other != to)
        {
            Refusal::SaidTwice { class: from }
        } else if self.is_live(&to) {
            Refusal::Occupied { from, to }
        } else if let Some((other, _)) = self
            .renamed
            .iter()
            .find(|(other, target)| **target == to && **other != from)
        {
            Refusal::Merged {
                from: [other.clone(), from],
                to,
            }
        } else {
            self.renamed.insert(from, to);
            return;
        };
        self.refuse(refusal);
    }

    /// Classes that are live in the file and that the app has not.
    fn gone(&mut self) {
        let owned = self.owns_main();
        let refused: BTreeSet<String> = self
            .plan
            .refusals
            .iter()
            .flat_map(Refusal::classes)
            .map(str::to_owned)
            .collect();
        let gone: Vec<String> = self
            .fates
            .keys()
            .filter(|class| self.is_live(class) && !self.has(class))
            .filter(|class| !self.renamed.contains_key(*class) && !self.deleted.contains(*class))
            .filter(|class| !refused.contains(*class))
            .cloned()
            .collect();
        for class in gone {
            if self.vanished.contains(&class) {
                self.refuse(Refusal::Vanished { class });
            } else if owned {
                self.refuse(Refusal::Unsaid { class });
            } else {
                self.plan.notes.push(format!(
                    "class `{class}` is none of the app's and is left alone"
                ));
            }
        }
    }

    /// The classes that the file does not have yet.
    fn created(&mut self) -> Vec<String> {
        let mut created = Vec::new();
        for class in self.app.classes.iter().map(|class| class.name.clone()) {
            let vanished = self.vanished.contains(&class);
            let takes_over = self.renamed.values().any(|to| *to == class);
            let steps = self.found.style == Style::Migrations;
            match self.fates.get(&class) {
                // The platform has the class; only the list of steps has forgotten it.
                Some(Fate::Live(_)) if vanished && steps => {
                    self.refuse(Refusal::Forgotten { class });
                }
                Some(Fate::Live(Storage::Kv) | Fate::Awaited(Storage::Kv)) => {
                    self.refuse(Refusal::Kv { class });
                }
                Some(Fate::Live(_)) if vanished => created.push(class),
                Some(Fate::Live(_) | Fate::Awaited(_)) => {}
                Some(Fate::Other(kind)) => {
                    let kind = kind.clone();
                    self.refuse(Refusal::Taken { class, kind });
                }
                _ if takes_over => {}
                None => created.push(class),
                // A list of steps can go on after the end of a class; one state cannot be two.
                Some(_) if steps => created.push(class),
                Some(_) => self.refuse(Refusal::Tombstone { class }),
            }
        }
        created
    }

    fn lifecycle(&mut self, created: Vec<String>) {
        let (renamed, deleted) = (self.renamed.clone(), self.deleted.clone());
        if created.is_empty() && renamed.is_empty() && deleted.is_empty() {
            return;
        }
        if self.found.style == Style::Migrations {
            self.plan.changes.push(Change::Migrate(Step {
                tag: self.next_tag(),
                created,
                renamed: renamed.into_iter().collect(),
                deleted: deleted.into_iter().collect(),
            }));
            return;
        }
        let live = created.into_iter().chain(renamed.values().cloned());
        let live = live.map(|class| (class, State::Live));
        let old = renamed.clone().into_iter();
        let old = old.map(|(class, to)| (class, State::Renamed(to)));
        let ended = deleted.into_iter().map(|class| (class, State::Deleted));
        let changes = live
            .chain(old)
            .chain(ended)
            .map(|(class, state)| Change::Export { class, state });
        self.plan.changes.extend(changes);
    }

    fn next_tag(&self) -> String {
        let numbers = self.found.tags.iter().filter_map(|tag| {
            let number = tag.strip_prefix("stayput-")?;
            number.parse::<u32>().ok()
        });
        format!("stayput-{}", numbers.max().unwrap_or(0).saturating_add(1))
    }

    /// Every class has a binding, and none leads to a class that is gone.
    fn bindings(&mut self) {
        let mut bindings = self.found.bindings.clone();
        bindings.retain_mut(|binding| match self.heir(&binding.class) {
            Some(class) if class == binding.class => true,
            Some(class) => {
                binding.class.clone_from(&class);
                let name = binding.name.clone();
                self.plan.changes.push(Change::Rebind { name, class });
                true
            }
            None => {
                let name = binding.name.clone();
                self.plan.changes.push(Change::Unbind { name });
                false
            }
        });
        for class in &self.app.classes {
            let wanted = class.binding.as_ref();
            let leads = |binding: &Binding| {
                binding.class == class.name && wanted.is_none_or(|name| *name == binding.name)
            };
            if bindings.iter().any(leads) {
                continue;
            }
            let name = wanted.map_or_else(|| binding_name(&class.name), String::clone);
            if let Some(other) = bindings.iter().find(|binding| binding.name == name) {
                self.plan.refusals.push(Refusal::BindingTaken {
                    name,
                    class: class.name.clone(),
                    other: other.class.clone(),
                });
            } else {
                let class = class.name.clone();
                self.plan.changes.push(Change::Bind { name, class });
            }
        }
    }

    /// Something leads to every class of another app that is called.
    fn uses(&mut self) {
        for used in &self.app.uses {
            let found = self.found;
            let ways = [&used.binding, &used.service, &used.setting];
            if ways.iter().any(|name| found.ways.contains(*name)) {
                continue;
            }
            let name = used.binding.clone();
            if let Some(other) = found.bindings.iter().find(|binding| binding.name == name) {
                self.plan.refusals.push(Refusal::BindingTaken {
                    name,
                    class: used.class.clone(),
                    other: other.class.clone(),
                });
            } else {
                self.plan.changes.push(Change::BindOther {
                    name,
                    class: used.class.clone(),
                    script: used.script.clone(),
                });
            }
        }
    }

    /// The class that has the objects of a class now: itself unless it was renamed, none if it was deleted.
    fn heir(&self, class: &str) -> Option<String> {
        let mut heir = class;
        // A file may rename in a circle.
        for _ in 0..=self.fates.len() {
            if self.has(heir) {
                return Some(heir.to_owned());
            }
            if self.deleted.contains(heir) || self.fates.get(heir) == Some(&Fate::Deleted) {
                return None;
            }
            match (self.renamed.get(heir), self.fates.get(heir)) {
                (Some(to), _) | (None, Some(Fate::Renamed(to))) => heir = to,
                _ => break,
            }
        }
        Some(class.to_owned())
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
