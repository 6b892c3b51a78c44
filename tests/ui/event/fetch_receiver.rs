#![allow(unused)]

use stayput::front::{Request, Response};
use stayput::prelude::*;

#[durable_object]
struct Folder {}

#[durable_object]
impl Folder {
    #[event(fetch)]
    async fn fetch(&mut self, cx: &mut Context<Self>, request: Request) -> Result<Response> {
        Ok(Response::default())
    }
}

#[durable_object]
struct Drawer {}

#[durable_object]
impl Drawer {
    #[event(fetch)]
    async fn fetch(request: Request) -> Result<Response> {
        Ok(Response::default())
    }
}

fn main() {}
