#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    id: u64,
    #[index]
    age: u32,
}

fn main() {}
