use stayput::prelude::*;
use stayput::state::Upgrade;

fn step(_: &mut Upgrade<'_>) -> Result<()> {
    Ok(())
}


#[durable_object(version = 3, upgrades(step))]
struct Till {}

#[durable_object]
impl Till {}

#[durable_object(upgrades(step))]
struct Safe {}

#[durable_object]
impl Safe {}

#[durable_object(version = "2", upgrades(step))]
struct Purse {}

#[durable_object]
impl Purse {}

#[mixin(version = 1, upgrades(step))]
struct Coins {}

#[mixin]
impl Coins {}

fn main() {}
