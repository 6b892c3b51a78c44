//! The one table of framework errors: code, JSON-RPC code, HTTP status, retryable, meaning, remedy.

use crate::backend::StorageFault;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// What tells errors apart on the wire: `data.code`.
    pub code: &'static str,
    /// The JSON-RPC code.
    pub rpc_code: i32,
    /// The HTTP status, where the error decides the status.
    pub status: u16,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

macro_rules! codes {
    ($($variant:ident $code:literal $rpc_code:literal $status:literal $retryable:literal
        $meaning:literal $remedy:literal)*) => {
        /// An error of the framework. `docs/errors.md` is this list as a page.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code's row of the table.
            pub const fn info(self) -> &'static CodeInfo {
                match self {
                    $(Self::$variant => &CodeInfo {
                        code: $code,
                        rpc_code: $rpc_code,
                        status: $status,
                        retryable: $retryable,
                    },)*
                }
            }

            /// What happened. Not in the row, so that a Worker, which never says it, is not that much larger.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$variant => $remedy,)*
                }
            }

            /// The code with this text, if it is one of the framework's.
            pub fn named(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    // Faults of the protocol.
    ParseError "parse_error" -32700 400 false
        "The body is not JSON, or not UTF-8; of a body in CBOR: it is none, or has no JSON form."
        "Send one JSON document in UTF-8 without a byte order mark."
    InvalidRequest "invalid_request" -32600 400 false
        "The JSON is no JSON-RPC 2.0 request, or no parameters."
        "Send `jsonrpc`, `method`, `params` (object or array) and `id` as the message says."
    BatchTooLarge "batch_too_large" -32600 400 false
        "The batch has more than 50 elements; none was executed."
        "Split the batch."
    TooDeep "too_deep" -32600 400 false
        "The JSON is nested deeper than 128 levels; nothing was executed."
        "Flatten the value, or send the deep part as a string."
    MethodNotFound "method_not_found" -32601 404 false
        "The class has no action of this name that may be called from outside."
        "Use a name of `details.actions`; `details.nearest` is the likeliest."
    InvalidParams "invalid_params" -32602 400 false
        "Parameters are missing, unknown, of the wrong type or outside their bounds."
        "Correct every parameter listed in `details.faults`."
    Internal "internal" -32603 500 false
        "The action panicked or the framework failed. The text stays in the server's log."
        "Look for `request_id` in the server's log."
    // Who may call, and from where.
    Unauthenticated "unauthenticated" 1 401 false
        "The action is not public and the request carries no accepted credentials."
        "Send credentials, or mark the action `public`."
    Forbidden "forbidden" 1 403 false
        "The caller is known but lacks the scope the action asks for."
        "Ask for the scope in `details.scope`."
    AuthUnavailable "auth_unavailable" 1 503 true
        "The credentials cannot be checked now: what they are checked with cannot be had. Nothing was executed."
        "Try again later; the server's log says what it is."
    BadOrigin "bad_origin" 1 403 false
        "The `Origin` header names a foreign web page."
        "List the page's origin in `STAYPUT_ORIGINS`."
    BadHost "bad_host" 1 403 false
        "The `Host` header names a host this server does not answer for."
        "Use the address the server printed, or list the host in `STAYPUT_HOSTS`."
    // What the request names.
    MalformedRequest "malformed_request" 1 400 false
        "The URL or a header breaks the rules of HTTP."
        "Correct the part the message names."
    InvalidName "invalid_name" 1 400 false
        "The object's name is empty, `.`, `..`, starts with `~`, is longer than 512 bytes or is not percent-encoded UTF-8."
        "Choose another name; percent-encode it once."
    InvalidId "invalid_id" 1 400 false
        "The object's id is not 64 hex digits, or was made for another class, app or backend."
        "Use an id this class gave out; between backends, use the name."
    NotFound "not_found" 1 404 false
        "There is no such class, object or path."
        "Check the path; `details.nearest` is the likeliest class."
    MethodNotAllowed "method_not_allowed" 1 405 false
        "The path does not take this HTTP method; commands are never run by `GET`."
        "Use a method of the `Allow` header."
    TooLarge "too_large" 1 413 false
        "The body, a parameter or a reply is larger than its limit."
        "Send less at a time; the message names the limit."
    UnsupportedMediaType "unsupported_media_type" 1 415 false
        "The body is not declared as `application/json` in UTF-8 without content coding, nor as `application/cbor` where the app speaks it."
        "Send `Content-Type: application/json` and no `Content-Encoding`."
    RequestTimeout "request_timeout" 1 408 true
        "The request did not arrive in time; nothing was executed."
        "Send the whole request at once."
    UpgradeRequired "upgrade_required" 1 426 false
        "The path is opened as a WebSocket of version 13, or called by `POST`."
        "Open a WebSocket, or send `POST`."
    RateLimited "rate_limited" 1 429 true
        "Too many calls in a short time."
        "Wait as long as the `Retry-After` header says."
    // How calls meet.
    Conflict "conflict" 1 409 false
        "The object is not in the state the call expects."
        "Read the state again and decide anew."
    KeyReused "key_reused" 1 422 false
        "The idempotency key was used for a call with other parameters."
        "Make a new key for each call that means something new."
    KeyInUse "key_in_use" 1 409 true
        "The process that was started with this idempotency key has not ended."
        "Ask again later with the same key: the answer is that of the process."
    Deadlock "deadlock" 1 409 true
        "The call would wait for a call that waits for it; the younger one gives way. Nothing was changed."
        "Try again; if it happens often, let one side use `.send(cx)`."
    ReentrantCall "reentrant_call" 1 409 false
        "A call came back to an object that waits for it."
        "Call the method directly, or use `.send(cx)`."
    ReadOnlyChain "read_only_chain" 1 409 false
        "A query called a command, directly or through other objects."
        "Make the outer action a command (`&mut self`)."
    DepthExceeded "depth_exceeded" 1 409 false
        "More than 32 calls are nested in each other."
        "Break the chain with `.send(cx)`."
    Cancelled "cancelled" 1 499 false
        "Whoever asked for the items of a result reads them no longer. What the process had committed is kept."
        "Nothing: it was asked for."
    // The server's condition.
    Timeout "timeout" 1 504 true
        "The deadline passed (25 s, for a process 15 min). `maybe_executed` says whether the action may have taken effect."
        "Try again if the action may run twice; long work belongs into a process."
    Overloaded "overloaded" 1 503 true
        "Too much work is waiting; nothing was executed."
        "Wait as long as the `Retry-After` header says, then send less."
    ObjectReset "object_reset" 1 503 true
        "The object was reset; its committed state is intact."
        "Try again."
    IsolateReset "isolate_reset" 1 503 true
        "Another object's panic reset the isolate that ran this one; its committed state is intact."
        "Try again."
    Draining "draining" 1 503 true
        "The server is shutting down; nothing was executed."
        "Try again on a new connection."
    // Storage.
    Storage "storage" 1 503 true
        "The disk or the platform's storage failed; nothing was changed."
        "Try again; if it stays, look into the server's log."
    StorageFull "storage_full" 1 507 false
        "The storage is full; nothing was changed."
        "Free space on the disk of `STAYPUT_DATA`."
    StorageQuarantined "storage.quarantined" 1 503 false
        "The file that the object is in is damaged, or missing. It is left as it is; objects in other files go on."
        "Stop the server; `restore` a backup, or copy what can be read by `verify --salvage DIR`."
    StorageUnsupported "storage.unsupported" 1 501 false
        "The storage that the object has here knows no such thing; nothing was changed."
        "Use what the message names."
    StateNewer "state.newer_than_code" 1 500 false
        "The stored state was written by a newer version of the program."
        "Run the newer version."
    StateMigration "state.migration" 1 500 false
        "A migration of the object's tables or a step between versions of its state failed, or a migration that has run is not as it was. Nothing was changed."
        "Correct what the message names; a migration that has run stays as it is."
    StateUnreadable "state.unreadable" 1 500 false
        "A stored record does not fit the type that reads it."
        "Give the changed field a default, a migration or its old type."
    StateUnstorable "state.unstorable" 1 422 false
        "A value cannot be stored: too large, or of a shape JSON cannot hold. Nothing was changed."
        "Correct the field the message names."
    // Between objects.
    JsException "js_exception" 1 502 false
        "A method of an object that is written in JavaScript threw an exception; the message is the exception's."
        "Look into the Worker of that object."
    BadReply "bad_reply" 1 502 false
        "The called object's answer does not fit the type its stub expects; the action took effect."
        "Build both sides from the same source."
    // At start.
    ConfigMissing "config.missing" 1 500 false
        "A setting is missing. At start: exit code 2."
        "Set the variable the message names."
    ConfigInvalid "config.invalid" 1 500 false
        "A setting has a value that cannot be used. At start: exit code 2."
        "Correct the setting the message names."
    ConfigBindingMissing "config.binding_missing" 1 500 false
        "A class has no Durable Object namespace in the Worker's configuration, or nothing leads to another app that is called."
        "Add what the message names: on Workers `stayput wrangler` does, natively it is a setting."
    ConfigOpenListener "config.open_listener" 1 500 false
        "The program would listen beyond this machine without an authenticator. At start: exit code 2."
        "Listen on a loopback address, or set an authenticator."
}

impl Code {
    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        self.info().code
    }

    /// The code under which callers are told of a storage fault.
    pub const fn of_storage(fault: &StorageFault) -> Self {
        match fault {
            StorageFault::Io(_) => Self::Storage,
            StorageFault::Full => Self::StorageFull,
            StorageFault::Fenced => Self::ObjectReset,
            StorageFault::Quarantined(_) => Self::StorageQuarantined,
            StorageFault::Decode { .. } => Self::StateUnreadable,
            StorageFault::Encode { .. } => Self::StateUnstorable,
            StorageFault::Cursor { .. } => Self::InvalidParams,
            StorageFault::Migration { .. } => Self::StateMigration,
            StorageFault::Newer { .. } => Self::StateNewer,
        }
    }
}
