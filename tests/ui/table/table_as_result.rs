#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User {
    #[key]
    id: u64,
}

#[durable_object]
struct Club {
    users: Table<User>,
}

#[durable_object]
impl Club {
    #[action]
    fn take(&mut self) -> Table<User> {
        std::mem::take(&mut self.users)
    }
}

fn main() {}
