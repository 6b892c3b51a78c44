#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(
        &mut self,
        /// What to say.
        #[param(description = "What to say.")] text: String,
    ) {}
}

fn main() {}
