//! What a configuration says of the things that this command looks after, whichever format it is written in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The parts of a configuration that matter here.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) name: Option<String>,
    pub(super) main: Option<String>,
    pub(super) date: Option<String>,
    pub(super) has_build: bool,
    pub(super) bindings: Vec<Binding>,
    /// What leads to other Workers or may do so: bindings of their classes, services, variables.
    pub(super) ways: BTreeSet<String>,
    pub(super) style: Style,
    /// What became of every class that the file names, by its JavaScript name.
    pub(super) classes: BTreeMap<String, Fate>,
    /// The tags of the migrations.
    pub(super) tags: Vec<String>,
    /// The names under `env`.
    pub(super) environments: Vec<String>,
}

/// A binding to a class of this Worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) class: String,
}

/// How the file tells the life of its classes. wrangler takes one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Style {
    /// The state of each class.
    #[default]
    Exports,
    /// A list of steps.
    Migrations,
}

/// What became of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Live(Storage),
    /// Another Worker is about to hand its objects over.
    Awaited(Storage),
    Renamed(String),
    Deleted,
    /// It went to another Worker.
    Transferred,
    /// The name is exported, but not as a class of objects.
    Other(String),
}

/// Where the objects of a class are stored; nothing ever changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Sqlite,
    /// The backend from before SQLite, which cannot hold what an action writes in one transaction.
    Kv,
    /// The Worker that it comes from knows.
    Unknown,
}

/// Something in the file that is not as wrangler takes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// JSON Pointer of the place.
    pub(super) pointer: String,
    pub(super) message: String,
}

impl Found {
    /// Reads the configuration, which both formats give as JSON.
    pub(super) fn read(config: &Value) -> Result<Self, Fault> {
        let root = At {
            value: config,
            pointer: String::new(),
        };
        root.object()?;
        let mut found = Self {
            name: root.text("name")?,
            main: root.text("main")?,
            date: root.text("compatibility_date")?,
            has_build: root.get("build").is_some(),
            ..Self::default()
        };
        if let Some(date) = found.date.as_deref().filter(|date| !is_date(date)) {
            let message = format!("expected a date such as 2026-10-01, found {date:?}");
            return Err(root.key("compatibility_date").fault(message));
        }
        if let Some(environments) = root.get("env") {
            found.environments = environments.object()?.keys().cloned().collect();
        }
        found.read_bindings(&root)?;
        for service in root.list("services")? {
            found.ways.insert(service.required("binding")?);
        }
        if let Some(variables) = root.get("vars") {
            found.ways.extend(variables.object()?.keys().cloned());
        }
        if let Some(exports) = root.get("exports") {
            for name in exports.object()?.keys() {
                let fate = read_export(&exports.key(name))?;
                found.classes.insert(name.clone(), fate);
            }
        }
        found.read_migrations(&root)?;
        Ok(found)
    }

    fn read_bindings(&mut self, root: &At<'_>) -> Result<(), Fault> {
        let Some(objects) = root.get("durable_objects") else {
            return Ok(());
        };
        objects.object()?;
        for binding in objects.list("bindings")? {
            let of_another = binding
                .text("script_name")?
                .is_some_and(|script| Some(&script) != self.name.as_ref());
            if of_another {
                self.ways.insert(binding.required("name")?);
            } else {
                self.bindings.push(Binding {
                    name: binding.required("name")?,
                    class: binding.required("class_name")?,
                });
            }
        }
        Ok(())
    }

    fn read_migrations(&mut self, root: &At<'_>) -> Result<(), Fault> {
        let migrations = root.list("migrations")?;
        if migrations.is_empty() {
            return Ok(());
        }
        if self
            .classes
            .values()
            .any(|fate| !matches!(fate, Fate::Other(_)))
        {
            let message =
                "the file has classes under `exports` too, and wrangler takes only one of them";
            return Err(root.key("migrations").fault(message));
        }
        self.style = Style::Migrations;
        for migration in migrations {
            self.tags.push(migration.required("tag")?);
            self.follow(&migration)?;
        }
        Ok(())
    }

    /// What one step makes of the classes. Names are freed before they are taken.
    fn follow(&mut self, migration: &At<'_>) -> Result<(), Fault> {
        for class in migration.texts("deleted_classes")? {
            self.classes.insert(class, Fate::Deleted);
        }
        let mut moved = Vec::new();
        for step in migration.list("renamed_classes")? {
            let (from, to) = (step.required("from")?, step.required("to")?);
            let storage = match self.classes.insert(from, Fate::Renamed(to.clone())) {
                Some(Fate::Live(storage)) => storage,
                _ => Storage::Unknown,
            };
            moved.push((to, storage));
        }
        for step in migration.list("transferred_classes")? {
            moved.push((step.required("to")?, Storage::Unknown));
        }
        for (key, storage) in [
            ("new_classes", Storage::Kv),
            ("new_sqlite_classes", Storage::Sqlite),
        ] {
            let named = migration.texts(key)?.into_iter();
            moved.extend(named.map(|class| (class, storage)));
        }
        for (class, storage) in moved {
            self.classes.insert(class, Fate::Live(storage));
        }
        Ok(())
    }
}

fn read_export(export: &At<'_>) -> Result<Fate, Fault> {
    let kind = export.required("type")?;
    if kind != "durable-object" {
        return Ok(Fate::Other(kind));
    }
    let storage = || match export.required("storage")?.as_str() {
        "sqlite" => Ok(Storage::Sqlite),
        "legacy-kv" => Ok(Storage::Kv),
        other => {
            let message = format!("expected `sqlite` or `legacy-kv`, found {other:?}");
            Err(export.key("storage").fault(message))
        }
    };
    Ok(match export.text("state")?.as_deref() {
        None | Some("created") => Fate::Live(storage()?),
        Some("expecting-transfer") => Fate::Awaited(storage()?),
        Some("renamed") => Fate::Renamed(export.required("renamed_to")?),
        Some("deleted") => Fate::Deleted,
        Some("transferred") => Fate::Transferred,
        Some(other) => {
            let message = format!("there is no state {other:?}");
            return Err(export.key("state").fault(message));
        }
    })
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// A value and where it stands.
struct At<'v> {
    value: &'v Value,
    pointer: String,
}

impl<'v> At<'v> {
    fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(At {
            value,
            pointer: self.place(key),
        })
    }

    /// A member, or null where there is none.
    fn key(&self, key: &str) -> Self {
        self.get(key).unwrap_or(At {
            value: &Value::Null,
            pointer: self.place(key),
        })
    }

    fn place(&self, key: &str) -> String {
        let key = key.replace('~', "~0").replace('/', "~1");
        format!("{}/{key}", self.pointer)
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        let pointer = if self.pointer.is_empty() {
            "/".to_owned()
        } else {
            self.pointer.clone()
        };
        Fault {
            pointer,
            message: message.into(),
        }
    }

    fn object(&self) -> Result<&'v serde_json::Map<String, Value>, Fault> {
        self.value
            .as_object()
            .ok_or_else(|| self.fault("expected an object"))
    }

    fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        self.get(key).map(|member| member.as_text()).transpose()
    }

    fn required(&self, key: &str) -> Result<String, Fault> {
        self.key(key).as_text()
    }

    fn as_text(&self) -> Result<String, Fault> {
        self.value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.fault("expected a string"))
    }

    /// The items of a list; none if there is no list.
    fn list(&self, key: &str) -> Result<Vec<Self>, Fault> {
        let Some(list) = self.get(key) else {
            return Ok(Vec::new());
        };
        let items = list
            .value
            .as_array()
            .ok_or_else(|| list.fault("expected a list"))?;
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| At {
                value,
                pointer: list.place(&index.to_string()),
            })
            .collect())
    }

    fn texts(&self, key: &str) -> Result<Vec<String>, Fault> {
        self.list(key)?.iter().map(Self::as_text).collect()
    }
}
