#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room
where
    u8: Copy,
{
}

fn main() {}
