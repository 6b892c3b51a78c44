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
    fn give(&mut self, users: Table<User>) {
        self.users = users;
    }
}

fn main() {}
