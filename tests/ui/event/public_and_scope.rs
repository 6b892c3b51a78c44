#![allow(unused)]

use stayput::prelude::*;

#[event(public, scope = "room:read")]
struct Said;

fn main() {}
