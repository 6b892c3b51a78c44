#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
struct Settings {
    ports: Vec<u16>,
}

fn main() {}
