#![allow(unused)]

use stayput::front::{FrontContext, Json, Request, Routes};
use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn size(&self) -> u64 {
        0
    }
}

stayput::app!(Room; routes(front));

fn front(routes: Routes) -> Routes {
    routes
        .get("/one", one)
        .get("/two", two)
        .method("three", three)
}

async fn one(cx: FrontContext) -> Json<u64> {
    Json(0)
}

async fn two(cx: FrontContext, request: Request) -> u64 {
    0
}

async fn three(cx: FrontContext, params: u64) -> u64 {
    params
}

fn main() {}
