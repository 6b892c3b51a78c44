#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    age: u32,
}

#[data]
#[derive(Entity)]
struct House {
    #[key]
    id: u64,
    age: u32,
}

fn old(users: &Table<User>) -> Vec<User> {
    users.query().filter(House::AGE.gt(100)).all()
}

fn main() {}
