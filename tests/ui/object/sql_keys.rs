#![allow(unused)]

use stayput::prelude::*;

#[durable_object(sql(migration = TABLES))]
struct Ledger {}

#[durable_object(sql = TABLES)]
struct Book {}

#[durable_object]
impl Ledger {}

#[durable_object]
impl Book {}

fn main() {}
