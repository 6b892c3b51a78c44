use stayput::prelude::*;

#[durable_object]
struct Mill {
    #[mixin]
    jobs: stayput::mixins::Jobs,
}

#[durable_object]
impl Mill {
    #[action(job)]
    fn grind(&mut self) {}

    #[action(job)]
    async fn turn(_this: Handle<Self>, _cx: ProcessContext<Self>) {}

    #[action(retries = 3)]
    async fn stop(_this: Handle<Self>, _cx: JobContext<Self>) {}

    #[action(job, retries = 1_000)]
    async fn brake(_this: Handle<Self>) {}
}

fn main() {}
