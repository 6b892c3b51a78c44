#![allow(unused)]

use stayput::prelude::*;

#[data]
#[derive(Entity)]
struct User<T> {
    #[key]
    id: T,
}

fn main() {}
