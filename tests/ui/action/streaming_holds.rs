#![allow(unused)]

use stayput::prelude::*;

#[derive(Debug, ActionError)]
enum RoomError {}

#[durable_object]
struct Room {}

#[durable_object]
impl Room {
    #[action]
    fn look(&self) -> Streaming<u32> {
        Streaming::new(async move |items| Ok(items.send(1).await?))
    }

    #[action]
    fn count(&mut self) -> Result<Streaming<u32>, RoomError> {
        Ok(Streaming::new(async move |items| Ok(items.send(1).await?)))
    }

    #[action(post = "/tell", location = "/tell/{id}")]
    fn tell(this: Handle<Self>) -> Streaming<u32> {
        Streaming::new(async move |items| Ok(items.send(1).await?))
    }
}

fn main() {}
