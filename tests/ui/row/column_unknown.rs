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

fn grown_ups(users: &impl ReadRepository<User>) -> Result<Vec<User>, RepositoryError> {
    users.find(User::AEG.gte(18))
}

fn main() {}
