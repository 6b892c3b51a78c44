#![allow(unused)]

use stayput::prelude::*;

#[data]
struct User {
    id: u64,
}

#[durable_object(sql)]
struct Club {}

#[durable_object]
impl Club {
    #[action(public)]
    fn all(&self, cx: &Context<Self>) -> Result<u64, RepositoryError> {
        cx.sql_read().repository::<User>().count(Find::all())
    }

    #[action(public)]
    fn raw(&self, cx: &Context<Self>) -> Result<Vec<User>> {
        Ok(cx.sql_read().query("SELECT * FROM users", ()).all()?)
    }
}

fn main() {}
