#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
struct Settings {
    port: u16,
    #[config(name = "PORT")]
    other: u16,
}

fn main() {}
