#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, #[param(default = 1)] cx: &mut Context<Self>) {}
}

fn main() {}
