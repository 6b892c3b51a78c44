//! One golden file for each feature.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, pretty};

fn golden(name: &str, source: TokenStream) {
    let path = format!("{}/src/golden/{name}.rs.txt", env!("CARGO_MANIFEST_DIR"));
    let text = pretty(expand(source));
    let lines = text.lines().count();
    assert!(
        lines <= 130,
        "{name} has {lines} lines; make the case smaller"
    );
    expectorate::assert_contents(path, &text);
}

#[test]
fn counter_struct() {
    golden(
        "counter_struct",
        quote! {
            /// A counter that keeps its value.
            #[durable_object]
            pub struct Counter { value: u64 }
        },
    );
}

#[test]
fn projection() {
    golden(
        "projection",
        quote! {
            /// What was ordered.
            #[projection(name = "totals", version = 2)]
            struct OrderTotals {
                count: u64,
                #[state(was = "days")]
                daily: Map<String, u64>,
            }
        },
    );
}

#[test]
fn counter_impl() {
    golden(
        "counter_impl",
        quote! {
            #[durable_object]
            impl Counter {
                /// Adds `by` and returns the count.
                #[action(public)]
                fn increment(&mut self, #[param(default = 1)] by: u64) -> Result<u64, CounterError> { self.add(by) }
                /// The count.
                #[action(public)]
                fn value(&self) -> u64 { self.value }
            }
        },
    );
}

#[test]
fn middleware() {
    golden(
        "middleware",
        quote! {
            #[durable_object]
            impl Room {
                #[action(middleware(RequestLog, RateLimit::per_minute(600)))]
                fn say(&mut self) { body }
            }
        },
    );
}

#[test]
fn jobs() {
    golden(
        "jobs",
        quote! {
            #[durable_object]
            impl Mill {
                /// Grinds sacks.
                #[action(job, retries = 5)]
                async fn grind(this: Handle<Self>, cx: JobContext<Self>, sacks: u64) -> Result<u64, MillError> { body }
                #[action(public, job)]
                async fn rest(this: Handle<Self>) {}
            }
        },
    );
}

#[test]
fn workflows() {
    golden(
        "workflows",
        quote! {
            #[durable_object]
            impl Trip {
                /// Books a trip.
                #[action(workflow, retries = 5)]
                async fn book(this: Handle<Self>, flow: Workflow<Self>, who: String) -> Result<u64, TripError> { body }
                #[action(public, workflow)]
                async fn rest(this: Handle<Self>) {}
            }
        },
    );
}

#[test]
fn receivers() {
    golden(
        "receivers",
        quote! {
            #[durable_object]
            impl Room {
                #[action]
                async fn look(&self, cx: &Context<Self>, deep: Option<bool>) -> Vec<Self> { body }
                #[action]
                async fn fetch(&mut self, cx: &mut Context<Self>) -> Result<()> { body }
                #[action]
                async fn work(this: Handle<Self>, cx: ProcessContext<Self>, n: u8) -> Result<(), RoomError> { body }
            }
        },
    );
}

#[test]
fn streams() {
    golden(
        "streams",
        quote! {
            #[durable_object]
            impl Room {
                #[action(public)]
                fn count(this: Handle<Self>, to: u32) -> Streaming<u32> { body }
                #[action(get = "/dig")]
                async fn dig(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<Streaming<u32, MineError>, RoomError> { body }
            }
        },
    );
}

#[test]
fn routes() {
    golden(
        "routes",
        quote! {
            #[durable_object]
            impl Users {
                #[action(get = "/users/{id}")]
                fn user(&self, id: u64) -> Option<User> {}
                #[action(get = "/first", none = 200)]
                fn first(&self) -> Option<User> {}
                #[action(post = "/users", status = 201, location = "/users/{id}")]
                fn create(&mut self, name: String) -> User {}
                #[action(scope = "users:write", delete = "/users/{id}", status = 204)]
                fn remove(&mut self, id: u64) {}
            }
        },
    );
}

#[test]
fn action_keys() {
    golden(
        "action_keys",
        quote! {
            #[durable_object]
            impl Room {
                #[action(scope = "room:write", name = "say-it", was = "tell")]
                pub fn r#type(
                    &mut self,
                    /// What to say.
                    #[param(min_length = 1, max_length = 4096, example = "hi \"there\"")] r#match: String,
                    #[param(description = "How loud.", min = -1, max = 1.5, exclusive)] loud: f64,
                    #[param(one_of = ["a", "b"], min_items = 1, max_items = 9)] tags: Vec<String>,
                ) {}
                #[action(internal)]
                fn close(&mut self) {}
            }
        },
    );
}

#[test]
fn fields() {
    golden(
        "fields",
        quote! {
            #[durable_object(class = "room", was = "old-room")]
            struct Room {
                #[state(default = 5, was = "old_limit")]
                limit: u32,
                r#type: String,
                #[transient]
                drafts: HashMap<String, String>,
                #[transient(default = Cache::new(8))]
                cache: Cache,
                #[cfg(feature = "extra")]
                extra: Log<u8>,
            }
        },
    );
}

#[test]
fn mounts() {
    golden(
        "mounts",
        quote! {
            #[mixin(events(Joined), impls(more))]
            pub struct Host {
                /// Who is here.
                #[cfg(x)]
                #[mixin]
                presence: lib::Presence,
            }
        },
    );
}

#[test]
fn named_block() {
    golden(
        "named_block",
        quote! {
            #[durable_object(moderation, crate = crate::renamed)]
            impl super::Room {
                const LIMIT: usize = { 5 };
                #[cfg(feature = "ban")]
                #[action]
                fn ban(&mut self, who: Id<Self>) -> u64 { body }
                helper! { anything }
                #[inline]
                fn plain(&self) {}
            }
        },
    );
}

#[test]
fn handlers() {
    golden(
        "handlers",
        quote! {
            #[durable_object]
            impl Room {
                #[event(start)]
                async fn start(&mut self, cx: &mut Context<Self>, first: bool) -> Result<()> { body }
                #[event(alarm)]
                fn ring(&mut self) {}
                #[event(connect)]
                async fn joined(&mut self, cx: &mut Context<Self>, connection: Connection) -> Result<(), Error> { body }
                #[event(message)]
                fn received(&mut self, cx: &mut Context<Self>, message: Incoming) {}
                #[event(disconnect)]
                fn left(&mut self) {}
                #[event(lib::UserRenamed, required)]
                fn on_renamed(&mut self, cx: &mut Context<Self>, event: lib::UserRenamed) {}
                #[event(Left)]
                fn on_left(&mut self) -> Result<(), Error> { body }
            }
        },
    );
}

#[test]
fn data_and_events() {
    golden(
        "data_and_events",
        quote! {
            #[data]
            #[derive(Clone, serde::Serialize)]
            pub struct Message { text: String }
            #[data(crate = other)]
            enum Kind { A, B(u8) }
            /// Someone said something.
            ///
            /// More.
            #[event]
            pub struct UserSaid { id: u64 }
            #[doc = include_str!("left.md")]
            #[event(name = "user:left", public)]
            struct Left;
            #[event(scope = "room:read")]
            struct Flagged;
        },
    );
}

#[test]
fn action_error() {
    golden(
        "action_error",
        quote! {
            #[derive(ActionError)]
            #[error(prefix = "room")]
            enum RoomError {
                #[error(status = 409, retryable, message = "the room holds {max}")]
                Full { max: u32 },
            }
        },
    );
}

#[test]
fn action_error_kinds() {
    golden(
        "action_error_kinds",
        quote! {
            #[derive(ActionError)]
            enum E {
                /// Nobody {there}.
                ///
                /// More.
                Empty,
                #[error(message = "{1:?}")]
                Pair(u8, String),
            }
        },
    );
}

#[test]
fn action_error_struct() {
    golden(
        "action_error_struct",
        quote! {
            #[derive(ActionError)]
            #[error(prefix = "shop", code = "sold_out", crate = lib)]
            struct SoldOut { r#type: String }
        },
    );
}

#[test]
fn config() {
    golden(
        "config",
        quote! {
            #[derive(Config)]
            struct Settings {
                smtp_host: String,
                #[config(name = "PORT", default = 8080)]
                port: u16,
                token: Option<String>,
                #[cfg(x)]
                extra: bool,
            }
        },
    );
}

/// An app with a type of every kind, an error and a mixin.
const OTHER: &str = r##"{
  "stayput": {"manifest": 1}, "app": {"name": "user-service", "version": "0.1.0"},
  "classes": {"account": {"type": "Account", "binding": "BOOKS", "description": "An account.", "actions": {
    "balance": {"description": "What is in it.\n\n```\nlet x = 1;\n```", "receiver": "query", "auth": {"kind": "public"},
      "params": [{"name": "type", "required": false, "schema": {"type": ["string", "null"]}}],
      "result": {"$ref": "#/components/schemas/Plan"},
      "errors": [{"code": "account.closed", "status": 410, "retryable": true, "description": "Gone.",
        "details": {"type": "object", "properties": {"since": {"type": "integer"}}, "required": ["since"]}}]},
    "close": {"receiver": "command", "auth": {"kind": "internal"}, "params": [], "result": {"type": "null"}, "errors": []},
    "notes.add": {"receiver": "command", "auth": {"kind": "public"}, "params": [], "result": {"type": "null"}, "errors": []}
  }}},
  "components": {"schemas": {
    "Plan": {"oneOf": [{"type": "string", "const": "Free"}, {"type": "object", "additionalProperties": false,
      "properties": {"Gift": {"$ref": "#/components/schemas/Gift"}}, "required": ["Gift"]}]},
    "Gift": {"type": "object", "properties": {"maxWait": {"type": "integer", "format": "uint32"},
      "plan": {"$ref": "#/components/schemas/Plan"}}, "required": ["maxWait"]},
    "Unused": {"type": "string"}
  }}
}"##;

#[test]
fn stub() {
    let path = format!("{}/src/golden/stub.rs.txt", env!("CARGO_MANIFEST_DIR"));
    let text = pretty(crate::remote::expand_text(OTHER, "users.json"));
    expectorate::assert_contents(path, &text);
}

#[test]
fn what_is_no_manifest_is_refused_by_its_place() {
    for (text, message) in [
        (
            "{\n  \"a\": 1,\n}",
            "line 3, column 1: expected a name in quotes",
        ),
        ("{}", "is no manifest of an app"),
        (
            r#"{"stayput": {"manifest": 2}}"#,
            "is a manifest of version 2",
        ),
        (
            r#"{"stayput": {"manifest": 1}}"#,
            "names no app, or no class of it",
        ),
    ] {
        let said = crate::remote::expand_text(text, "users.json").to_string();
        assert!(
            said.contains("compile_error") && said.contains(message),
            "{said}"
        );
    }
}

/// Whatever an app calls its things, the code that comes of it is Rust.
#[test]
fn names_of_another_app_cannot_break_the_code() {
    let names = [
        "self", "Self", "fn", "_", "", "9", "a b", "\\u0000", "größe", "x\\\"y", "r#x", "*/",
        "Option", "crate",
    ];
    for one in names {
        for other in names {
            let text = OTHER
                .replace("\"balance\"", &format!("\"{one}\""))
                .replace("\"type\",", &format!("\"{other}\","))
                .replace("Gift\"", &format!("{other}\""))
                .replace("maxWait", one)
                .replace("account.closed", &format!("{one}.{other}"))
                .replace("\"since\"", &format!("\"{other}\""));
            let code = crate::remote::expand_text(&text, "users.json");
            let parsed = syn::parse2::<syn::File>(code.clone());
            assert!(parsed.is_ok(), "{one:?} {other:?}: {code}");
        }
    }
}

#[test]
fn entity() {
    golden(
        "entity",
        quote! {
            #[derive(Entity)]
            #[index(by_city_and_age(city, desc(age)), include(email))]
            #[index(present(age), where = User::is_present)]
            pub struct User {
                #[key(auto)]
                pub id: u64,
                /// Where to write to.
                #[index(unique)]
                pub email: Option<String>,
                pub city: String,
                pub age: u32,
                tags: Vec<String>,
            }
        },
    );
}

#[test]
fn row() {
    golden(
        "row",
        quote! {
            #[derive(Row)]
            #[row(table = "users")]
            pub struct User {
                #[column(key, auto)]
                pub id: u64,
                /// Where to write to.
                #[column(unique)]
                pub email: Option<String>,
                #[column(name = "words", json)]
                tags: Vec<String>,
                #[column(with = crate::day)]
                pub joined: Day,
                #[column(version)]
                pub version: u64,
                #[column(skip)]
                draft: bool,
            }
        },
    );
}

#[test]
fn sql() {
    golden(
        "sql",
        quote! {
            #[durable_object(sql(migrations = TABLES))]
            struct Ledger {}
        },
    );
}
