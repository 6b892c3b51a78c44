#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
struct Settings {
    #[config(default = 1)]
    port: Option<u16>,
}

fn main() {}
