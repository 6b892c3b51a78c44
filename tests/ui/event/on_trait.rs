#![allow(unused)]

use stayput::prelude::*;

#[event]
trait Said {}

fn main() {}
