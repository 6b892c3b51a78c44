//! Beginning to listen to events of which something is kept: what was missed comes first, then everything that follows, and
//! nothing twice.
//!
//! The records are read while no turn writes, and what they tell is sent when they are durable, in line with the events of
//! the turns before and after: so the connection begins to listen exactly where the records end.

use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::by_call::Entrance;
use super::core::Core;
use super::delivery::IncomingCall;
use super::{Host, storage_error};
use crate::action::{Fault, refuse};
use crate::error::Code;
use crate::event::{Cursor, Page, Sought, page};
use crate::object::{Envelope, Mode, Object};
use crate::rpc::{Reply, WireError, from_utf8};
use crate::socket::{Attachment, Audience, CloseCode, ConnectionKind, EventPacket, Packet, lost};

/// What has a connection listen. No client can call it: it is the action of no class.
pub(crate) const ACTION: &str = "~subscribe";

/// In place of a cursor: from the oldest event that is kept.
const OLDEST: &str = "oldest";

/// To which events, and from where on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Wire names, sorted.
    pub(crate) events: Vec<Arc<str>>,
    /// A cursor, or [`OLDEST`]; from now on, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<String>,
}

impl Listening {
    /// As parameters of the call.
    pub(crate) fn params(&self) -> Bytes {
        // Texts always encode.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

/// What is answered.
#[derive(Serialize)]
struct Answer<'a> {
    events: &'a [Arc<str>],
    cursor: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    gap: &'a [Arc<str>],
}

impl<T: Object> Host<T> {
    /// Takes a call of [`ACTION`]. The object need not be loaded.
    pub(super) fn listen_by_call(&self, call: IncomingCall) {
        self.by_call(
            call,
            0,
            Entrance::AsItIs(Mode::Read),
            |host, call, guard| {
                let declared = |name: &Arc<str>| {
                    let mut declared = host.class.declared.iter();
                    let event = declared.find(|event| event.name == *name)?;
                    Some(Sought {
                        name: &event.name,
                        mount: &event.mount,
                        info: event.info,
                    })
                };
                let reply = host.core.listen(call, &declared);
                drop(guard);
                Box::pin(ready(reply))
            },
        );
    }
}

impl Core {
    fn listen<'a>(
        &self,
        call: &Envelope,
        declared: &dyn Fn(&Arc<str>) -> Option<Sought<'a>>,
    ) -> Reply {
        let Ok(Listening { events, after }) = from_utf8(&call.params) else {
            return Err(lost());
        };
        let connections = self.environment.connections(self.identity.id);
        let (id, connections) = call.connection.zip(connections).ok_or_else(lost)?;
        let listener = connections.get(id).ok_or_else(lost)?;
        let after = after.as_deref().map(place).transpose()?;
        let of: Vec<_> = events.iter().filter_map(declared).collect();
        // What an unborn object has written may never be committed.
        let records = if self.born.get() {
            self.records.clone()
        } else {
            self.records.apart()
        };
        let now = self.environment.now();
        let page = page(&records, &of, after.as_ref(), &listener, now);
        let page = page.map_err(|fault| storage_error(&fault))?;
        let answer = answer(&listener, &events, &page);
        let Page {
            packets,
            cursor,
            more,
            gap,
        } = page;
        let is_stream = listener.kind == ConnectionKind::Sse;
        let environment = self.environment.clone();
        let of_object = self.identity.id;
        let gate = move |result: Result<(), _>| {
            let Some(connections) = environment
                .connections(of_object)
                .filter(|_| result.is_ok())
            else {
                return;
            };
            let send = |packet| connections.send(Audience::One(id), &Packet::Event(packet));
            if is_stream && !gap.is_empty() {
                send(missing(&gap));
            }
            packets.into_iter().for_each(send);
            if is_stream {
                send(EventPacket::placed(
                    "".into(),
                    Bytes::new(),
                    Some(cursor.to_string()),
                    Vec::new(),
                ));
            }
            match (more, is_stream) {
                (false, _) if connections.subscribe(id, &events, true).is_none() => {
                    // What it listens to does not fit beside its socket any more.
                    connections.close(id, CloseCode::TooBig.number(), "too many events");
                }
                // It connects again, and goes on where it was.
                (true, true) => connections.close(id, CloseCode::Restart.number(), "more"),
                _ => {}
            }
        };
        self.store.gate(self.seq.get(), Box::new(gate));
        answer
    }
}

fn place(after: &str) -> Result<Cursor, Box<WireError>> {
    if after == OLDEST {
        return Ok(Cursor {
            log: Cursor::NO_LOG.into(),
            at: 0,
        });
    }
    after.parse().map_err(|_| {
        let expected = "a cursor as it came with an event or an answer, or `oldest`";
        refuse(vec![
            Fault::new("/after".to_owned(), "cursor", expected).received(after),
        ])
    })
}

/// Everything that the connection listens to then, and how far it has come.
fn answer(listener: &Rc<Attachment>, events: &[Arc<str>], page: &Page) -> Reply {
    let mut then = (**listener).clone();
    if !page.more {
        then.subscribe(events, true);
    }
    let answer = Answer {
        events: &then.events,
        cursor: page.cursor.to_string(),
        more: page.more,
        gap: &page.gap,
    };
    let text = serde_json::to_vec(&answer);
    text.map(Bytes::from)
        .map_err(|fault| Box::new(WireError::framework(Code::Internal, fault.to_string())))
}

/// Tells a stream, which gets no answer, that some events are missing.
fn missing(gap: &[Arc<str>]) -> Arc<EventPacket> {
    // A list of texts always encodes.
    let data = serde_json::to_vec(&serde_json::json!({ "events": gap })).unwrap_or_default();
    EventPacket::new("rpc.gap".into(), data.into())
}
