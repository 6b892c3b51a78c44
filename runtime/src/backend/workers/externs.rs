//! What Rust sees of `shell.js`. Everything that can throw is bound with `catch`: an exception that passes through wasm
//! frames unseen would end the instance.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The way out of one wasm instance. Once the instance has ended every method that reaches the world throws.
    #[derive(Debug, Clone)]
    pub type Bridge;

    #[wasm_bindgen(method, catch)]
    pub(super) fn get(this: &Bridge, key: &str) -> Result<Option<Uint8Array>, JsValue>;

    /// Keys and values in turn.
    #[wasm_bindgen(method, catch)]
    pub(super) fn scan(
        this: &Bridge,
        start: &str,
        end: Option<&str>,
        reverse: bool,
        limit: u32,
    ) -> Result<Array, JsValue>;

    /// Commits one record.
    #[wasm_bindgen(method, catch)]
    pub(super) fn put(this: &Bridge, key: &str, value: &[u8]) -> Result<(), JsValue>;

    /// `puts`: keys and values in turn. `alarm`: milliseconds, null for "none", undefined for "as it is".
    #[wasm_bindgen(method, catch)]
    pub(super) fn commit(
        this: &Bridge,
        puts: &Array,
        deletes: &Array,
        alarm: &JsValue,
    ) -> Result<(), JsValue>;

    /// Deletes everything: records, tables and the alarm; in a transaction, when that is kept.
    #[wasm_bindgen(method, catch)]
    pub(super) fn destroy(this: &Bridge) -> Result<(), JsValue>;

    /// Runs `turn` in a transaction, which is undone unless it answers true. What went wrong, if something did. It throws
    /// only when the instance has ended within, and then the frames here must stop all the same.
    #[wasm_bindgen(method)]
    pub(super) fn transact(this: &Bridge, turn: &mut dyn FnMut() -> bool) -> Option<String>;

    /// Runs statements; the last one gets `params`: texts, numbers, nulls and `ArrayBuffer`s.
    #[wasm_bindgen(method, catch)]
    pub(super) fn sql(this: &Bridge, text: &str, params: &Array) -> Result<SqlRows, JsValue>;

    /// `text` and `params` as in `wire.rs`. An [`Answer`] arrives under the number.
    #[wasm_bindgen(method, catch)]
    pub(super) fn call(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        near: Option<&str>,
        text: &str,
        params: Option<&Uint8Array>,
        number: u32,
    ) -> Result<(), JsValue>;

    /// As [`call`](Self::call) where items are read one by one: after `ok` they wait under `ticket` to be handed to the
    /// client.
    #[wasm_bindgen(method, catch)]
    pub(super) fn stream(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        text: &str,
        params: Option<&Uint8Array>,
        form: u8,
        ticket: u32,
    ) -> Result<Promise, JsValue>;

    /// Resolves to the bookmark of a time in ms, or of now.
    #[wasm_bindgen(method, catch)]
    pub(super) fn bookmark(this: &Bridge, time: Option<f64>) -> Result<Promise, JsValue>;

    /// Has the object go back to one: resets it, and does not resolve.
    #[wasm_bindgen(method, catch)]
    pub(super) fn rewind(this: &Bridge, bookmark: &str) -> Result<Promise, JsValue>;

    /// The way of the body into the response to a request to the front.
    #[wasm_bindgen(method, catch)]
    pub(super) fn flow(this: &Bridge, call: u32) -> Result<Flow, JsValue>;

    /// As [`call`](Self::call) where items are read one by one, in the form of NDJSON. Resolves to an [`Answer`], which has a
    /// [`Source`] once the first has come.
    #[wasm_bindgen(method, catch)]
    pub(super) fn items(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        near: Option<&str>,
        text: &str,
        params: Option<&Uint8Array>,
    ) -> Result<Promise, JsValue>;

    /// The id of a name in a namespace of another Worker, or of none there an empty text; undefined if the binding leads
    /// to no namespace.
    #[wasm_bindgen(method, catch, js_name = remoteId)]
    pub(super) fn remote_id(
        this: &Bridge,
        binding: &str,
        name: Option<&str>,
    ) -> Result<Option<String>, JsValue>;

    /// Whether the binding leads to another Worker.
    #[wasm_bindgen(method, catch, js_name = remoteService)]
    pub(super) fn remote_service(this: &Bridge, binding: &str) -> Result<bool, JsValue>;

    /// As [`call`](Self::call), but of an object in that namespace.
    #[wasm_bindgen(method, catch, js_name = remoteCall)]
    pub(super) fn remote_call(
        this: &Bridge,
        binding: &str,
        id: &str,
        name: Option<&str>,
        text: &str,
        params: Option<&Uint8Array>,
    ) -> Result<Promise, JsValue>;

    /// Calls a method of an object that is written by hand. `args`: the JSON text of an array. Resolves to the JSON text of
    /// what it returned.
    #[wasm_bindgen(method, catch, js_name = jsCall)]
    pub(super) fn js_call(
        this: &Bridge,
        binding: &str,
        id: &str,
        name: Option<&str>,
        method: &str,
        args: &str,
    ) -> Result<Promise, JsValue>;

    /// Sends a request to such an object. `headers`: names and values in turn. Resolves to a [`Fetched`] with a body of at most
    /// one byte more than `limit`.
    #[wasm_bindgen(method, catch, js_name = jsFetch)]
    pub(super) fn js_fetch(
        this: &Bridge,
        binding: &str,
        id: &str,
        name: Option<&str>,
        method: &str,
        path: &str,
        headers: &Array,
        body: Option<&Uint8Array>,
        limit: f64,
    ) -> Result<Promise, JsValue>;

    /// Sends a request to another Worker, or without one to a URL. `headers`: names and values in turn. Resolves to a
    /// [`Posted`].
    #[wasm_bindgen(method, catch, js_name = remotePost)]
    pub(super) fn remote_post(
        this: &Bridge,
        service: Option<&str>,
        url: &str,
        headers: &Array,
        body: &Uint8Array,
    ) -> Result<Promise, JsValue>;

    /// The host of an URL, as the platform's `fetch` reads it: addresses in whatever form as the usual one.
    #[wasm_bindgen(method, catch, js_name = hostOf)]
    pub(super) fn host_of(this: &Bridge, url: &str) -> Result<String, JsValue>;

    /// Sends a request to any server. `headers`: names and values in turn. Resolves to a [`Fetched`].
    #[wasm_bindgen(method, catch)]
    pub(super) fn fetch(
        this: &Bridge,
        method: &str,
        url: &str,
        headers: &Array,
        body: Option<&Uint8Array>,
        limit: f64,
    ) -> Result<Fetch, JsValue>;

    /// The open connections of this object: ids and what [`attach`](Self::attach) kept of them, in turn.
    #[wasm_bindgen(method, catch)]
    pub(super) fn connections(this: &Bridge) -> Result<Array, JsValue>;

    /// Keeps what is known of a connection beside its socket, where it outlives this instance.
    #[wasm_bindgen(method, catch)]
    pub(super) fn attach(this: &Bridge, id: &str, form: &[u8]) -> Result<(), JsValue>;

    /// Sends a text, or bytes, to connections. Those that are gone are passed over.
    #[wasm_bindgen(method, catch)]
    pub(super) fn send(this: &Bridge, ids: &Array, message: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn close(this: &Bridge, id: &str, code: u16, reason: &str) -> Result<(), JsValue>;

    /// Opens a connection to an object of this Worker. Resolves to an [`Answer`]; after `ok` this side of the
    /// connection waits under `ticket` to be handed to the client.
    #[wasm_bindgen(method, catch)]
    pub(super) fn open(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        header: &str,
        ticket: u32,
    ) -> Result<Promise, JsValue>;

    /// Has an object make a ticket for a caller, good for so many milliseconds. Resolves to its text.
    #[wasm_bindgen(method, catch)]
    pub(super) fn ticket(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        caller: &str,
        life: f64,
    ) -> Result<Promise, JsValue>;

    /// Resolves to the caller of a ticket of an object, which is void then, or to undefined.
    #[wasm_bindgen(method, catch)]
    pub(super) fn redeem(
        this: &Bridge,
        class: &str,
        id: &str,
        name: Option<&str>,
        ticket: &str,
    ) -> Result<Promise, JsValue>;

    /// The id of a name, as 64 hex digits.
    #[wasm_bindgen(method, catch, js_name = idOfName)]
    pub(super) fn id_of_name(this: &Bridge, class: &str, name: &str) -> Result<String, JsValue>;

    /// A new id.
    #[wasm_bindgen(method, catch, js_name = newId)]
    pub(super) fn new_id(this: &Bridge, class: &str) -> Result<String, JsValue>;

    /// Whether an id is one of the class.
    #[wasm_bindgen(method, catch, js_name = knowsId)]
    pub(super) fn knows_id(this: &Bridge, class: &str, id: &str) -> Result<bool, JsValue>;

    /// The text of the app's manifest.
    #[wasm_bindgen(method, catch)]
    pub(super) fn manifest(this: &Bridge) -> Result<String, JsValue>;

    /// Has the tasks that are ready run after the code that runs now.
    #[wasm_bindgen(method, catch)]
    pub(super) fn soon(this: &Bridge) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn sleep(this: &Bridge, millis: f64) -> Result<Timer, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn random(this: &Bridge, bytes: &mut [u8]) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn variable(this: &Bridge, name: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(super) fn report(this: &Bridge, message: &str) -> Result<(), JsValue>;

    /// Says whose code runs from now on, so that a trap is blamed on that call.
    #[wasm_bindgen(method, catch)]
    pub(super) fn enter(this: &Bridge, call: u32) -> Result<(), JsValue>;

    /// Says which calls have not begun to run, and which are processes, now that the instance is about to end.
    #[wasm_bindgen(method, catch)]
    pub(super) fn ending(
        this: &Bridge,
        not_begun: &[u32],
        processes: &[u32],
    ) -> Result<(), JsValue>;

    /// The rows of a statement.
    #[derive(Debug, Clone)]
    pub(super) type SqlRows;

    /// The names of the columns.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn columns(this: &SqlRows) -> Result<Array, JsValue>;

    /// The values of the next row.
    #[wasm_bindgen(method, catch)]
    pub(super) fn next(this: &SqlRows) -> Result<Option<Array>, JsValue>;

    /// How many rows it has changed, if it is a statement that does.
    #[wasm_bindgen(method, catch)]
    pub(super) fn changed(this: &SqlRows, changes: bool) -> Result<f64, JsValue>;

    /// How many rows were read, as the platform counts them.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn read(this: &SqlRows) -> Result<f64, JsValue>;

    /// How many rows were written, likewise.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn written(this: &SqlRows) -> Result<f64, JsValue>;

    /// The answer to a request.
    #[derive(Debug, Clone)]
    pub(super) type Posted;

    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn status(this: &Posted) -> Result<u16, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn body(this: &Posted) -> Result<Uint8Array, JsValue>;

    /// A promise of a [`Fetched`] that is under way.
    #[wasm_bindgen(extends = Promise)]
    #[derive(Debug, Clone)]
    pub(super) type Fetch;

    #[wasm_bindgen(method, catch)]
    pub(super) fn abort(this: &Fetch) -> Result<(), JsValue>;

    /// The answer of any server.
    #[derive(Debug, Clone)]
    pub(super) type Fetched;

    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn status(this: &Fetched) -> Result<u16, JsValue>;

    /// Names and values in turn.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn headers(this: &Fetched) -> Result<Array, JsValue>;

    /// The first bytes of the body: one more than the limit, if there are more.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn body(this: &Fetched) -> Result<Uint8Array, JsValue>;

    /// The way of items out of the object, or of a body.
    #[derive(Debug, Clone)]
    pub type Flow;

    /// The first item has come, or the head of a response. `beat` is sent now and then while nothing else is.
    #[wasm_bindgen(method, catch)]
    pub(super) fn begin(this: &Flow, beat: &str, head: Option<&Uint8Array>) -> Result<(), JsValue>;

    /// If the next has to wait: resolves when there is room for it, rejects when nobody reads any more.
    #[wasm_bindgen(method, catch)]
    pub(super) fn write(this: &Flow, bytes: &Uint8Array) -> Result<Option<Promise>, JsValue>;

    /// Resolves when nobody reads any more.
    #[wasm_bindgen(method, catch)]
    pub(super) fn gone(this: &Flow) -> Result<Promise, JsValue>;

    /// Ends it, as it should or by breaking off.
    #[wasm_bindgen(method, catch)]
    pub(super) fn end(this: &Flow, whole: bool) -> Result<(), JsValue>;

    /// The way of items into the object, or of a body.
    #[derive(Debug, Clone)]
    pub type Source;

    /// Resolves to some bytes, to undefined at the end; rejects when it breaks off.
    #[wasm_bindgen(method, catch)]
    pub(super) fn read(this: &Source) -> Result<Promise, JsValue>;

    /// Nobody reads any more.
    #[wasm_bindgen(method, catch)]
    pub(super) fn cancel(this: &Source) -> Result<(), JsValue>;

    /// A promise that a timer settles.
    #[wasm_bindgen(extends = Promise)]
    #[derive(Debug, Clone)]
    pub(super) type Timer;

    #[wasm_bindgen(method, catch)]
    pub(super) fn cancel(this: &Timer) -> Result<(), JsValue>;

    /// How a call to another object ended: a text is a short result, as JSON. Otherwise it has exactly one of these members.
    #[derive(Debug, Clone)]
    pub(super) type Answer;

    /// JSON text of the result.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn ok(this: &Answer) -> Result<Option<Uint8Array>, JsValue>;

    /// An error in the form of `wire.rs`.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn error(this: &Answer) -> Result<Option<String>, JsValue>;

    /// What brings the items.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn source(this: &Answer) -> Result<Option<Source>, JsValue>;

    /// `panicked` or `interrupted`: the instance ended before the answer.
    #[wasm_bindgen(method, getter, catch)]
    pub(super) fn fault(this: &Answer) -> Result<Option<String>, JsValue>;
}

/// What an exception says: its message, or whatever it is.
pub(super) fn text_of(thrown: &JsValue) -> String {
    if let Some(error) = thrown.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    thrown.as_string().unwrap_or_else(|| format!("{thrown:?}"))
}

/// Whether a boolean property of an exception is set; platform errors say so what became of the object.
pub(super) fn flag_of(thrown: &JsValue, name: &str) -> bool {
    js_sys::Reflect::get(thrown, &JsValue::from_str(name)).is_ok_and(|value| value.is_truthy())
}

/// An object with one member, for the other side of the bridge.
pub(super) fn answer(member: &str, value: &JsValue) -> JsValue {
    let object = js_sys::Object::new();
    // Setting a property of a fresh plain object cannot fail.
    let _ = js_sys::Reflect::set(&object, &JsValue::from_str(member), value);
    object.into()
}

/// Hands an answer over. What the other side throws is its own affair: it has been told.
pub(super) fn deliver(done: &Function, value: &JsValue) {
    let _ = done.call1(&JsValue::UNDEFINED, value);
}
