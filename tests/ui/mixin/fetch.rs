#![allow(unused)]

use stayput::front::{Request, Response};
use stayput::prelude::*;

#[mixin]
struct Files {}

#[mixin]
impl Files {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }
}

fn main() {}
