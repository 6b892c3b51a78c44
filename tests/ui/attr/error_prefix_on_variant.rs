#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError {
    #[error(prefix = "room")]
    Full,
}

fn main() {}
