#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(status = 201)]
    fn a(&mut self) {}

    #[action(post = "/b", status = 404)]
    fn b(&mut self) {}

    #[action(get = "/c", status = 201)]
    fn c(&self) {}

    #[action(get = "/d", none = 404)]
    fn d(&self) {}

    #[action(post = "/e", none = 200)]
    fn e(&mut self) {}

    #[action(get = "/f", post = "/f")]
    fn f(&self) {}

    #[action(internal, get = "/g")]
    fn g(&self) {}

    #[action(get = "/h", location = "/h")]
    fn h(&self) {}
}

fn main() {}
