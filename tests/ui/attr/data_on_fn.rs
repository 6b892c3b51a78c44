use stayput::prelude::*;

#[data]
fn room() {}

fn main() {}
