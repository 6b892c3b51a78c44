#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError {
    #[error("full")]
    Full,
}

fn main() {}
