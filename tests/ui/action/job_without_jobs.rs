use stayput::prelude::*;

#[durable_object]
struct Mill {
    ground: u64,
}

#[durable_object]
impl Mill {
    #[action(job)]
    async fn grind(_this: Handle<Self>) {}
}

fn main() {}
