#![allow(unused)]

use stayput::front::{Request, Response};
use stayput::prelude::*;

#[durable_object]
struct Folder {}

#[durable_object]
impl Folder {
    #[event(fetch, public, scope = "x")]
    async fn one(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }

    #[event(fetch)]
    async fn two(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }

    #[event(start, public)]
    fn start(&mut self) {}

    #[event(fetch, required)]
    async fn three(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }
}

fn main() {}
