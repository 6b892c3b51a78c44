//! What a `fetch` handler takes, and what becomes of its answer.

use bytes::Bytes;

use super::super::door::{Answer, IntoResponse, Made, Pieces};
use super::super::{Request, Response};
use super::{Incoming, MAX_RESPONSE, decode_request, encode_response, tidy};
use crate::action::Params;
use crate::error::Code;
use crate::rpc::{Reply, WireError};
use crate::stream::Outflow;

/// What a `fetch` handler may take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no request",
    label = "no request is given in this form",
    note = "take a `Request`, whose body has been read, or a `Request<Incoming>`, whose body is read as it comes"
)]
pub trait FromRequest: Sized {
    /// Whether the body is read as it comes.
    #[doc(hidden)]
    const STREAMS: bool;
    #[doc(hidden)]
    fn from_request(request: Request, outflow: &Outflow) -> Self;
}

impl FromRequest for Request {
    const STREAMS: bool = false;

    fn from_request(request: Request, _: &Outflow) -> Self {
        request
    }
}

impl FromRequest for Request<Incoming> {
    const STREAMS: bool = true;

    fn from_request(request: Request, outflow: &Outflow) -> Self {
        let Request { head, body, peer } = request;
        let body = Incoming::new(body, outflow.take_request());
        Self { head, body, peer }
    }
}

/// The request that a handler is given.
pub fn raw_request<R: FromRequest>(
    params: &Params,
    outflow: &Outflow,
) -> Result<R, Box<WireError>> {
    let message = "only requests are brought to a `fetch` handler";
    let request = decode_request(params.text())
        .ok_or_else(|| Box::new(WireError::framework(Code::InvalidRequest, message)))?;
    Ok(R::from_request(request, outflow))
}

/// The answer of a handler, as it travels.
pub async fn raw_reply<R: IntoResponse>(outflow: Outflow, answer: R) -> Reply {
    let Answer(made) = answer.into_answer();
    match made? {
        Made::Pieces(response) if const { R::STREAMS } => {
            let (head, body) = tidy(*response)?.into_parts();
            let response = Response::from_parts(head, Bytes::new());
            // One of no status that has a body.
            let Some(Pieces(body)) = body else {
                return whole(&response);
            };
            outflow.respond(encode_response(&response), body).await
        }
        made => whole(&made.response()?),
    }
}

fn whole(response: &Response) -> Reply {
    if response.body().len() > MAX_RESPONSE {
        let message = format!(
            "the response is longer than {MAX_RESPONSE} bytes: send it piece by piece, by `Body::stream`"
        );
        return Err(Box::new(WireError::framework(Code::TooLarge, message)));
    }
    Ok(encode_response(response))
}
