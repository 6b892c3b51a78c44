//! Connections of clients to an object, and what an object's code sees of them.
//!
//! A connection is never a record: it lives in the backend, outlives the live object, and is gone when its socket is.

mod broadcast;
mod close;
mod connection;
mod effect;
mod frame;
mod hook;
mod list;
mod message;
mod packet;
mod query;
mod reply;
mod roster;
mod subscribe;
mod typed_frame;

pub use broadcast::Broadcast;
pub(crate) use broadcast::{Keep, Outgoing};

pub use close::{CloseCode, check_close, shorten_reason};
pub use connection::{
    Attachment, Connection, ConnectionId, ConnectionKind, MAX_ROOM_NAME, MAX_ROOMS, MAX_STATE,
};
pub use effect::{Audience, Recipients};
pub(crate) use effect::{Effect, Effects, View};
pub use frame::{Frame, MAX_FRAME};
pub use hook::{Disconnect, Gone, Hook, HookKind, Hooks, Incoming};
pub use list::ConnectionList;

pub use message::{MessageForm, TypedMessage};
pub(crate) use packet::own_names;
pub use packet::{EventPacket, Packet, stream_text};
pub use query::ConnectParams;
pub(crate) use query::check_query;
pub(crate) use reply::{MAX_PER_OBJECT, full, listed, lost, refusal};
pub(crate) use roster::Roster;
pub use typed_frame::{TypedFrame, TypedFrameError};
