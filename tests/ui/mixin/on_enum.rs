#![allow(unused)]

use stayput::prelude::*;

#[mixin]
enum Presence {
    One,
}

fn main() {}
