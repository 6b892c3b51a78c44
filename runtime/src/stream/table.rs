//! What it takes to send results item by item, as data.

use bytes::Bytes;

use super::{Begun, Pipe, Steer};
use crate::http::{Request, Response, streamed};
use crate::object::Envelope;
use crate::rpc::WireError;

/// What it takes to send results item by item. Pointers, which only actions that do have: others link nothing of it.
pub struct Streams {
    /// Has the items of a call come in the form that its client asks for.
    pub(crate) open: fn(&Request, &mut Envelope),
    /// The response whose body they are; `None` if what has come is none.
    pub(crate) respond: fn(&Request, Begun) -> Option<Response>,
    /// Has them come as frames that answer the request with this id.
    pub(crate) frame: fn(&str, &mut Envelope),
    /// Reads the parameters of `rpc.cancel` or `rpc.more`.
    pub(crate) steer: fn(&str, &Bytes) -> Result<Steer, Box<WireError>>,
    /// Whether the body of the request is read as it comes.
    pub(crate) takes_body: bool,
    /// What the Workers backend does besides.
    #[cfg(target_arch = "wasm32")]
    pub(crate) workers: crate::backend::workers::Flows,
}

impl Streams {
    pub(crate) const ALL: Self = Self {
        open: streamed::open,
        respond: streamed::respond,
        frame: |id, envelope| {
            envelope.stream = Some(Pipe::framed(id, envelope.request_id.clone()));
        },
        steer: Steer::read,
        takes_body: false,
        #[cfg(target_arch = "wasm32")]
        workers: crate::backend::workers::Flows::ALL,
    };
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams(..)")
    }
}
