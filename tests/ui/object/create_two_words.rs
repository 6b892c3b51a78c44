use stayput::prelude::*;

#[durable_object(create = "rooms create")]
struct Room {}

#[durable_object]
impl Room {}

fn main() {}
