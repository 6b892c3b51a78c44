#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
#[index(by_age(age), where = |user| user.age > 17)]
#[index(by_aeg(aeg))]
struct User {
    #[column(key)]
    id: u64,
    age: u32,
}

fn main() {}
