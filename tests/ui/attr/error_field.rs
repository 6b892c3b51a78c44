#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError {
    #[error(message = "holds {mx}")]
    Full { max: u32 },
}

fn main() {}
