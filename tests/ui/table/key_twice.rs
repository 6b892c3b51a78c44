#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    #[key]
    email: String,
}

fn main() {}
