//! Workflows: steps that are made once, through crashes, sleeps, signals, cancellation and changed code.

use std::sync::atomic::{AtomicBool, Ordering};

use stayput::mixins::Jobs;
use stayput::mixins::jobs::{JobStatus, JobView, StepView};
use stayput::prelude::*;
use stayput::testing::{self, Harness};
use stayput::time::Backoff;
use stayput::workflow::Workflow;

/// Which code the workflow `evolving` has: the old, or the new.
static NEW_CODE: AtomicBool = AtomicBool::new(false);

/// Counts what was done.
#[durable_object]
pub struct Stock {
    done: Log<String>,
    fail: u32,
}

#[derive(Debug, Clone, PartialEq, ActionError)]
pub enum StockError {
    /// Sold out.
    #[error(code = "stock.out", message = "there is no {what}")]
    Out {
        /// Of what.
        what: String,
    },
    /// Busy.
    #[error(code = "stock.busy", retryable, message = "busy")]
    Busy,
}

#[durable_object]
impl Stock {
    #[action]
    fn take(&mut self, what: String) -> Result<u64, StockError> {
        if what.starts_with("no ") {
            return Err(StockError::Out { what });
        }
        if self.fail > 0 {
            return Err(StockError::Busy);
        }
        Ok(self.done.push(what))
    }

    /// The next calls fail, until it is set back.
    #[action]
    fn fail(&mut self, times: u32) {
        self.fail = times;
    }

    #[action]
    async fn slowly(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        what: String,
        long: u64,
    ) -> Result<()> {
        cx.sleep(seconds(long)).await;
        this.atomic(|stock, _| Ok::<_, stayput::Error>(stock.done.push(what.clone())))
            .await?;
        Ok(())
    }

    #[action]
    fn done(&self) -> Vec<String> {
        self.done.iter().map(|(_, what)| what).collect()
    }
}

#[durable_object]
pub struct Shop {
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Shop {
    /// Six steps.
    #[action(workflow)]
    async fn six(this: Handle<Self>, flow: Workflow<Self>, who: String) -> Result<Vec<u64>> {
        let _ = this;
        let stock = Stock::named(&flow, &who);
        let mut all = vec![];
        for number in 0..6 {
            let step = flow.step(&format!("step {number}"), stock.take(format!("{number}")));
            all.push(step.await?);
        }
        Ok(all)
    }

    /// Sleeps between two steps; time and chance are the same in each run.
    #[action(workflow)]
    async fn sleepy(_this: Handle<Self>, flow: Workflow<Self>) -> Result<bool> {
        let stock = Stock::named(&flow, "sleepy");
        let (now, random) = (flow.now(), flow.random());
        flow.step("note", stock.take(format!("{now} {random}")))
            .await?;
        flow.sleep("long", days(30)).await?;
        flow.step("again", stock.take(format!("{now} {random}")))
            .await?;
        Ok(flow.now() >= now + days(30))
    }

    /// Waits for a word.
    #[action(workflow)]
    async fn approval(
        _this: Handle<Self>,
        flow: Workflow<Self>,
        timeout: Option<u64>,
    ) -> Result<String> {
        let timeout = timeout.map(hours);
        let said: Option<String> = flow.wait_for("word", timeout).await?;
        Ok(said.unwrap_or_else(|| "nothing".to_owned()))
    }

    /// Takes back what it did.
    #[action(workflow)]
    async fn saga(_this: Handle<Self>, flow: Workflow<Self>, last: String) -> Result<String> {
        let stock = Stock::named(&flow, "saga");
        for what in ["flight", "room"] {
            flow.compensate(what, stock.take(format!("cancel {what}")));
            flow.step(what, stock.take(what)).await?;
        }
        flow.sleep("think", hours(1)).await?;
        flow.step("last", stock.take(last)).await?;
        Ok("booked".to_owned())
    }

    /// Two at once.
    #[action(workflow)]
    async fn both(_this: Handle<Self>, flow: Workflow<Self>) -> Result<String> {
        let stock = Stock::named(&flow, "both");
        let one = flow.step("one", stock.slowly("one", 50_u64));
        let two = flow.step("two", stock.slowly("two", 20_u64));
        let (one, two) = flow.join(one, two).await;
        one?;
        two?;
        let all = flow.join_all([
            flow.step("three", stock.slowly("three", 9_u64)),
            flow.step("four", stock.slowly("four", 3_u64)),
        ]);
        for part in all.await {
            part?;
        }
        let step = flow
            .step("slow", stock.slowly("slow", 500_u64))
            .timeout(hours(1));
        let won = flow
            .race("hurry", step, flow.sleep("patience", seconds(100)))
            .await?;
        Ok(if won.is_ok() { "slow" } else { "patience" }.to_owned())
    }

    /// Is busy for a while.
    #[action(workflow)]
    async fn stubborn(_this: Handle<Self>, flow: Workflow<Self>, retries: u32) -> Result<u64> {
        let stock = Stock::named(&flow, "stubborn");
        let backoff = Backoff::default().retries(retries).first(seconds(10));
        let step = flow.step("take", stock.take("it")).backoff(backoff);
        Ok(step.await?)
    }

    /// Its code changes.
    #[action(workflow)]
    async fn evolving(_this: Handle<Self>, flow: Workflow<Self>, asks: bool) -> Result<String> {
        let stock = Stock::named(&flow, "evolving");
        let new = NEW_CODE.load(Ordering::SeqCst);
        let is_old = !new || (asks && !flow.version("v2").await?);
        let what = if is_old { "old" } else { "new" };
        flow.step("first", stock.take(what)).await?;
        flow.sleep("night", hours(8)).await?;
        flow.step("second", stock.take(what)).await?;
        Ok(what.to_owned())
    }

    /// Uses the longest name.
    #[action(workflow)]
    async fn wordy(_this: Handle<Self>, flow: Workflow<Self>) -> Result<u64> {
        let (stock, name) = (Stock::named(&flow, "wordy"), "x".repeat(100));
        flow.compensate(&name, stock.take("taken back"));
        Ok(flow.step(&name, stock.take("no luck")).await?)
    }

    /// Uses a name twice.
    #[action(workflow)]
    async fn twice(_this: Handle<Self>, flow: Workflow<Self>) -> Result<()> {
        flow.sleep("a", seconds(5)).await?;
        flow.sleep("a", seconds(5)).await?;
        Ok(())
    }
}

stayput::app!(Shop, Stock);

async fn job(shop: &ShopStub, id: &str) -> JobView {
    shop.jobs().get(id).await.unwrap()
}

async fn steps(shop: &ShopStub, id: &str) -> Vec<StepView> {
    shop.jobs().steps(id).await.unwrap()
}

fn shop(t: &Harness) -> ShopStub {
    Shop::named(t, "main")
}

async fn done(t: &Harness, name: &str) -> Vec<String> {
    Stock::named(t, name).done().await.unwrap()
}

#[test]
fn steps_are_made_one_after_the_other() {
    testing::run(app(), async |t| {
        let id = shop(t).six("ann").await.unwrap().job;
        t.settle().await;
        let job = job(&shop(t), &id).await;
        assert_eq!((job.status, job.attempt), (JobStatus::Done, 1));
        assert_eq!(job.result, Some(serde_json::json!([1, 2, 3, 4, 5, 6])));
        let steps = steps(&shop(t), &id).await;
        let names: Vec<&str> = steps.iter().map(|step| &*step.name).collect();
        assert_eq!(
            names,
            ["step 0", "step 1", "step 2", "step 3", "step 4", "step 5"]
        );
    });
}

#[test]
fn no_step_is_made_twice_however_often_the_node_crashes() {
    testing::run(app(), async |t| {
        let mut ids = vec![];
        for number in 0..100 {
            let shop = Shop::named(t, &format!("shop {}", number % 10));
            ids.push(shop.six(format!("c{number}")).await.unwrap().job);
            // Twenty crashes in between, each before what runs has come to its end.
            if number % 5 == 0 {
                t.crash().await;
                t.turn(seconds(11));
            }
        }
        t.advance(minutes(10)).await;
        for (number, id) in ids.iter().enumerate() {
            let shop = Shop::named(t, &format!("shop {}", number % 10));
            assert_eq!(job(&shop, id).await.status, JobStatus::Done, "{number}");
            assert_eq!(
                done(t, &format!("c{number}")).await,
                ["0", "1", "2", "3", "4", "5"]
            );
        }
    });
}

#[test]
fn a_crash_at_any_commit_leads_to_the_same_end() {
    testing::run(app(), async |t| {
        let mut whole = 0;
        for transactions in 0..40 {
            let who = format!("c{transactions}");
            t.crash_after(transactions);
            let accepted = shop(t).six(&*who).await;
            t.advance(seconds(1)).await;
            t.crash().await;
            t.advance(minutes(2)).await;
            let done = done(t, &who).await;
            match accepted {
                Ok(accepted) => {
                    assert_eq!(
                        done,
                        ["0", "1", "2", "3", "4", "5"],
                        "crash after {transactions}"
                    );
                    let job = job(&shop(t), &accepted.job).await;
                    assert_eq!(
                        (job.status, job.attempt),
                        (JobStatus::Done, 1),
                        "{transactions}"
                    );
                    whole += 1;
                }
                // What nobody was told of was not begun.
                Err(_) => assert_eq!(done, Vec::<String>::new(), "crash after {transactions}"),
            }
        }
        assert!((30..40).contains(&whole), "{whole}");
    });
}

#[test]
fn a_long_sleep_is_not_in_memory() {
    testing::run(app(), async |t| {
        let id = shop(t).sleepy().await.unwrap().job;
        t.settle().await;
        assert_eq!(job(&shop(t), &id).await.status, JobStatus::Waiting);
        // Nothing runs, so it can be evicted; and the clock is read once, not each second.
        t.evict().await;
        t.advance(days(29)).await;
        t.crash().await;
        assert_eq!(done(t, "sleepy").await.len(), 1);
        t.advance(days(2)).await;
        let job = job(&shop(t), &id).await;
        assert_eq!((job.status, job.attempt), (JobStatus::Done, 1));
        assert_eq!(job.result, Some(true.into()));
        let done = done(t, "sleepy").await;
        assert_eq!(done[0], done[1]);
    });
}

#[test]
fn a_word_is_waited_for() {
    testing::run(app(), async |t| {
        let shop = shop(t);
        let jobs = shop.jobs();
        let id = shop.approval(None).await.unwrap().job;
        t.advance(days(100)).await;
        assert_eq!(job(&shop, &id).await.status, JobStatus::Waiting);
        jobs.signal(&*id, "other", None).await.unwrap();
        t.settle().await;
        assert_eq!(job(&shop, &id).await.status, JobStatus::Waiting);
        jobs.signal(&*id, "word", Some("yes".into())).await.unwrap();
        // The first counts, whether the workflow has heard it by now or not.
        drop(jobs.signal(&*id, "word", Some("no".into())).await);
        t.settle().await;
        assert_eq!(job(&shop, &id).await.result, Some("yes".into()));
        let late = jobs.signal(&*id, "word", None).await.unwrap_err();
        assert_eq!(late.to_string(), format!("there is no job {id}"));

        // Nobody says anything in time; somebody does before it is asked.
        let id = shop.approval(Some(5_u64)).await.unwrap().job;
        t.advance(hours(5)).await;
        assert_eq!(job(&shop, &id).await.result, Some("nothing".into()));
        let id = shop.approval(Some(5_u64)).await.unwrap().job;
        jobs.signal(&*id, "word", Some("early".into()))
            .await
            .unwrap();
        t.settle().await;
        assert_eq!(job(&shop, &id).await.result, Some("early".into()));
        // What is no text fails the workflow.
        let id = shop.approval(None).await.unwrap().job;
        jobs.signal(&*id, "word", Some(5.into())).await.unwrap();
        t.settle().await;
        assert_eq!(job(&shop, &id).await.error.unwrap().code, "workflow.signal");
    });
}

#[test]
fn so_much_may_be_said_and_no_more() {
    testing::run(app(), async |t| {
        let shop = shop(t);
        let id = shop.approval(None).await.unwrap().job;
        for number in 0..1_000 {
            let name = number.to_string();
            shop.jobs().signal(&*id, name, None).await.unwrap();
        }
        let error = shop.jobs().signal(&*id, "word", None).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "1000 things were said to the workflow already"
        );
        // What was said already is no more.
        shop.jobs().signal(&*id, "7", None).await.unwrap();
    });
}

#[test]
fn a_compensation_may_have_the_longest_name() {
    testing::run(app(), async |t| {
        let id = shop(t).wordy().await.unwrap().job;
        t.settle().await;
        assert_eq!(job(&shop(t), &id).await.error.unwrap().code, "stock.out");
        assert_eq!(done(t, "wordy").await, ["taken back"]);
    });
}

#[test]
fn what_was_done_is_taken_back_in_reverse() {
    testing::run(app(), async |t| {
        let id = shop(t).saga("no car").await.unwrap().job;
        t.advance(minutes(30)).await;
        t.crash().await;
        t.advance(hours(1)).await;
        let job = job(&shop(t), &id).await;
        assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1));
        assert_eq!(job.error.unwrap().code, "stock.out");
        assert_eq!(
            done(t, "saga").await,
            ["flight", "room", "cancel room", "cancel flight"]
        );
    });
}

#[test]
fn a_cancelled_workflow_takes_back_what_it_did() {
    testing::run(app(), async |t| {
        let shop = shop(t);
        let id = shop.saga("car").await.unwrap().job;
        t.advance(minutes(30)).await;
        shop.jobs().cancel(&*id).await.unwrap();
        t.settle().await;
        let job = job(&shop, &id).await;
        assert_eq!(job.status, JobStatus::Cancelled);
        assert_eq!(
            done(t, "saga").await,
            ["flight", "room", "cancel room", "cancel flight"]
        );
        t.advance(hours(2)).await;
        assert_eq!(done(t, "saga").await.len(), 4);
    });
}

#[test]
fn parts_run_side_by_side() {
    testing::run(app(), async |t| {
        let id = shop(t).both().await.unwrap().job;
        t.advance(seconds(51)).await;
        assert_eq!(done(t, "both").await, ["two", "one"]);
        t.advance(seconds(10)).await;
        assert_eq!(done(t, "both").await, ["two", "one", "four", "three"]);
        t.advance(seconds(101)).await;
        let job = job(&shop(t), &id).await;
        assert_eq!(
            (job.status, job.result),
            (JobStatus::Done, Some("patience".into()))
        );
    });
}

#[test]
fn a_step_is_tried_again_as_it_says() {
    testing::run(app(), async |t| {
        let (shop, stock) = (shop(t), Stock::named(t, "stubborn"));
        stock.fail(1_u32).await.unwrap();
        let id = shop.stubborn(5_u32).await.unwrap().job;
        t.advance(seconds(30)).await;
        assert_eq!(job(&shop, &id).await.status, JobStatus::Running);
        stock.fail(0_u32).await.unwrap();
        t.advance(seconds(60)).await;
        assert_eq!(job(&shop, &id).await.result, Some(1.into()));
        stock.fail(1_u32).await.unwrap();
        let id = shop.stubborn(1_u32).await.unwrap().job;
        t.advance(seconds(30)).await;
        let job = job(&shop, &id).await;
        assert_eq!((job.status, job.attempt), (JobStatus::Failed, 1));
        assert_eq!(job.error.unwrap().code, "stock.busy");
    });
}

#[test]
fn changed_code_is_told_of_or_goes_the_old_way() {
    for (asks, expected) in [(false, Err("workflow.diverged")), (true, Ok("old"))] {
        testing::run(app(), async |t| {
            let shop = shop(t);
            NEW_CODE.store(false, Ordering::SeqCst);
            let id = shop.evolving(asks).await.unwrap().job;
            t.settle().await;
            NEW_CODE.store(true, Ordering::SeqCst);
            t.advance(hours(9)).await;
            let job = job(&shop, &id).await;
            match expected {
                Ok(result) => assert_eq!(job.result, Some(result.into())),
                Err(code) => {
                    let error = job.error.unwrap();
                    assert_eq!(error.code, code);
                    assert!(error.message.contains("`first`"), "{}", error.message);
                }
            }
        });
    }
}

#[test]
fn a_name_is_used_once() {
    testing::run(app(), async |t| {
        let id = shop(t).twice().await.unwrap().job;
        t.advance(minutes(1)).await;
        let error = job(&shop(t), &id).await.error.unwrap();
        assert_eq!(error.code, "workflow.name");
    });
}

mod as_data {
    use serde_json::{Value, json};
    use stayput::workflow::{Graph, GraphOutcome};

    use super::*;
    use crate::support::code;

    #[durable_object]
    pub struct Onboarding {
        done: Log<String>,
        failures: u32,
        #[mixin]
        jobs: Jobs,
    }

    #[durable_object]
    impl Onboarding {
        #[action(workflow, scope = "flows")]
        async fn run(
            _this: Handle<Self>,
            flow: Workflow<Self>,
            graph: Graph<Self>,
        ) -> Result<GraphOutcome> {
            Ok(flow.run_graph(&graph).await?)
        }

        #[action]
        fn create(&mut self, user: String) -> Value {
            self.done.push(format!("create {user}"));
            json!({"account": {"id": 7}, "paying": false, "$": "x"})
        }

        #[action]
        fn profile(&mut self, user: String, account: u64) -> Result<String, StockError> {
            if user == "nobody" {
                return Err(StockError::Out { what: user });
            }
            let done = format!("profile {user} {account}");
            self.done.push(done.clone());
            Ok(done)
        }

        #[action]
        fn bill(&mut self, user: String) -> Result<(), StockError> {
            if self.failures > 0 {
                self.failures -= 1;
                return Err(StockError::Out {
                    what: "money".to_owned(),
                });
            }
            self.done.push(format!("bill {user}"));
            Ok(())
        }

        /// An error is undone with everything else, so failures are counted in a process.
        #[action]
        async fn flaky(this: Handle<Self>, _cx: ProcessContext<Self>) -> Result<u32, StockError> {
            let left = this.atomic(|me, _| {
                me.failures = me.failures.saturating_sub(1);
                Ok::<_, StockError>(me.failures)
            });
            match left.await {
                Ok(0) => Ok(0),
                _ => Err(StockError::Out {
                    what: "luck".to_owned(),
                }),
            }
        }

        #[action]
        async fn wait(_this: Handle<Self>, cx: ProcessContext<Self>, long: u64) -> Result<()> {
            cx.sleep(seconds(long)).await;
            Ok(())
        }

        #[action(scope = "admin")]
        fn wipe(&mut self) {
            self.done.clear();
        }

        #[action(internal)]
        fn secret(&mut self) {}

        #[action]
        fn fail(&mut self, times: u32) {
            self.failures = times;
        }

        #[action]
        fn done(&self) -> Vec<String> {
            self.done.iter().map(|(_, what)| what).collect()
        }
    }

    stayput::app!(Onboarding);

    async fn outcome(t: &Harness, graph: Value) -> Value {
        let flow = Onboarding::named(t, "a");
        let graph: Graph<Onboarding> = serde_json::from_value(graph).unwrap();
        let id = flow.run(graph).await.unwrap().job;
        t.advance(minutes(5)).await;
        let job = flow.jobs().get(id).await.unwrap();
        let Some(outcome) = job.result else {
            return json!(job.error.map(|error| error.code));
        };
        let steps = outcome["steps"].as_array().unwrap().iter();
        let steps = steps.map(|step| step["status"].clone());
        json!([
            outcome["status"],
            steps.collect::<Vec<_>>(),
            outcome["error"]["code"]
        ])
    }

    #[test]
    fn steps_go_by_what_they_depend_on() {
        testing::run(app(), async |t| {
            let graph = json!({
                "context": {"user": "ann", "nested": {"a": [1, 2]}},
                "timeout_ms": 60_000,
                "steps": [
                    {"id": "billing", "action": "bill", "params": {"user": "$context.user"}, "depends_on": ["account", "profile"],
                     "condition": "!$steps.account.paying"},
                    {"id": "never", "action": "bill", "params": {"user": "x"}, "depends_on": ["account"],
                     "condition": "$steps.account.paying"},
                    {"id": "profile", "action": "profile", "depends_on": ["account"],
                     "params": {"user": "$$raw", "account": "$steps.account.account.id"}},
                    {"id": "account", "action": "create", "params": {"user": "$context.user"}}
                ]
            });
            assert_eq!(
                outcome(t, graph).await,
                json!(["done", ["done", "skipped", "done", "done"], null])
            );
            let done = Onboarding::named(t, "a").done().await.unwrap();
            assert_eq!(done, ["create ann", "profile $raw 7", "bill ann"]);
        });
    }

    #[test]
    fn an_error_fails_the_flow_or_only_what_depends_on_it_or_is_tried_again() {
        testing::run(app(), async |t| {
            let graph = |on_error: &str| {
                json!({"steps": [
                    {"id": "a", "action": "profile", "params": {"user": "nobody", "account": 1}, "on_error": on_error, "max_retries": 2},
                    {"id": "b", "action": "create", "params": {"user": "b"}, "depends_on": ["a"]},
                    {"id": "c", "action": "wait", "params": {"long": 1}},
                    {"id": "d", "action": "create", "params": {"user": "d"}, "depends_on": ["c"]}
                ]})
            };
            assert_eq!(
                outcome(t, graph("fail")).await,
                json!([
                    "failed",
                    ["failed", "not_run", "done", "not_run"],
                    "stock.out"
                ])
            );
            assert_eq!(
                outcome(t, graph("continue")).await,
                json!(["done", ["failed", "not_run", "done", "done"], null])
            );
            assert_eq!(
                outcome(t, graph("retry")).await,
                json!(["failed", ["failed", "not_run", "done", "done"], "stock.out"])
            );
            Onboarding::named(t, "a").fail(3_u32).await.unwrap();
            let flaky = json!({"steps": [{"id": "f", "action": "flaky", "on_error": "retry", "max_retries": 3}]});
            assert_eq!(outcome(t, flaky).await, json!(["done", ["done"], null]));
        });
    }

    #[test]
    fn a_graph_s_time_is_up() {
        testing::run(app(), async |t| {
            let graph = json!({"timeout_ms": 5_000, "steps": [
                {"id": "a", "action": "create", "params": {"user": "a"}},
                {"id": "b", "action": "wait", "params": {"long": 100}, "depends_on": ["a"]},
                {"id": "timeout", "action": "create", "params": {"user": "c"}, "depends_on": ["b"]}
            ]});
            assert_eq!(
                outcome(t, graph).await,
                json!(["timed_out", ["done", "not_run", "not_run"], null])
            );
        });
    }

    #[test]
    fn a_graph_gives_nobody_more_rights() {
        testing::run(app(), async |t| {
            for (action, expected) in [
                ("wipe", json!("forbidden")),
                ("secret", json!("forbidden")),
                ("fail", json!(["failed", ["failed"], "invalid_params"])),
            ] {
                let mut caller = Caller::user("ann");
                caller.scopes.push("flows".to_owned());
                let ann = t.as_caller(caller);
                let graph = json!({"steps": [{"id": "a", "action": action}]});
                let graph: Graph<Onboarding> = serde_json::from_value(graph).unwrap();
                let id = Onboarding::named(&ann, "a").run(graph).await.unwrap().job;
                t.settle().await;
                let job = Onboarding::named(t, "a").jobs().get(id).await.unwrap();
                let found = match (job.result, job.error) {
                    (Some(result), _) => json!([
                        result["status"],
                        [result["steps"][0]["status"]],
                        result["error"]["code"]
                    ]),
                    (None, error) => json!(error.map(|error| error.code)),
                };
                assert_eq!(found, expected, "{action}");
            }
        });
    }

    #[test]
    fn what_cannot_run_is_refused_before_anything_does() {
        testing::run(app(), async |t| {
            let step = |id: &str, depends_on: &[&str]| json!({"id": id, "action": "create", "params": {"user": "x"}, "depends_on": depends_on});
            let with = |name: &str, value: Value| {
                let mut step = step("a", &[]);
                step[name] = value;
                vec![
                    step,
                    json!({"id": "b", "action": "create", "params": {"user": "b"}}),
                ]
            };
            for (steps, fault) in [
                (
                    vec![step("a", &["b"]), step("b", &["a"]), step("c", &[])],
                    "circle: `a` `b`",
                ),
                (vec![step("a", &["a"])], "circle: `a`"),
                (vec![step("a", &["z"])], "depends on `z`"),
                (vec![step("a", &[]), step("a", &[])], "two steps"),
                (vec![step("a b", &[])], "`a b` is no id"),
                (with("action", json!("creat")), "no action `creat`"),
                (with("params", json!({"usr": 1})), "no parameter `usr`"),
                (
                    with("params", json!({"user": "$steps.b"})),
                    "does not depend on `b`",
                ),
                (with("params", json!({"user": ["$contest.b"]})), "neither"),
                (with("condition", json!("b")), "a condition is a reference"),
                (
                    with("condition", json!("!$steps.b")),
                    "does not depend on `b`",
                ),
                (with("max_retries", json!(101)), "100 times"),
            ] {
                let graph = json!({"steps": steps});
                let error = serde_json::from_value::<Graph<Onboarding>>(graph.clone()).unwrap_err();
                assert!(error.to_string().contains(fault), "{error}");
                let body = json!({"graph": graph}).to_string();
                let answer = Onboarding::named(t, "a")
                    .call_by_name::<Value>("run", &body)
                    .await;
                assert_eq!(code(answer), "invalid_params");
            }
            assert_eq!(
                Onboarding::named(t, "a").done().await.unwrap(),
                Vec::<String>::new()
            );
        });
    }
}
