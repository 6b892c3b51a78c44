use stayput::prelude::*;

fn step(_: &mut Till) -> Result<()> {
    Ok(())
}

#[durable_object(version = 2, upgrades(step))]
struct Till {}

#[durable_object]
impl Till {}

#[durable_object(destroy_after = 30)]
struct Tent {}

#[durable_object]
impl Tent {}

fn main() {}
