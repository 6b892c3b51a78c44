//! The counter of the example, written by hand on the `worker` crate in the way of its own examples: requests by `fetch`,
//! the value in the object's storage.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, reason = "the macro writes functions without any")]

use serde::{Deserialize, Serialize};
use worker::{
    Context, DurableObject, Env, Request, Response, Result, State, durable_object, event,
};

/// The object.
#[derive(Debug)]
#[durable_object]
pub struct Counter {
    state: State,
}

#[derive(Deserialize)]
struct Call {
    id: u64,
    method: String,
    params: Option<Increment>,
}

#[derive(Deserialize)]
struct Increment {
    by: i64,
}

#[derive(Serialize)]
struct Answer {
    jsonrpc: &'static str,
    id: u64,
    result: i64,
}

impl DurableObject for Counter {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let call: Call = request.json().await?;
        let storage = self.state.storage();
        let mut value: i64 = storage.get("value").await?.unwrap_or(0);
        match (call.method.as_str(), call.params) {
            ("increment", Some(Increment { by })) => {
                value += by;
                storage.put("value", value).await?;
            }
            ("value", _) => {}
            _ => return Response::error("no such method", 404),
        }
        Response::from_json(&Answer {
            jsonrpc: "2.0",
            id: call.id,
            result: value,
        })
    }
}

/// `/counter/{name}` is the counter of that name.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let path = request.path();
    let name = path.rsplit('/').next().unwrap_or_default();
    let stub = env.durable_object("COUNTER")?.get_by_name(name)?;
    stub.fetch_with_request(request).await
}
