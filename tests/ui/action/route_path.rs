#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(get = "users")]
    fn a(&self) {}

    #[action(get = "/~users")]
    fn b(&self) {}

    #[action(get = "/{id}")]
    fn c(&self, id: u64) {}

    #[action(get = "/users/u{id}")]
    fn d(&self, id: u64) {}

    #[action(get = "/users/")]
    fn e(&self) {}

    #[action(post = "/users", location = "users/{id}")]
    fn f(&mut self) -> u64 {
        1
    }
}

fn main() {}
