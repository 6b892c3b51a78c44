#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError {
    #[error(status = 200)]
    Full,
}

fn main() {}
