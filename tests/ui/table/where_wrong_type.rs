#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
#[index(named(name), where = |user| user.name)]
struct User {
    #[key]
    id: u64,
    name: String,
}

fn main() {}
