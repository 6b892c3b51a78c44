#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, text: String) {}

    #[action]
    async fn poke(&mut self, cx: &mut Context<Self>) -> Result<()> {
        Ok(Room::named(cx, "lobby").say(5).await?)
    }
}

fn main() {}
