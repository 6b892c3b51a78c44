#![allow(unused)]

use stayput::prelude::*;

#[event(durable)]
struct Clients;

#[event(durable, objects)]
struct Renamed;

#[event(durable, objects)]
struct Other;

#[durable_object(defers, events(Clients, Renamed))]
struct User {}

#[durable_object]
impl User {}

#[durable_object(defers)]
struct Deaf {}

#[durable_object]
impl Deaf {
    #[action]
    fn add(&mut self, cx: &mut Context<Self>) {
        User::named(cx, "u").subscribe::<Renamed>(cx);
    }
}

#[durable_object(subscribes(Clients, Other, Renamed))]
struct Team {}

#[durable_object]
impl Team {
    #[action]
    fn not_for_objects(&mut self, cx: &mut Context<Self>) {
        User::named(cx, "u").subscribe::<Clients>(cx);
    }

    #[action]
    fn of_another(&mut self, cx: &mut Context<Self>) {
        User::named(cx, "u").subscribe::<Other>(cx);
    }

    #[action]
    fn while_asking(&self, cx: &Context<Self>) {
        User::named(cx, "u").subscribe::<Renamed>(cx);
    }
}

fn main() {}
