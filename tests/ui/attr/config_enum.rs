#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
enum Settings {
    One,
}

fn main() {}
