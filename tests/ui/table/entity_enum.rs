#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
enum User {
    Known,
}

fn main() {}
