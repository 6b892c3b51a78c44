#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users")]
struct User {
    #[column(key)]
    id: u64,
    #[column(version)]
    version: u64,
    #[column(version)]
    changes: u64,
}

#[data]
#[derive(Entity)]
struct House {
    #[key]
    id: u64,
    #[version]
    version: u64,
    #[version]
    changes: u64,
}

fn main() {}
