#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    async fn look(&self, cx: &Context<Self>) -> Result<String, HttpError> {
        Ok(cx.http().get("https://example.com").send().await?.text()?.to_owned())
    }
}

fn main() {}
