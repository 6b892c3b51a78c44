#![allow(unused)]

use stayput::prelude::*;

#[event(durable)]
struct Clients;

#[event(objects)]
struct Passing;

#[event(durable, objects)]
struct Renamed;

#[durable_object(defers, events(Clients, Renamed))]
struct User {}

#[durable_object]
impl User {}

#[durable_object(defers, subscribes(Renamed, Renamed))]
struct Twice {}

#[durable_object]
impl Twice {}

fn main() {}
