#![allow(unused)]

use stayput::prelude::*;

#[event(scope = "room read")]
struct Said;

fn main() {}
