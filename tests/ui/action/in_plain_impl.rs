#![allow(unused)]

use stayput::prelude::*;

struct Room {}

impl Room {
    #[action]
    fn say(&self) {}
}

fn main() {}
