#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
#[index(by_city(city), uniqe)]
#[index(city, age)]
#[index(by_age(age + 1))]
struct User {
    #[key]
    id: u64,
    #[index(include(age))]
    city: String,
    age: u32,
}

fn main() {}
