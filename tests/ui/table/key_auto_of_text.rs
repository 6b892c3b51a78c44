#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key(auto)]
    id: String,
}

fn main() {}
