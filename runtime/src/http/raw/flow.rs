//! What it takes to bring bodies piece by piece.

use ::http::Method;

use super::{Upload, decode_response};
use crate::http::{Request, Response};
use crate::object::Envelope;
use crate::stream::{Begun, Pipe, Steer, Streams};

impl Streams {
    /// Responses that come piece by piece.
    pub(crate) const RESPONSES: Self = Self {
        open,
        respond,
        // No name leads to a handler of requests: nobody asks for it over a socket.
        frame: |_, _| {},
        steer: Steer::read,
        takes_body: false,
        #[cfg(target_arch = "wasm32")]
        workers: crate::backend::workers::Flows::BODIES,
    };

    /// Requests, too.
    pub(crate) const EXCHANGES: Self = Self {
        takes_body: true,
        ..Self::RESPONSES
    };
}

fn open(request: &Request, envelope: &mut Envelope) {
    let upload = request.head.extensions.get::<Upload>();
    let body = upload.map(|Upload(reader)| reader.clone());
    envelope.stream = Some(Pipe::exchange(envelope.request_id.clone(), body));
}

fn respond(request: &Request, begun: Begun) -> Option<Response> {
    let (text, rest) = match begun {
        Begun::Elsewhere(text) => (text, None),
        Begun::Here(reader) => {
            let (text, is_all) = reader.head()?;
            (text, Some(reader).filter(|_| !is_all))
        }
    };
    let mut response = decode_response(&text)?;
    if let Some(rest) = rest
        && *request.method() != Method::HEAD
    {
        response.extensions_mut().insert(rest);
    }
    Some(response)
}
