#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    age: u32,
}

fn grown_ups(users: &Table<User>) -> Vec<User> {
    users.query().filter(User::AEG.gte(18)).all()
}

fn main() {}
