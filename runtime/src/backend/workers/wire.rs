//! How calls, their errors and connections travel between two wasm instances: as JSON text.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::action::InUrl;
use crate::object::{Caller, Chain, Envelope, Link, Listening, ObjectId, Root, Target, Timestamp};
use crate::rpc::{WireError, from_utf8};
use crate::socket::{Attachment, ConnectionId, ConnectionKind};
use crate::time::Owed;

/// The version of all forms. During a deployment old and new instances may talk to each other.
const VERSION: u32 = 1;

/// Params and results up to this length travel as text: bytes cost the platform's serializer 20 to 40 microseconds more,
/// of the 190 that a call takes at least (measured on `workerd` 1.20261117), and longer texts cost more to convert.
const MAX_TEXT: usize = 16 << 10;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Packed {
    /// The header in a line of its own, and below it the params, if they are short text.
    pub(super) text: String,
    /// The params, if they are not.
    pub(super) params: Option<Bytes>,
}

/// An envelope without its params.
#[derive(Serialize, Deserialize)]
struct Header {
    v: u32,
    request_id: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    action: Arc<str>,
    /// Which parameters are of the URL.
    #[serde(default, skip_serializing_if = "is_zero")]
    in_url: u16,
    deadline: Timestamp,
    root: Root,
    #[serde(default, skip_serializing_if = "is_empty")]
    chain: Arc<[Link]>,
    caller: Arc<Caller>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owed: Option<Owed>,
}

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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(bits: &u16) -> bool {
    *bits == 0
}

fn is_empty(chain: &Arc<[Link]>) -> bool {
    chain.is_empty()
}

/// The text of a short result; bytes that are none, or long, travel as they are.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    (bytes.len() <= MAX_TEXT)
        .then(|| str::from_utf8(bytes).ok())
        .flatten()
}

/// The form of a call.
pub(super) fn encode_envelope(envelope: &Envelope) -> Result<Packed, String> {
    let header = Header {
        v: VERSION,
        request_id: envelope.request_id.clone(),
        name: envelope.target.name.clone(),
        action: envelope.action.clone(),
        in_url: envelope.in_url.bits(),
        deadline: envelope.deadline,
        root: envelope.chain.root,
        chain: envelope.chain.links.clone(),
        caller: envelope.caller.clone(),
        read_only: envelope.read_only,
        connection: envelope.connection,
        key: envelope.key.clone(),
        owed: envelope.owed.clone(),
    };
    let mut text = serde_json::to_string(&header).map_err(|fault| fault.to_string())?;
    let mut params = None;
    match as_text(&envelope.params) {
        Some(short) => {
            text.push('\n');
            text.push_str(short);
        }
        None => params = Some(envelope.params.clone()),
    }
    Ok(Packed { text, params })
}

/// The envelope of a call of the object with this class path and id: its text, and its params if they are not in it.
pub(super) fn decode_envelope(
    (class, id): (&Arc<str>, ObjectId),
    text: String,
    params: Option<Vec<u8>>,
) -> Result<Envelope, String> {
    // JSON text has no line break of its own.
    let end = text.find('\n').unwrap_or(text.len());
    let header: Header =
        serde_json::from_str(&text[..end]).map_err(|fault| format!("envelope: {fault}"))?;
    check_version("envelope", header.v)?;
    Ok(Envelope {
        request_id: header.request_id,
        target: Target {
            class: class.clone(),
            id,
            name: header.name,
        },
        action: header.action,
        params: if let Some(params) = params {
            params.into()
        } else {
            let text = Bytes::from(text);
            text.slice((end + 1).min(text.len())..)
        },
        in_url: InUrl::from_bits(header.in_url),
        deadline: header.deadline,
        chain: Chain {
            root: header.root,
            links: header.chain,
        },
        caller: header.caller,
        read_only: header.read_only,
        near: None,
        connection: header.connection,
        key: header.key,
        stream: None,
        owed: header.owed,
    })
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
    use crate::object::{IdKey, Mode};

    fn envelope() -> Envelope {
        let id = IdKey::new("key").named("a");
        Envelope {
            request_id: "r-1".into(),
            target: Target {
                class: "chat-room".into(),
                id,
                name: Some("\u{0} \"ä\"".into()),
            },
            action: "say".into(),
            params: Bytes::from_static(b"{\"text\":1.0}"),
            in_url: InUrl::ALL,
            deadline: Timestamp::from_millis(1_700_000_000_123),
            chain: Chain {
                root: Root {
                    started: Timestamp::from_millis(5),
                    nonce: u64::MAX,
                },
                links: Arc::from([]),
            }
            .with(id, Mode::Write)
            .with(id, Mode::Free),
            caller: Arc::new(Caller {
                scopes: vec!["a:b".to_owned()],
                expires: Some(Timestamp::from_millis(1_800_000_000_000)),
                ip: Some(std::net::IpAddr::from([192, 0, 2, 1])),
                ..Caller::user("ann")
            }),
            read_only: true,
            near: None,
            connection: Some(ConnectionId::from_random([7; 16])),
            key: Some("order-7".into()),
            stream: None,
            owed: Some(Owed::Send {
                from: "order/1".into(),
                life: Timestamp::from_millis(7),
                number: u64::MAX,
            }),
        }
    }

    #[test]
    fn an_envelope_arrives_as_it_was() {
        let sent = envelope();
        let got = sent_over(&sent);
        assert_eq!(format!("{got:?}"), format!("{sent:?}"));
        assert_eq!(got.target, sent.target);
        assert_eq!(got.chain.root, sent.chain.root);
    }

    fn sent_over(sent: &Envelope) -> Envelope {
        let Packed { text, params } = encode_envelope(sent).unwrap();
        let Target { class, id, .. } = &sent.target;
        decode_envelope((class, *id), text, params.map(|params| params.to_vec())).unwrap()
    }

    #[test]
    fn params_arrive_as_they_were_whether_as_text_or_as_bytes() {
        let long = vec![b' '; MAX_TEXT + 1];
        let cases: [(&[u8], bool); 6] = [
            (b"", true),
            (b"\n\n{\"a\":\n1}\n", true),
            ("\u{feff}\u{0}ä\u{1f600}".as_bytes(), true),
            (&long[..MAX_TEXT], true),
            (&long, false),
            (b"{\"a\":\"\xff\"}", false),
        ];
        for (params, as_text) in cases {
            let sent = Envelope {
                params: Bytes::copy_from_slice(params),
                ..envelope()
            };
            assert_eq!(encode_envelope(&sent).unwrap().params.is_none(), as_text);
            assert_eq!(sent_over(&sent).params, params);
        }
    }

    #[test]
    fn another_version_is_refused_by_number() {
        let sent = envelope();
        let Target { class, id, .. } = &sent.target;
        let Packed { text, .. } = encode_envelope(&sent).unwrap();
        let text = text.replacen("\"v\":1", "\"v\":2", 1);
        let refused = decode_envelope((class, *id), text, None).unwrap_err();
        assert!(refused.contains("version 2"), "{refused}");
        assert!(decode_envelope((class, *id), "{}".to_owned(), None).is_err());
    }

    #[test]
    fn a_connection_is_found_as_it_was() {
        let sent = envelope();
        let mut attachment = Attachment::new(
            ConnectionId::from_random([9; 16]),
            ConnectionKind::Sse,
            sent.caller,
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
        let sent = envelope();
        let id = ConnectionId::from_random([9; 16]);
        let events = vec!["said".into()];
        let kind = ConnectionKind::WebSocket;
        let mut sent = Newcomer::new(id, sent.target.name, sent.caller, kind, true, true, events);
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
        let sent = envelope().caller;
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
