#![allow(unused)]

use stayput::prelude::*;

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    async fn tell(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<(), HttpError> {
        cx.http().get("https://example.com").send().await?;
        Ok(())
    }
}

fn main() {}
