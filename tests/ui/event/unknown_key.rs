#![allow(unused)]

use stayput::prelude::*;

#[event(nam = "said")]
struct Said;

fn main() {}
