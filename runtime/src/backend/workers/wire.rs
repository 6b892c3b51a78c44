//! How errors and connections travel between two wasm instances: as JSON text. Calls: `packed.rs`.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::object::{Caller, Listening, Timestamp};
use crate::rpc::{WireError, from_utf8};
use crate::socket::{Attachment, ConnectionId, ConnectionKind};

/// The version of these forms. During a deployment old and new instances may talk to each other.
const VERSION: u32 = 1;

/// A connection that wants in, on its way from the front to the object.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Newcomer {
    v: u32,
    pub(super) id: ConnectionId,
    /// The object's name, if it was called by it.
    pub(super) name: Option<Arc<str>>,
    pub(super) caller: Arc<Caller>,
    /// A stream of Server-Sent Events; else a WebSocket.
    pub(super) stream: bool,
    pub(super) raw: bool,
    /// Whether its messages are in the app's binary form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) binary: bool,
    pub(super) events: Vec<Arc<str>>,
    /// The query of the URL that it came by, if the class's handlers take any of it.
    #[serde(default = "nothing", skip_serializing_if = "str::is_empty")]
    pub(super) query: Arc<str>,
    /// What it listens to once it is let in, after what it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listening: Option<Listening>,
}

fn nothing() -> Arc<str> {
    "".into()
}

/// What lies beside the socket of a connection.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its place in the order in which they came.
    pub(super) number: u64,
    /// The object's name: one that was never born knows it from nowhere else.
    pub(super) name: Option<Arc<str>>,
    /// Whether text goes to the `message` handler.
    pub(super) raw: bool,
    /// Whether messages are in the app's binary form.
    pub(super) binary: bool,
    /// Whether its `connect` handlers have not ended.
    pub(super) opening: bool,
    pub(super) attachment: Attachment,
}

/// The form of a [`Peer`].
#[derive(Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is not so is not written"
)]
struct PeerForm {
    v: u32,
    n: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    raw: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    binary: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    opening: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    id: ConnectionId,
    since: Timestamp,
    caller: Arc<Caller>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rooms: Vec<Arc<str>>,
    /// JSON in JSON, not text in it: nothing is escaped twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    state: Vec<(Arc<str>, Box<RawValue>)>,
}

/// The form of [`WireError`].
#[derive(Serialize, Deserialize)]
struct ErrorForm<'a> {
    rpc_code: i32,
    status: u16,
    code: Cow<'a, str>,
    message: Cow<'a, str>,
    details: Option<Box<RawValue>>,
    retryable: bool,
    maybe_executed: bool,
}

impl Newcomer {
    pub(super) fn new(
        id: ConnectionId,
        name: Option<Arc<str>>,
        caller: Arc<Caller>,
        kind: ConnectionKind,
        raw: bool,
        binary: bool,
        events: Vec<Arc<str>>,
    ) -> Self {
        Self {
            v: VERSION,
            id,
            name,
            caller,
            stream: kind == ConnectionKind::Sse,
            raw,
            binary,
            events,
            query: nothing(),
            listening: None,
        }
    }

    pub(super) fn encode(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|fault| fault.to_string())
    }

    pub(super) fn decode(text: &str) -> Result<Self, String> {
        let newcomer: Self =
            serde_json::from_str(text).map_err(|fault| format!("connection: {fault}"))?;
        check_version("connection", newcomer.v)?;
        Ok(newcomer)
    }

    pub(super) fn kind(&self) -> ConnectionKind {
        kind(self.stream)
    }
}

/// A caller, as a ticket keeps it.
pub(super) fn encode_caller(caller: &Caller) -> Result<String, String> {
    serde_json::to_string(caller).map_err(|fault| fault.to_string())
}

/// The caller of a ticket.
pub(super) fn decode_caller(text: &str) -> Option<Caller> {
    serde_json::from_str(text).ok()
}

/// What to lay beside a socket.
pub(super) fn encode_peer(peer: &Peer) -> Result<Vec<u8>, String> {
    let attachment = &peer.attachment;
    let mut state = Vec::new();
    for (mount, text) in &attachment.state {
        let text = RawValue::from_string(text.to_string()).map_err(|fault| fault.to_string())?;
        state.push((mount.clone(), text));
    }
    let form = PeerForm {
        v: VERSION,
        n: peer.number,
        name: peer.name.clone(),
        raw: peer.raw,
        binary: peer.binary,
        opening: peer.opening,
        stream: attachment.kind == ConnectionKind::Sse,
        id: attachment.id,
        since: attachment.since,
        caller: attachment.caller.clone(),
        events: attachment.events.clone(),
        rooms: attachment.rooms.clone(),
        state,
    };
    serde_json::to_vec(&form).map_err(|fault| fault.to_string())
}

/// What lay beside a socket.
pub(super) fn decode_peer(form: &[u8]) -> Result<Peer, String> {
    let form: PeerForm = from_utf8(form).map_err(|fault| format!("connection: {fault}"))?;
    check_version("connection", form.v)?;
    let state = form.state.into_iter();
    let attachment = Attachment {
        events: form.events,
        rooms: form.rooms,
        state: state
            .map(|(mount, text)| (mount, text.get().into()))
            .collect(),
        ..Attachment::new(form.id, kind(form.stream), form.caller, form.since)
    };
    Ok(Peer {
        number: form.n,
        name: form.name,
        raw: form.raw,
        binary: form.binary,
        opening: form.opening,
        attachment,
    })
}

fn kind(stream: bool) -> ConnectionKind {
    if stream {
        ConnectionKind::Sse
    } else {
        ConnectionKind::WebSocket
    }
}

fn check_version(what: &str, version: u32) -> Result<(), String> {
    if version == VERSION {
        return Ok(());
    }
    Err(format!(
        "{what} of version {version}, this Worker reads version {VERSION}"
    ))
}

/// The text of an error.
pub(super) fn encode_error(error: &WireError) -> Result<String, String> {
    let form = ErrorForm {
        rpc_code: error.rpc_code,
        status: error.status,
        code: Cow::Borrowed(&error.code),
        message: Cow::Borrowed(&error.message),
        details: error.details.clone(),
        retryable: error.retryable,
        maybe_executed: error.maybe_executed,
    };
    serde_json::to_string(&form).map_err(|fault| fault.to_string())
}

/// The error of a text.
pub(super) fn decode_error(text: &str) -> Result<WireError, String> {
    let form: ErrorForm<'_> =
        serde_json::from_str(text).map_err(|fault| format!("error: {fault}"))?;
    Ok(WireError {
        rpc_code: form.rpc_code,
        status: form.status,
        code: Cow::Owned(form.code.into_owned()),
        message: Cow::Owned(form.message.into_owned()),
        details: form.details,
        retryable: form.retryable,
        maybe_executed: form.maybe_executed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn caller() -> Arc<Caller> {
        Arc::new(Caller {
            scopes: vec!["a:b".to_owned()],
            expires: Some(Timestamp::from_millis(1_800_000_000_000)),
            ip: Some(std::net::IpAddr::from([192, 0, 2, 1])),
            ..Caller::user("ann")
        })
    }

    #[test]
    fn a_connection_is_found_as_it_was() {
        let mut attachment = Attachment::new(
            ConnectionId::from_random([9; 16]),
            ConnectionKind::Sse,
            caller(),
            Timestamp::from_millis(5),
        );
        attachment.subscribe(&["said".into(), "presence.joined".into()], true);
        attachment.rooms = vec!["news".into(), "presence.here".into()];
        attachment.state = vec![("presence".into(), "{\"name\":\"\\\"ä\"}".into())];
        let peer = Peer {
            number: 7,
            name: Some("lobby".into()),
            raw: true,
            binary: true,
            opening: true,
            attachment,
        };
        let form = encode_peer(&peer).unwrap();
        assert_eq!(
            format!("{:?}", decode_peer(&form).unwrap()),
            format!("{peer:?}")
        );
        let form = String::from_utf8(form)
            .unwrap()
            .replacen("\"v\":1", "\"v\":2", 1);
        assert!(
            decode_peer(form.as_bytes())
                .unwrap_err()
                .contains("version 2")
        );
        assert!(decode_peer(b"{}").is_err());
    }

    #[test]
    fn a_newcomer_arrives_as_it_was() {
        let name = Some("\u{0} \"ä\"".into());
        let id = ConnectionId::from_random([9; 16]);
        let events = vec!["said".into()];
        let kind = ConnectionKind::WebSocket;
        let mut sent = Newcomer::new(id, name, caller(), kind, true, true, events);
        sent.query = "name=ann".into();
        sent.listening = Some(Listening {
            events: vec!["said".into()],
            after: Some("oldest".to_owned()),
        });
        let got = Newcomer::decode(&sent.encode().unwrap()).unwrap();
        assert_eq!(format!("{got:?}"), format!("{sent:?}"));
        assert_eq!(got.kind(), kind);
    }

    #[test]
    fn a_caller_arrives_as_it_was() {
        let sent = caller();
        let text = encode_caller(&sent).unwrap();
        assert_eq!(decode_caller(&text), Some((*sent).clone()));
        // One of a front of an earlier version.
        let text = r#"{"subject":"ann","scopes":[],"kind":"user"}"#;
        assert_eq!(decode_caller(text), Some(Caller::user("ann")));
        assert_eq!(decode_caller("{}"), None);
    }

    #[test]
    fn an_error_arrives_as_it_was() {
        let sent = WireError::framework(Code::Timeout, "too \"late\"")
            .details(&["a", "b"])
            .maybe_executed();
        let got = decode_error(&encode_error(&sent).unwrap()).unwrap();
        assert_eq!(format!("{got:?}"), format!("{sent:?}"));
        assert!(decode_error("[]").is_err());
    }
}
