#![allow(unused)]

use stayput::prelude::*;

#[event]
struct Said<T> {
    value: T,
}

fn main() {}
