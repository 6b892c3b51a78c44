#![allow(unused)]

use stayput::prelude::*;

#[derive(Default)]
struct Polite;

#[durable_object(middleware(Polite))]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
