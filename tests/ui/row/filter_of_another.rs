#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    #[column(key)]
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

fn old(users: &impl ReadRepository<User>) -> Result<Vec<User>, RepositoryError> {
    users.find(House::AGE.gt(100))
}

fn main() {}
