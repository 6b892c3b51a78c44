#![allow(unused)]

use stayput::prelude::*;

#[derive(Config)]
struct Settings(u8);

fn main() {}
