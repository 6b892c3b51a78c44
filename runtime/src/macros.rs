//! The macros, with their documentation: here an example of theirs can use the crate.

/// Makes a struct a durable object, and the methods of its impl its actions.
///
/// ```
/// use stayput::prelude::*;
///
/// /// A number that survives restarts.
/// #[durable_object]
/// struct Counter {
///     value: i64,
/// }
///
/// #[durable_object]
/// impl Counter {
///     /// Adds to the counter and returns the new value.
///     #[action]
///     fn increment(&mut self, #[param(default = 1)] by: i64) -> i64 {
///         self.value += by;
///         self.value
///     }
/// }
/// # fn main() {}
/// ```
///
/// # On the struct
///
/// | Key | Meaning |
/// |---|---|
/// | `events(Said, ..)` | the events that the object may emit |
/// | `class = "chat-room"` | its path; without it the type's name in kebab case |
/// | `was = "old-path"` | the path it had before: objects keep their identity |
/// | `sql`, `sql(migrations = TABLES)` | its objects have tables: `cx.sql()`, `cx.sql_read()`; the list is of [`Migration`](crate::sql::Migration)s |
/// | `binding = "ROOMS"` | on Workers: the binding by which other code finds its objects; without it its path as `CHAT_ROOM` |
/// | `defers`, `webhooks` | its objects defer calls ([`time`](crate::time)); they send requests surely ([`Context::post`](crate::object::Context::post)), and defer as well |
/// | `impls(moderation, ..)` | the names of further impl blocks with actions |
/// | `crate = path` | where the crate `stayput` is, if not `::stayput` |
///
/// Every field is durable. What a field says otherwise:
///
/// | Attribute | Meaning |
/// |---|---|
/// | `#[state(default = EXPR)]` | its first value; without it `Default` |
/// | `#[state(was = "old_name")]` | the name it was stored under before |
/// | `#[transient]`, `#[transient(default = EXPR)]` | memory only: kept when an action fails, gone when the object leaves memory |
/// | `#[mixin]` | the field mounts a [`mixin`](macro@crate::mixin) under its name |
///
/// The struct gets a stub (`CounterStub`), as visible as itself: [`Object::named`](crate::object::Object::named)
/// makes one, and it has a method for each action.
///
/// # On the impl
///
/// `#[durable_object]` on the main block, `#[durable_object(moderation)]` on one that the struct lists in `impls(..)`;
/// they may stand in other files. `crate = path` as above. Methods without an attribute stay the object's own.
/// Generics are refused: a class, its storage and its clients are made once.
///
/// ```compile_fail
/// # use stayput::prelude::*;
/// #[durable_object]
/// struct Generic<T> {
///     value: T,
/// }
/// # fn main() {}
/// ```
pub use stayput_macros::durable_object;

/// Makes a method an action: callable by stubs, over HTTP, by generated clients.
///
/// The receiver says what it may do: `&self` is a query, `&mut self` a command, `this: Handle<Self>` a process. It may
/// be `async`. A context follows the receiver, if wanted: `cx: &Context<Self>`, `cx: &mut Context<Self>`, or for a
/// process `cx: ProcessContext<Self>`. All else are parameters: up to 12, owned, of types with `Serialize`,
/// `Deserialize` and `JsonSchema` ([`data`](macro@crate::data)). Doc comments, also those of parameters, become descriptions. An action that
/// can fail writes its return type as `Result<..>`.
///
/// | Key | Meaning |
/// |---|---|
/// | (none) | the caller must be authenticated |
/// | `public` | anybody may call |
/// | `scope = "room:write"` | the caller must have this scope |
/// | `internal` | only objects may call |
/// | `name = "say"` | its name on the wire; without it the method's |
/// | `was = "tell"` | the name it had before, which callers may still use |
/// | `middleware(RequestLog, ..)` | what runs around it: [`middleware`](crate::middleware) |
/// | `get = "/path/{param}"`, `post`, `put`, `patch`, `delete` | its path below the object; beside it `status`, `location`, `none` |
/// | `job`, `job, retries = 5` | a process that callers do not wait for: [`jobs`](crate::mixins::jobs) |
///
/// A parameter may say more by `#[param(..)]`:
///
/// | Key | Meaning |
/// |---|---|
/// | `default = LITERAL` | may be left out by remote callers; a string, number or bool |
/// | `min = N`, `max = N` | bounds of a number, inclusive |
/// | `exclusive` | makes those bounds exclusive |
/// | `min_length = N`, `max_length = N` | bounds of a string's length |
/// | `min_items = N`, `max_items = N` | bounds of a list's length |
/// | `one_of = [..]` | the values that are allowed |
/// | `example = LITERAL` | an example for readers and agents |
/// | `description = "text"` | instead of a doc comment |
pub use stayput_macros::action;

/// Makes a type an event, or a method a handler.
///
/// On a struct or enum: derives what [`data`](macro@crate::data) derives.
///
/// | Key | Meaning |
/// |---|---|
/// | `name = "user:created"` | its name on the wire; without it the type's name in snake case |
/// | `crate = path` | where the crate `stayput` is, if not `::stayput` |
///
/// On a method of a durable object or mixin, with `&mut self`:
///
/// | Form | Runs | May take, after the context |
/// |---|---|---|
/// | `#[event(start)]` | at every wake, before anything else | `first: bool`: nothing of the object is stored yet |
/// | `#[event(alarm)]` | when the alarm is due | `alarm: Alarm` |
/// | `#[event(Said)]` | after the method that emitted returned `Ok`, before the commit; never `async` | `event: Said` |
/// | `#[event(Said, required)]` | the same, and its failure fails the emitting action | |
pub use stayput_macros::event;

/// Makes a struct a mixin: fields, actions and events that any object can mount.
///
/// On the struct it takes `events(..)`, `impls(..)` and `crate = path`, on the impl what
/// [`durable_object`](macro@crate::durable_object) takes there. On a field it mounts one: its actions are called
/// `field.action`, its state lies under the field's name, and the context has an accessor of that name.
///
/// ```
/// use stayput::prelude::*;
///
/// #[mixin]
/// struct Presence {
///     names: Vec<String>,
/// }
///
/// #[mixin]
/// impl Presence {
///     /// Who is here.
///     #[action(public)]
///     fn list(&self) -> Vec<String> {
///         self.names.clone()
///     }
/// }
///
/// #[durable_object]
/// struct Room {
///     #[mixin]
///     presence: Presence,
/// }
///
/// #[durable_object]
/// impl Room {}
/// # fn main() {}
/// ```
pub use stayput_macros::mixin;

/// Makes typed stubs of another app's classes, out of the manifest that `their-app manifest users.json` wrote.
///
/// ```ignore
/// mod users {
///     stayput::stub!("users.json");           // beside this crate's Cargo.toml
/// }
///
/// let balance = users::Account::named(cx, "ann").balance().await?;
/// ```
///
/// In the module stand, for each class, a type with `named` and `by_id` and a stub with a method for each action that is
/// not `internal`; the types of parameters and results; an enum for each list of errors. A type that Rust cannot say
/// more precisely is [`Json`](crate::remote::Json). `APP` names the classes to [`app!`](crate::app). The file is read
/// again whenever it changes.
///
/// | Key | Meaning |
/// |---|---|
/// | `name = "USERS"` | by which the app is configured; without it the name of its package, `user-service` as `USER_SERVICE` |
/// | `crate = path` | where the crate `stayput` is, if not `::stayput` |
///
/// Calls obey the rules of all calls: none leaves before what it could have seen is durable, or after a storage fault;
/// the deadline and the request's id go with it. They arrive
///
/// | where | by | configured as |
/// |---|---|---|
/// | natively | HTTP | `STAYPUT_USERS=https://users.example`; takes the feature `client`, or `client-tls` |
/// | on Workers | the class's objects | binding `USERS_ACCOUNT` with `script_name` ([`app!`](crate::app) with `uses(..)`, and `stayput wrangler` writes it) |
/// | | another Worker | service binding `USERS` |
/// | | HTTP | `STAYPUT_USERS` as natively |
///
/// On Workers the first of them that is there is used. By the class's own binding an object of the same account is
/// called like one of this app: the original caller, the chain of calls and all that follows from it go along. By the
/// others the call is like any client's: with `STAYPUT_USERS_TOKEN`, if that is set, as bearer token.
pub use stayput_macros::stub;

/// Derives what a parameter, a result or a field needs: `Debug`, `Clone`, `Serialize`, `Deserialize`, `JsonSchema`.
///
/// What the type derives by itself, below this attribute, is left out. The user's crate needs neither serde nor
/// schemars. `crate = path` says where the crate `stayput` is, if not `::stayput`.
pub use stayput_macros::data;

/// Makes an enum, or a struct, the error of actions.
///
/// ```
/// use stayput::prelude::*;
///
/// #[derive(Debug, ActionError)]
/// #[error(prefix = "room")]
/// enum RoomError {
///     /// No seat is left.
///     #[error(status = 409, retryable, message = "the room holds {max}")]
///     Full { max: u32 },
/// }
///
/// assert_eq!(RoomError::Full { max: 8 }.to_string(), "the room holds 8");
/// ```
///
/// | Key | On | Meaning |
/// |---|---|---|
/// | `prefix = "room"` | the type | goes before every code: `room.full` |
/// | `crate = path` | the type | where the crate `stayput` is, if not `::stayput` |
/// | `code = "full"` | a variant | its code; without it the variant's name in snake case |
/// | `status = 409` | a variant | its HTTP status, 400 to 599; without it 400 |
/// | `retryable` | a variant | the same call may succeed later |
/// | `message = ".."` | a variant | its text, with `{field}` or `{0}`; without it the doc comment, else the code |
///
/// On a struct all of them stand on the type. Fields travel as the error's details.
pub use stayput_macros::ActionError;

/// Reads a struct from the environment: a field `smtp_host` from `SMTP_HOST`, by `FromStr`.
///
/// An `Option<T>` may be missing; everything else that is missing or malformed is reported together, by name.
///
/// | Key | Meaning |
/// |---|---|
/// | `name = "SMTP_HOST"` | another variable |
/// | `default = EXPR` | its value where the variable is missing |
/// | `crate = path`, on the struct | where the crate `stayput` is, if not `::stayput` |
pub use stayput_macros::Config;

/// Makes a struct the rows of a [`Table`](crate::state::Table): put it under [`data`](macro@crate::data).
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Entity)]
/// #[index(by_kind_and_due(kind, desc(due)), include(title))]
/// #[index(open_by_due(due), where = |task| !task.done)]
/// pub struct Task {
///     #[key(auto)]
///     pub id: u64,
///     #[index(unique)]
///     pub slug: Option<String>,
///     pub kind: String,
///     pub due: Timestamp,
///     pub title: String,
///     pub done: bool,
/// }
///
/// fn soonest(tasks: &Table<Task>) -> Option<Task> {
///     tasks.query().within(Task::OPEN_BY_DUE).order_by(Task::DUE.asc()).first()
/// }
/// # fn main() {}
/// ```
///
/// | Attribute | On | Meaning |
/// |---|---|---|
/// | `#[key]` | a field | what rows are told apart by; any [`Key`](crate::state::Key) |
/// | `#[key(auto)]` | a field of type `u64` | the table gives the keys, each once |
/// | `#[index]`, `#[index(unique)]` | a field | an index of that field, and of its name |
/// | `#[index(name(field, desc(field), ..))]` | the struct | an index of several fields; after the name: |
/// | `unique` | | no two rows have the same values there; a `None` among them equals nothing |
/// | `include(field, ..)` | | its entries hold these, too, so that queries for them read no rows |
/// | `where = CONDITION` | | only rows for which this function, or closure, says `true`; see [`within`](crate::state::Query::within) |
/// | `#[version]` | a `u64`, `u32` or `i64` | counts the changes of the row by [`Repository`](crate::repository::Repository): one that is older than the stored one is refused there |
/// | `#[entity(crate = path)]` | the struct | where the crate `stayput` is, if not `::stayput` |
///
/// It makes a [`Column`](crate::state::Column) for each field (`Task::KIND`), an [`Index`](crate::state::Index) for each index
/// on the struct (`Task::OPEN_BY_DUE`), and a method of the table for each index: `find_by_kind_and_due`, `find_by_slug`. That
/// of a unique index returns an `Option` of a row, that of another a [`Query`](crate::state::Query).
pub use stayput_macros::Entity;

/// Makes a struct the rows of a table in SQL: a [`Row`](crate::sql::Row), which a
/// [`SqlRepository`](crate::sql::SqlRepository) keeps. The table itself is made by a migration of the class.
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// #[derive(Row)]
/// #[row(table = "documents")]
/// #[index(by_type_and_status(kind, status))]
/// pub struct Document {
///     #[column(key)]
///     pub id: String,
///     #[column(name = "type")]
///     pub kind: String,
///     pub status: String,
///     #[column(unique)]
///     pub slug: Option<String>,
///     #[column(json)]
///     pub tags: Vec<String>,
///     pub created_at: Timestamp,
///     #[column(version)]
///     pub version: u64,
/// }
///
/// fn drafts(documents: &impl ReadRepository<Document>) -> Result<Vec<Document>, RepositoryError> {
///     documents.find(Document::STATUS.eq("draft").and(!Document::SLUG.is_null()))
/// }
/// # fn main() {}
/// ```
///
/// | Attribute | On | Meaning |
/// |---|---|---|
/// | `#[row(table = "name")]` | the struct | its table |
/// | `#[row(crate = path)]` | the struct | where the crate `stayput` is, if not `::stayput` |
/// | `#[column(key)]` | a field | what rows are told apart by: the table's primary key, a [`Key`](crate::state::Key) |
/// | `#[column(key, auto)]` | a field of type `u64` | an `INTEGER PRIMARY KEY`: rows that come with 0 are given one |
/// | `#[column(name = "type")]` | a field | the column's name, if it is not the field's |
/// | `#[column(unique)]`, `#[column(index)]` | a field | a method `find_by_..`; the index itself is made by a migration |
/// | `#[column(version)]` | a `u64`, `u32` or `i64` | counts the changes of the row: one that is older than the stored one is refused |
/// | `#[column(json)]` | a field | kept as JSON text, whatever it is |
/// | `#[column(with = module)]` | a field | written by `module::to_sql(&value) -> SqlValue`, read by `module::from_sql(SqlValue) -> Result<_, E>` |
/// | `#[column(skip)]` | a field | no column: read as its `Default` |
/// | `#[index(name(field, ..))]`, then `unique` | the struct | a method `find_by_..` of several fields |
///
/// Without `json` and `with`, a field is written as it is read: numbers, texts, blobs, `bool` as 0 and 1, `None` as `NULL`, a
/// plain variant of an enum by its name, everything else as JSON text. What has `Into<SqlValue>` is written by that.
///
/// It makes a [`Column`](crate::state::Column) for each field (`Document::KIND`), and a method of the repository for each index:
/// that of what is unique returns an `Option` of a row, that of another a [`RowQuery`](crate::sql::RowQuery).
pub use stayput_macros::Row;

/// Makes a struct what a projection of events keeps: its fields are durable, like those of an object.
///
/// `name = ".."` is the name it is asked for by, the struct's in snake case without it; `version = 2` has to be raised when
/// what it keeps, or makes of events, has changed: it begins anew then. See [`Projection`](trait@crate::sourcing::Projection).
///
/// ```
/// # use stayput::prelude::*;
/// /// The last thousand things that happened.
/// #[projection(name = "activity_log", version = 2)]
/// pub struct Activity {
///     entries: Log<String>,
///     seen: u64,
/// }
/// # fn main() {}
/// ```
pub use stayput_macros::projection;

/// Makes an asynchronous function a test: it runs in the [harness](crate::testing), once, with a hold on it.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::testing::{Harness, Test};
///
/// #[durable_object]
/// struct Counter { value: i64 }
///
/// #[durable_object]
/// impl Counter {
///     #[action]
///     fn increment(&mut self, by: i64) -> i64 { self.value += by; self.value }
/// }
///
/// stayput::app!(Counter);
///
/// #[stayput::test]
/// async fn it_counts(t: &Harness) {
///     assert_eq!(Counter::named(t, "home").increment(2).await.unwrap(), 2);
/// }
///
/// #[stayput::test(test = Test::new(app()).seed(7))]
/// async fn it_counts_with_another_seed(t: &Harness) -> Result<(), Box<dyn std::error::Error>> {
///     Counter::named(t, "home").increment(2).await?;
///     t.restart().await;
///     Ok(())
/// }
/// # fn main() {}
/// ```
///
/// | Key | Meaning |
/// |---|---|
/// | `app = my_app::app()` | the app; `app()` if nothing is said |
/// | `test = Test::new(..)..` | the app and its settings |
/// | `crate = path` | where the crate `stayput` is, if not `::stayput` |
///
/// The parameter says where it runs: [`&Harness`](crate::testing::Harness), or [`&Anywhere`](crate::testing::Anywhere), which is the harness or a
/// running app, on `workerd` for one. Other attributes (`#[ignore]`, `#[should_panic]`) stay on the function.
///
/// ```compile_fail
/// # use stayput::testing::Harness;
/// #[stayput::test]
/// fn it_waits_for_nothing(t: &Harness) {}       // not `async`
/// # fn main() {}
/// ```
pub use stayput_macros::test;
