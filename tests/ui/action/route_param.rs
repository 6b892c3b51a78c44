#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(get = "/users/{name}")]
    fn user(&self, id: u64) {}

    #[action(put = "/users/{id}/{id}")]
    fn rename(&mut self, id: u64) {}

    #[action(delete = "/users/{id}")]
    fn clear(&mut self) {}
}

fn main() {}
