#![allow(unused)]

use stayput::prelude::*;

type Fallible = Result<u8>;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&self) -> Fallible {
        Ok(1)
    }
}

fn main() {}
