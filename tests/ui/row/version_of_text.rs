#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    #[column(key)]
    id: u64,
    #[column(version)]
    version: String,
}

fn main() {}
