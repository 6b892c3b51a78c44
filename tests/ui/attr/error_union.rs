#![allow(unused)]

use stayput::prelude::*;

#[derive(ActionError)]
union RoomError {
    a: u8,
}

fn main() {}
