#![allow(unused)]

use stayput::middleware::RateLimit;
use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action(middleware(RateLimit))]
    fn say(&mut self) {}
}

fn main() {}
