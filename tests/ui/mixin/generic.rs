#![allow(unused)]

use stayput::prelude::*;

#[mixin]
struct Presence<T> {
    value: T,
}

fn main() {}
