#![allow(unused)]

use stayput::prelude::*;

#[event(start)]
fn start() {}

fn main() {}
