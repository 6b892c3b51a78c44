#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    #[column(key)]
    id: u64,
}

#[durable_object(sql)]
struct Club {}

#[durable_object]
impl Club {
    #[action(public)]
    fn join(&self, cx: &Context<Self>, user: User) -> Result<User, RepositoryError> {
        cx.sql_read().repository::<User>().save(user)
    }

    #[action(public)]
    fn leave(&self, cx: &Context<Self>, id: u64) -> Result<u64, RepositoryError> {
        cx.sql_read().repository::<User>().query_mut().filter(User::ID.eq(id)).delete()
    }

    #[action(public)]
    fn both(&self, cx: &Context<Self>, user: User) -> Result<(), RepositoryError> {
        let work = UnitOfWork::new();
        work.join(cx.sql_read().repository::<User>()).insert(user);
        work.commit()
    }
}

fn main() {}
