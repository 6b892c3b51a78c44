#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
#[index(by_city_and_age(city, aeg), include(nickname))]
struct User {
    #[key]
    id: u64,
    city: String,
    age: u32,
}

fn main() {}
