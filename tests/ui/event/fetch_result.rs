#![allow(unused)]

use stayput::front::Request;
use stayput::prelude::*;

#[data]
struct Answer {
    text: String,
}

#[durable_object]
struct Folder {}

#[durable_object]
impl Folder {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, request: Request) -> Result<Answer> {
        Ok(Answer { text: String::new() })
    }
}

fn main() {}
