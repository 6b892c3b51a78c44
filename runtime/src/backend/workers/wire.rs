//! How a call and its error travel between two wasm instances: as JSON text, beside the bytes of the params or result.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::object::{Caller, Chain, Envelope, Link, ObjectId, Root, Target, Timestamp};
use crate::rpc::WireError;
use crate::socket::ConnectionId;

/// The version of both forms. During a deployment old and new instances may talk to each other.
const VERSION: u32 = 1;

/// An envelope without its params.
#[derive(Serialize, Deserialize)]
struct Header {
    v: u32,
    request_id: Arc<str>,
    class: Arc<str>,
    id: ObjectId,
    name: Option<Arc<str>>,
    action: Arc<str>,
    query: bool,
    deadline: Timestamp,
    root: Root,
    chain: Arc<[Link]>,
    caller: Arc<Caller>,
    read_only: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
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

/// The text of everything but the params.
pub(super) fn encode_envelope(envelope: &Envelope) -> Result<String, String> {
    let header = Header {
        v: VERSION,
        request_id: envelope.request_id.clone(),
        class: envelope.target.class.clone(),
        id: envelope.target.id,
        name: envelope.target.name.clone(),
        action: envelope.action.clone(),
        query: envelope.query,
        deadline: envelope.deadline,
        root: envelope.chain.root,
        chain: envelope.chain.links.clone(),
        caller: envelope.caller.clone(),
        read_only: envelope.read_only,
        connection: envelope.connection,
    };
    serde_json::to_string(&header).map_err(|fault| fault.to_string())
}

/// The envelope of a header and params.
pub(super) fn decode_envelope(header: &str, params: Vec<u8>) -> Result<Envelope, String> {
    let header: Header =
        serde_json::from_str(header).map_err(|fault| format!("envelope: {fault}"))?;
    if header.v != VERSION {
        return Err(format!(
            "envelope of version {}, this Worker reads version {VERSION}",
            header.v
        ));
    }
    Ok(Envelope {
        request_id: header.request_id,
        target: Target {
            class: header.class,
            id: header.id,
            name: header.name,
        },
        action: header.action,
        params: Bytes::from(params),
        query: header.query,
        deadline: header.deadline,
        chain: Chain {
            root: header.root,
            links: header.chain,
        },
        caller: header.caller,
        read_only: header.read_only,
        connection: header.connection,
    })
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
    use crate::object::{CallerKind, IdKey, Mode};

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
            query: true,
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
                subject: "ann".to_owned(),
                scopes: vec!["a:b".to_owned()],
                kind: CallerKind::User,
            }),
            read_only: true,
            connection: Some(ConnectionId::from_random([7; 16])),
        }
    }

    #[test]
    fn an_envelope_arrives_as_it_was() {
        let sent = envelope();
        let got = decode_envelope(&encode_envelope(&sent).unwrap(), sent.params.to_vec()).unwrap();
        assert_eq!(format!("{got:?}"), format!("{sent:?}"));
        assert_eq!(got.target, sent.target);
        assert_eq!(got.chain.root, sent.chain.root);
    }

    #[test]
    fn another_version_is_refused_by_number() {
        let header = encode_envelope(&envelope())
            .unwrap()
            .replacen("\"v\":1", "\"v\":2", 1);
        let refused = decode_envelope(&header, Vec::new()).unwrap_err();
        assert!(refused.contains("version 2"), "{refused}");
        assert!(decode_envelope("{}", Vec::new()).is_err());
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
