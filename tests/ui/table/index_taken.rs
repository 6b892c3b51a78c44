#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
#[index(city(city, age))]
#[index(age(city))]
struct User {
    #[key]
    #[index]
    id: u64,
    #[index]
    city: String,
    age: u32,
}

fn main() {}
