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
    async fn turn(this: Handle<Self>, cx: ProcessContext<Self>) {}

    #[action(retries = 3)]
    async fn stop(this: Handle<Self>, cx: JobContext<Self>) {}

    #[action(job, retries = 1_000)]
    async fn brake(this: Handle<Self>) {}
}

fn main() {}
