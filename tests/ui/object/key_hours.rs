use stayput::prelude::*;

#[durable_object(key_hours = 0)]
struct Till {}

#[durable_object]
impl Till {}

#[durable_object(key_hours = "72")]
struct Safe {}

#[durable_object]
impl Safe {}

fn main() {}
