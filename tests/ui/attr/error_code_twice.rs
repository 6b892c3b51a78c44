#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
#[error(prefix = "room")]
enum RoomError {
    Full,
    #[error(code = "full")]
    Crowded,
}

fn main() {}
