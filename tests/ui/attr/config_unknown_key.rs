#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
struct Settings {
    #[config(env = "PORT")]
    port: u16,
}

fn main() {}
