#![allow(unused)]

use stayput::front::{Request, Response};
use stayput::prelude::*;

#[durable_object]
struct Folder {}

#[durable_object]
impl Folder {
    #[event(fetch)]
    async fn one(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }

    #[event(fetch, public)]
    async fn two(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }
}

fn main() {}
