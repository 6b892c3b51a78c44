#![allow(unused)]

use stayput::prelude::*;

#[action(public)]
fn say() {}

fn main() {}
