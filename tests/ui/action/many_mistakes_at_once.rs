#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(pubic)]
    fn one(&self) {}

    #[action]
    fn two(self) {}

    #[action]
    fn three(&self, #[param(min = "a")] x: &str) -> &str {
        ""
    }

    #[action]
    fn fine(&self) -> u8 {
        1
    }

    async fn user(&mut self, cx: &mut Context<Self>) {
        _ = Room::named(cx, "x").fine().await;
    }
}

fn main() {}
