#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(get = "/users/{id}")]
    fn user(&self, id: u64) {}

    #[action(get = "/users/{name}")]
    fn by_name(&self, name: String) {}

    #[action(post = "/join")]
    fn enter(&mut self) {}

    #[action]
    fn join(&mut self) {}

    #[action(get = "/list")]
    fn list(&self) {}
}

fn main() {}
