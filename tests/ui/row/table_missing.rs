#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
struct User {
    #[column(key)]
    id: u64,
}

fn main() {}
