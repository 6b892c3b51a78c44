#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[event]
struct Heard;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    async fn on(this: Handle<Self>, event: Said) {}
}

#[durable_object(defers)]
struct Hall {}

#[durable_object]
impl Hall {
    #[event(Said)]
    async fn on(this: Handle<Self>, event: Heard) {}
}

fn main() {}
