#![allow(unused)]

use stayput::front::{Request, Response};
use stayput::prelude::*;

#[durable_object]
struct Nothing {}

#[durable_object]
impl Nothing {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<Response> {
        Ok(Response::default())
    }
}

#[durable_object]
struct TooMuch {}

#[durable_object]
impl TooMuch {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, request: Request, name: String) -> Result<Response> {
        Ok(Response::default())
    }
}

#[durable_object]
struct Borrowed {}

#[durable_object]
impl Borrowed {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, cx: &Context<Self>, request: &Request) -> Result<Response> {
        Ok(Response::default())
    }
}

#[durable_object]
struct Another {}

#[durable_object]
impl Another {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, request: String) -> Result<Response> {
        Ok(Response::default())
    }
}

fn main() {}
