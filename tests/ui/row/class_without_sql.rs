#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    #[column(key)]
    id: u64,
}

#[durable_object]
struct Club {}

#[durable_object]
impl Club {
    #[action(public)]
    fn join(&mut self, cx: &mut Context<Self>, user: User) -> Result<User, RepositoryError> {
        cx.sql().repository::<User>().save(user)
    }
}

fn main() {}
