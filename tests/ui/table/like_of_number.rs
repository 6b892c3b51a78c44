#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    age: u32,
}

fn teens(users: &Table<User>) -> Vec<User> {
    users.query().filter(User::AGE.like("1_")).all()
}

fn main() {}
