#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Row)]
#[row(table = "users", schema = "main")]
struct User {
    #[column(key)]
    id: u64,
    #[column(uniqe)]
    email: String,
    #[column(auto)]
    number: u64,
    #[column(json, with = text)]
    tags: Vec<String>,
    #[column(unique, index)]
    slug: String,
    #[column(name = "slug")]
    short: String,
    #[column(skip, version)]
    version: u64,
}

fn main() {}
