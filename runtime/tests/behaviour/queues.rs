//! `Queue`, `Lazy`, `Counter` and logs that are kept short, against a model.

use std::collections::BTreeMap;

use stayput::prelude::*;
use stayput::state::Counter;
use stayput::testing;

use crate::support::code;

/// What is done to a depot.
#[data]
pub enum Step {
    Push(i64, String),
    Pop,
    Remove(i64, u64),
    ClearQueue,
    Set(String),
    Append(String),
    Take,
    ClearPlan,
    Add(i64),
    Log(String, u64),
    /// Steps that are all undone, if it says so.
    Attempt(Vec<Self>, bool),
}

/// What a depot holds: the queue with its numbers, its length, what is next, the plan, the count, the log.
#[data]
#[derive(Default, PartialEq)]
pub struct Seen {
    queue: Vec<(u64, String)>,
    waiting: u64,
    next: Option<String>,
    plan: Option<String>,
    count: i64,
    log: Vec<(u64, String)>,
}

#[derive(Debug, ActionError)]
#[error(prefix = "depot")]
pub enum DepotError {
    /// On purpose.
    #[error(code = "undone", status = 409)]
    Undone,
}

#[durable_object]
struct Depot {
    jobs: Queue<String>,
    plan: Lazy<String>,
    count: Counter,
    log: Log<String>,
    popped: Vec<Option<String>>,
}

impl Depot {
    fn walk(&mut self, cx: &mut Context<Self>, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Push(priority, what) => drop(self.jobs.push_with(priority, what)),
                Step::Pop => {
                    let next = self.jobs.peek();
                    let popped = self.jobs.pop();
                    assert_eq!(next, popped);
                    self.popped.push(popped);
                }
                Step::Remove(priority, number) => drop(self.jobs.remove(priority, number)),
                Step::ClearQueue => self.jobs.clear(),
                Step::Set(text) => self.plan.set(&text),
                Step::Append(text) => {
                    let length = self.plan.update(|plan| {
                        plan.push_str(&text);
                        plan.len()
                    });
                    assert_eq!(self.plan.get().unwrap().len(), length);
                }
                Step::Take => {
                    let is_set = self.plan.is_set();
                    assert_eq!(self.plan.take().is_some(), is_set);
                }
                Step::ClearPlan => self.plan.clear(),
                Step::Add(by) => {
                    let sum = self.count.add(by);
                    assert_eq!(sum, self.count.get());
                }
                Step::Log(text, keep) => {
                    self.log.push(text);
                    let surplus = self.log.len().saturating_sub(keep);
                    assert_eq!(self.log.keep_last(keep), surplus);
                }
                Step::Attempt(steps, undone) => {
                    let outcome = cx.attempt(self, |depot, cx| {
                        depot.walk(cx, steps);
                        if undone {
                            Err(DepotError::Undone)
                        } else {
                            Ok(())
                        }
                    });
                    assert_eq!(outcome.is_err(), undone);
                }
            }
        }
    }
}

#[durable_object]
impl Depot {
    #[action]
    fn change(
        &mut self,
        cx: &mut Context<Self>,
        steps: Vec<Step>,
        fail: bool,
    ) -> Result<Vec<Option<String>>, DepotError> {
        self.popped.clear();
        self.walk(cx, steps);
        if fail {
            return Err(DepotError::Undone);
        }
        Ok(std::mem::take(&mut self.popped))
    }

    #[action]
    fn seen(&self) -> Seen {
        Seen {
            queue: self.jobs.iter().collect(),
            waiting: self.jobs.len(),
            next: self.jobs.peek(),
            plan: self.plan.get(),
            count: self.count.get(),
            log: self.log.iter().collect(),
        }
    }

    #[action]
    fn overflow(&mut self, spare: bool) -> i64 {
        self.count.set(i64::MAX);
        if spare {
            assert!(self.count.try_add(1).is_err());
            return self.count.add(-1);
        }
        self.count.add(1)
    }

    #[action]
    fn fill_plan(&mut self, length: usize) {
        self.plan.set(&"x".repeat(length));
    }

    #[action]
    fn plan_length(&self) -> usize {
        self.plan.get().map_or(0, |plan| plan.len())
    }

    #[action]
    fn replace(&mut self) {
        self.jobs = Queue::default();
    }
}

stayput::app!(Depot);

/// What there should be.
#[derive(Clone, Default)]
struct Model {
    /// By priority, the highest first, then number.
    queue: BTreeMap<(std::cmp::Reverse<i64>, u64), String>,
    pushed: u64,
    plan: Option<String>,
    count: i64,
    log: Vec<(u64, String)>,
    logged: u64,
    popped: Vec<Option<String>>,
}

impl Model {
    fn walk(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Push(priority, what) => {
                    self.pushed += 1;
                    let at = (std::cmp::Reverse(*priority), self.pushed);
                    self.queue.insert(at, what.clone());
                }
                Step::Pop => {
                    let first = self.queue.pop_first();
                    self.popped.push(first.map(|(_, what)| what));
                }
                Step::Remove(priority, number) => {
                    self.queue.remove(&(std::cmp::Reverse(*priority), *number));
                }
                Step::ClearQueue => self.queue.clear(),
                Step::Set(text) => self.plan = Some(text.clone()),
                Step::Append(text) => self.plan.get_or_insert_default().push_str(text),
                Step::Take | Step::ClearPlan => self.plan = None,
                Step::Add(by) => self.count += by,
                Step::Log(text, keep) => {
                    self.logged += 1;
                    self.log.push((self.logged, text.clone()));
                    let keep = usize::try_from(*keep).unwrap();
                    let surplus = self.log.len().saturating_sub(keep);
                    self.log.drain(..surplus);
                }
                Step::Attempt(steps, undone) => {
                    let mut inner = self.clone();
                    inner.walk(steps);
                    if !undone {
                        *self = inner;
                    }
                }
            }
        }
    }

    fn seen(&self) -> Seen {
        let queue = self.queue.iter();
        Seen {
            queue: queue.map(|((_, at), what)| (*at, what.clone())).collect(),
            waiting: self.queue.len() as u64,
            next: self.queue.values().next().cloned(),
            plan: self.plan.clone(),
            count: self.count,
            log: self.log.clone(),
        }
    }
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn priority(&mut self) -> i64 {
        [0, 0, 0, 1, -1, i64::MAX, i64::MIN][self.throw(7) as usize]
    }

    fn text(&mut self) -> String {
        ["", "a", "\"b\"\n", "é"][self.throw(4) as usize].to_owned()
    }

    fn steps(&mut self, depth: u64) -> Vec<Step> {
        let count = 1 + self.throw(6);
        let step = |dice: &mut Self| match dice.throw(if depth < 3 { 19 } else { 16 }) {
            0..=4 => Step::Push(dice.priority(), dice.text()),
            5..=7 => Step::Pop,
            8 => Step::Remove(dice.priority(), dice.throw(20).into()),
            9 if dice.throw(3) == 0 => Step::ClearQueue,
            9 | 10 => Step::Set(dice.text()),
            11 => Step::Append(dice.text()),
            12 => Step::Take,
            13 => Step::ClearPlan,
            14 => Step::Add(i64::from(dice.throw(9)) - 4),
            15 => Step::Log(dice.text(), dice.throw(5).into()),
            _ => Step::Attempt(dice.steps(depth + 1), dice.throw(2) == 0),
        };
        (0..count).map(|_| step(self)).collect()
    }
}

#[test]
fn queues_and_their_like_behave_like_their_model() {
    for seed in 0..12 {
        testing::run(app(), async |t| {
            let (mut dice, mut model) = (Dice(seed), Model::default());
            let depot = Depot::named(t, "north");
            for round in 0..30 {
                let (steps, fails) = (dice.steps(0), dice.throw(4) == 0);
                let outcome = depot.change(steps.clone(), fails).await;
                if fails {
                    assert!(outcome.is_err(), "seed {seed}, round {round}");
                } else {
                    model.popped.clear();
                    model.walk(&steps);
                    assert_eq!(outcome.unwrap(), model.popped, "seed {seed}, round {round}");
                }
                match dice.throw(12) {
                    0 => t.evict().await,
                    1 => t.restart().await,
                    _ => {}
                }
                let seen = depot.seen().await.unwrap();
                assert_eq!(seen, model.seen(), "seed {seed}, round {round}: {steps:?}");
            }
        });
    }
}

#[test]
fn what_does_not_fit_fails_the_action_and_changes_nothing() {
    testing::run(app(), async |t| {
        let depot = Depot::named(t, "south");
        assert_eq!(depot.overflow(true).await.unwrap(), i64::MAX - 1);
        assert_eq!(code(depot.overflow(false).await), "state.unstorable");
        assert_eq!(depot.seen().await.unwrap().count, i64::MAX - 1);
        // Two quotes belong to it.
        depot.fill_plan(1_999_998usize).await.unwrap();
        assert_eq!(
            code(depot.fill_plan(1_999_999usize).await),
            "state.unstorable"
        );
        assert_eq!(depot.plan_length().await.unwrap(), 1_999_998);
        assert_eq!(code(depot.replace().await), "state.unstorable");
    });
}
