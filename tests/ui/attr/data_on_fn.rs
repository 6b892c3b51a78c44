#![allow(unused)]

use stayput::prelude::*;

#[data]
fn room() {}

fn main() {}
