//! Responses of handlers whose bodies are sent piece by piece.

use ::http::Method;
use bytes::Bytes;

use super::super::Response;
use super::super::raw::tidy;
use super::super::request::Trace;
use super::{Entrance, Pieces};
use crate::rpc::WireError;
use crate::stream::{Pipe, pour};

impl Entrance<'_> {
    /// The response, whose body a task sends from now on.
    pub(super) fn pour(
        &self,
        response: ::http::Response<Option<Pieces>>,
        method: &Method,
        label: &str,
        trace: &Trace,
    ) -> Result<Response, Box<WireError>> {
        let (head, body) = tidy(response)?.into_parts();
        let mut response = Response::from_parts(head, Bytes::new());
        let Some(Pieces(body)) = body.filter(|_| *method != Method::HEAD) else {
            return Ok(response);
        };
        let pipe = Pipe::exchange(trace.id.clone(), None);
        let reader = pipe.reader();
        let (environment, what) = (self.environment.clone(), label.to_owned());
        let id = trace.id.clone();
        self.environment.spawn(Box::pin(async move {
            if let Err(error) = pour(pipe, body).await {
                let text = &error.message;
                environment.report(&format!(
                    "request {id}: the body of `{what}` broke off: {text}"
                ));
            }
        }));
        #[cfg(target_arch = "wasm32")]
        let reader = crate::backend::workers::Pouring::new(reader);
        response.extensions_mut().insert(reader);
        Ok(response)
    }
}
