#![allow(unused)]

use stayput::prelude::*;

#[mixin]
struct Presence {}

#[mixin]
impl Presence {
    #[action]
    fn list(&self) {}
}

stayput::app!(Presence);

fn main() {}
