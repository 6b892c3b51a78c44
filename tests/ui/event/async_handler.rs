#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said;

#[durable_object(defers)]
struct Room {}

#[durable_object]
impl Room {
    #[event(Said)]
    async fn on(&mut self, event: Said) {}

    #[event(Said)]
    async fn nowhere(event: Said) {}

    #[event(Said)]
    async fn holding(this: Handle<Self>, cx: &mut Context<Self>, event: &Said) -> Result<()> {
        Ok(())
    }

    #[event(Said)]
    async fn more(this: Handle<Self>, event: Said, other: Said) {}

    #[event(Said, required)]
    async fn needed(this: Handle<Self>, event: Said) {}
}

fn main() {}
