#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
    tags: Vec<String>,
}

fn tagged(users: &Table<User>) -> Vec<User> {
    users.query().filter(User::TAGS.eq(vec!["a".to_owned()])).all()
}

fn main() {}
