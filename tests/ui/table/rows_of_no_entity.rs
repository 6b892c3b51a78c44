#![allow(unused)]

use stayput::prelude::*;

#[data]
struct User {
    id: u64,
}

#[durable_object]
struct Club {
    users: Table<User>,
}

#[durable_object]
impl Club {}

fn main() {}
