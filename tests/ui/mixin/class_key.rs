#![allow(unused)]

use stayput::prelude::*;

#[mixin(class = "presence")]
struct Presence {}

#[mixin]
impl Presence {}

fn main() {}
