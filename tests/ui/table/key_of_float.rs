#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: f64,
}

fn main() {}
