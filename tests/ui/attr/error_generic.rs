#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError<T> {
    Full(T),
}

fn main() {}
