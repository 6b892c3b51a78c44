#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    #[index]
    tags: Vec<String>,
}

fn main() {}
