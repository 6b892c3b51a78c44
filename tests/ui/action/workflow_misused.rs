use stayput::mixins::Jobs;
use stayput::prelude::*;
use stayput::workflow::Workflow;

#[durable_object]
struct Trip {
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Trip {
    #[action(workflow)]
    async fn book(_this: Handle<Self>, cx: JobContext<Self>) {}

    #[action(job)]
    async fn cancel(_this: Handle<Self>, flow: Workflow<Self>) {}

    #[action(job, workflow)]
    async fn both(_this: Handle<Self>) {}

    #[action(workflow)]
    fn holds(&mut self) {}
}

fn main() {}
