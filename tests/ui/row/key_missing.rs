#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    id: u64,
    name: String,
}

fn main() {}
