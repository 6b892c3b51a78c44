//! The table of every attribute, its keys and how each is written.

/// An attribute at one kind of place.
pub(crate) struct Place {
    /// The attribute, as messages show it.
    pub(crate) shown: &'static str,
    /// Where it stands, if it can stand elsewhere with other keys: ` on a field`.
    on: &'static str,
    /// Key and its form.
    keys: &'static [(&'static str, &'static str)],
}

impl Place {
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(name, _)| *name == key)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|(name, _)| *name)
    }

    /// How a key is written.
    pub(crate) fn form(&self, key: &str) -> &'static str {
        self.keys
            .iter()
            .find(|(name, _)| *name == key)
            .map_or("", |(_, form)| *form)
    }

    /// The attribute and where it stands.
    pub(crate) fn full(&self) -> String {
        format!("`{}`{}", self.shown, self.on)
    }

    /// The line that lists all keys.
    pub(crate) fn usage(&self) -> String {
        if self.keys.is_empty() {
            return format!("{} takes no keys", self.full());
        }
        let forms: Vec<String> = self
            .keys
            .iter()
            .map(|(_, form)| format!("`{form}`"))
            .collect();
        format!("{} takes {}", self.full(), forms.join(", "))
    }
}

const CRATE: (&str, &str) = ("crate", "crate = path::to::stayput");

/// `#[durable_object]` on a struct.
pub(crate) static OBJECT: Place = Place {
    shown: "#[durable_object(..)]",
    on: "",
    keys: &[
        ("events", "events(EventType, ..)"),
        ("middleware", "middleware(RequestLog, ..)"),
        ("class", "class = \"path-name\""),
        ("was", "was = \"old-path-name\""),
        ("jurisdiction", "jurisdiction = \"eu\""),
        ("create", "create = \"rooms:create\""),
        ("key_hours", "key_hours = 72"),
        ("destroy_after", "destroy_after = hours(2)"),
        ("version", "version = 2"),
        ("upgrades", "upgrades(from_1_to_2, ..)"),
        ("binding", "binding = \"CHAT_ROOM\""),
        ("sql", "sql(migrations = MIGRATIONS)"),
        ("defers", "defers"),
        ("webhooks", "webhooks"),
        ("subscribes", "subscribes(EventType, ..)"),
        ("impls", "impls(block, ..)"),
        CRATE,
    ],
};

/// `sql(..)` of `#[durable_object]`.
pub(crate) static SQL: Place = Place {
    shown: "sql(..)",
    on: " of a durable object",
    keys: &[("migrations", "migrations = MIGRATIONS")],
};

/// `#[durable_object]` on an impl block.
pub(crate) static OBJECT_IMPL: Place = Place {
    shown: "#[durable_object(..)]",
    on: " on an impl",
    keys: &[("block", "block"), CRATE],
};

/// `#[mixin]` on a struct.
pub(crate) static MIXIN: Place = Place {
    shown: "#[mixin(..)]",
    on: "",
    keys: &[
        ("events", "events(EventType, ..)"),
        ("version", "version = 2"),
        ("upgrades", "upgrades(from_1_to_2, ..)"),
        ("impls", "impls(block, ..)"),
        ("defers", "defers"),
        ("webhooks", "webhooks"),
        ("subscribes", "subscribes(EventType, ..)"),
        CRATE,
    ],
};

/// `#[mixin]` on an impl block.
pub(crate) static MIXIN_IMPL: Place = Place {
    shown: "#[mixin(..)]",
    on: " on an impl",
    keys: &[("block", "block"), CRATE],
};

/// `#[mixin]` on a field.
pub(crate) static MOUNT: Place = Place {
    shown: "#[mixin]",
    on: " on a field",
    keys: &[],
};

/// `#[state]` on a field.
pub(crate) static STATE: Place = Place {
    shown: "#[state(..)]",
    on: "",
    keys: &[("default", "default = EXPR"), ("was", "was = \"old_name\"")],
};

/// `#[transient]` on a field.
pub(crate) static TRANSIENT: Place = Place {
    shown: "#[transient(..)]",
    on: "",
    keys: &[("default", "default = EXPR")],
};

/// `#[action]` on a method.
pub(crate) static ACTION: Place = Place {
    shown: "#[action(..)]",
    on: "",
    keys: &[
        ("public", "public"),
        ("scope", "scope = \"room:write\""),
        ("internal", "internal"),
        ("name", "name = \"wire_name\""),
        ("was", "was = \"old_name\""),
        ("get", "get = \"/users/{id}\""),
        ("post", "post = \"/users\""),
        ("put", "put = \"/users/{id}\""),
        ("patch", "patch = \"/users/{id}\""),
        ("delete", "delete = \"/users/{id}\""),
        ("status", "status = 201"),
        ("location", "location = \"/users/{id}\""),
        ("none", "none = 200"),
        ("middleware", "middleware(RequestLog, ..)"),
        ("job", "job"),
        ("workflow", "workflow"),
        ("retries", "retries = 3"),
    ],
};

/// `#[param]` on a parameter of an action.
pub(crate) static PARAM: Place = Place {
    shown: "#[param(..)]",
    on: "",
    keys: &[
        ("default", "default = LITERAL"),
        ("min", "min = 0"),
        ("max", "max = 100"),
        ("exclusive", "exclusive"),
        ("multiple_of", "multiple_of = 5"),
        ("min_length", "min_length = 1"),
        ("max_length", "max_length = 4096"),
        ("pattern", "pattern = \"^[a-z]+$\""),
        ("format", "format = \"email\""),
        ("min_items", "min_items = 1"),
        ("max_items", "max_items = 100"),
        ("unique", "unique"),
        ("one_of", "one_of = [\"a\", \"b\"]"),
        ("description", "description = \"text\""),
        ("example", "example = LITERAL"),
    ],
};

/// `#[event]` on a method.
pub(crate) static HANDLER: Place = Place {
    shown: "#[event(..)]",
    on: "",
    keys: &[
        ("start", "start"),
        ("alarm", "alarm"),
        ("connect", "connect"),
        ("message", "message"),
        ("tag", "message, tag = \"type\""),
        ("payload", "message, payload = \"payload\""),
        ("id", "message, id = \"correlationId\""),
        ("disconnect", "disconnect"),
        ("fetch", "fetch"),
        ("public", "fetch, public"),
        ("scope", "fetch, scope = \"files:read\""),
        ("required", "EventType, required"),
        ("once", "EventType, once"),
    ],
};

/// `#[event]` on a type.
pub(crate) static EVENT: Place = Place {
    shown: "#[event(..)]",
    on: "",
    keys: &[
        ("name", "name = \"wire_name\""),
        ("public", "public"),
        ("scope", "scope = \"room:read\""),
        ("durable", "durable"),
        ("keep", "keep = 1000"),
        ("keep_hours", "keep_hours = 24"),
        ("latest", "latest"),
        ("key", "key = \"field\""),
        ("objects", "durable, objects"),
        ("can_subscribe", "can_subscribe = \"function\""),
        ("view", "view = \"function\""),
        CRATE,
    ],
};

/// `#[projection]` on a struct.
pub(crate) static PROJECTION: Place = Place {
    shown: "#[projection(..)]",
    on: "",
    keys: &[
        ("name", "name = \"wire_name\""),
        ("version", "version = 2"),
        CRATE,
    ],
};

/// `#[data]` on a type.
pub(crate) static DATA: Place = Place {
    shown: "#[data(..)]",
    on: "",
    keys: &[CRATE],
};

/// `#[error]` on a type that derives `ActionError`.
pub(crate) static ERROR_TYPE: Place = Place {
    shown: "#[error(..)]",
    on: " on the type",
    keys: &[("prefix", "prefix = \"room\""), CRATE],
};

/// `#[error]` on a variant, or on a struct that derives `ActionError`.
pub(crate) static ERROR: Place = Place {
    shown: "#[error(..)]",
    on: "",
    keys: &[
        ("code", "code = \"full\""),
        ("status", "status = 409"),
        ("retryable", "retryable"),
        ("message", "message = \"text with {field}\""),
    ],
};

/// `#[error]` on a struct: it is the type and its one variant.
pub(crate) static ERROR_STRUCT: Place = Place {
    shown: "#[error(..)]",
    on: "",
    keys: &[
        ("prefix", "prefix = \"room\""),
        ("code", "code = \"full\""),
        ("status", "status = 409"),
        ("retryable", "retryable"),
        ("message", "message = \"text with {field}\""),
        CRATE,
    ],
};

/// `#[config]` on a type that derives `Config`.
pub(crate) static CONFIG_TYPE: Place = Place {
    shown: "#[config(..)]",
    on: " on the struct",
    keys: &[CRATE],
};

/// `#[config]` on a field.
pub(crate) static CONFIG: Place = Place {
    shown: "#[config(..)]",
    on: "",
    keys: &[
        ("name", "name = \"VARIABLE\""),
        ("default", "default = EXPR"),
    ],
};

/// `#[entity]` on a struct that derives `Entity`.
pub(crate) static ENTITY: Place = Place {
    shown: "#[entity(..)]",
    on: "",
    keys: &[CRATE],
};

/// `#[key]` on a field.
pub(crate) static KEY: Place = Place {
    shown: "#[key]",
    on: "",
    keys: &[("auto", "auto")],
};

/// `#[index]` on a field.
pub(crate) static INDEX_FIELD: Place = Place {
    shown: "#[index]",
    on: " on a field",
    keys: &[("unique", "unique")],
};

/// `#[version]` on a field.
pub(crate) static VERSION: Place = Place {
    shown: "#[version]",
    on: "",
    keys: &[],
};

/// `#[row]` on the struct.
pub(crate) static ROW: Place = Place {
    shown: "#[row(..)]",
    on: "",
    keys: &[("table", "table = \"name\""), CRATE],
};

/// `#[column]` on a field.
pub(crate) static COLUMN: Place = Place {
    shown: "#[column(..)]",
    on: "",
    keys: &[
        ("key", "key"),
        ("auto", "auto"),
        ("name", "name = \"column\""),
        ("unique", "unique"),
        ("index", "index"),
        ("version", "version"),
        ("json", "json"),
        ("with", "with = module"),
        ("skip", "skip"),
    ],
};

/// `#[index]` on a struct of rows in SQL.
pub(crate) static ROW_INDEX: Place = Place {
    shown: "#[index(name(field, ..), ..)]",
    on: " on rows in SQL",
    keys: &[("unique", "unique")],
};

/// `#[index]` on the struct.
pub(crate) static INDEX: Place = Place {
    shown: "#[index(name(field, ..), ..)]",
    on: " on the struct",
    keys: &[
        ("unique", "unique"),
        ("include", "include(field, ..)"),
        ("where", "where = CONDITION"),
    ],
};

/// `#[test]` on a function.
pub(crate) static TEST: Place = Place {
    shown: "#[stayput::test(..)]",
    on: "",
    keys: &[
        ("app", "app = app()"),
        ("test", "test = Test::new(app())"),
        CRATE,
    ],
};

/// Every place, in the order in which "belongs in" looks for a key.
pub(crate) static PLACES: &[&Place] = &[
    &TEST,
    &OBJECT,
    &SQL,
    &MIXIN,
    &ACTION,
    &PARAM,
    &STATE,
    &HANDLER,
    &EVENT,
    &PROJECTION,
    &ERROR_TYPE,
    &ERROR,
    &CONFIG,
    &KEY,
    &INDEX,
    &ROW,
    &COLUMN,
];
