//! Trying orders: the same test again and again, each time with calls that overtake each other elsewhere.

use std::any::Any;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::harness::Harness;
use super::setup::Test;
use crate::backend::native::{Picks, Step, Turnstile};
use crate::object::race;

/// How long a test may wait for nothing, by the real clock.
const LULL: Duration = Duration::from_secs(2);
/// How often a schedule that fails is tried in a smaller form.
const SHRINKS: usize = 300;

/// What [`Test::explore`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// How often the test ran.
    pub runs: usize,
    /// In how many different orders.
    pub orders: usize,
}

type Panic = Box<dyn Any + Send>;

impl Test {
    /// Runs a test once for each seed, each time in another order of what may happen in any: calls of the test and of objects arrive,
    /// processes get at the state, and scripted answers of other servers come in the order that the seed decides. Everything else is as in
    /// [`run`](Self::run), on one shard thread; the folder is a new one each time. The same seed is the same order.
    ///
    /// The test makes calls side by side, by [`Harness::spawn`], and asserts what must hold in whatever order they come.
    ///
    /// ```
    /// use stayput::prelude::*;
    /// use stayput::testing::Test;
    ///
    /// #[durable_object]
    /// struct Seats { free: u32 }
    ///
    /// #[durable_object]
    /// impl Seats {
    ///     #[action]
    ///     fn open(&mut self, free: u32) { self.free = free; }
    ///
    ///     /// Looks and takes in one go. With a look by `this.read` and a later `this.atomic`, two could take the last.
    ///     #[action]
    ///     async fn take(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<bool> {
    ///         let _ = cx;
    ///         let taken = this.atomic(|seats, _| {
    ///             let is_free = seats.free > 0;
    ///             seats.free -= u32::from(is_free);
    ///             Ok::<_, stayput::Error>(is_free)
    ///         });
    ///         Ok(taken.await?)
    ///     }
    /// }
    ///
    /// stayput::app!(Seats);
    ///
    /// # fn main() {
    /// let explored = Test::new(app()).explore(0..20, async |t| {
    ///     let seats = Seats::named(t, "hall");
    ///     seats.open(1).await.unwrap();
    ///     let (one, two) = (t.spawn(seats.take()), t.spawn(seats.take()));
    ///     assert!(one.await.unwrap() != two.await.unwrap());
    /// });
    /// assert!(explored.orders > 1);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the test fails by a seed. The message names the seed, and the smallest schedule found that fails as well: which steps went out
    /// of turn, and what they overtook. Also when nothing is on its way any more and the test still waits: time passes by
    /// [`Harness::advance`] only.
    #[expect(clippy::panic, reason = "a test that fails")]
    #[expect(clippy::needless_pass_by_value, reason = "as `run` takes it")]
    #[track_caller]
    pub fn explore(
        &self,
        seeds: impl IntoIterator<Item = u64>,
        test: impl AsyncFn(&Harness),
    ) -> Explored {
        let mut seen = HashSet::new();
        let mut runs = 0;
        for seed in seeds {
            runs += 1;
            let (steps, outcome) = self.attempt(Picks::Random(seed), &test);
            if let Err(panic) = outcome {
                let (steps, panic) = self.shrink(steps, panic, &test);
                panic!("{}", report(seed, &steps, &panic));
            }
            seen.insert(picks(&steps));
        }
        Explored {
            runs,
            orders: seen.len(),
        }
    }

    fn attempt(
        &self,
        picks: Picks,
        test: &impl AsyncFn(&Harness),
    ) -> (Vec<Step>, Result<(), Panic>) {
        let turnstile = Turnstile::new(picks);
        let run = Self {
            threads: 1,
            data: None,
            turnstile: Some(turnstile.clone()),
            ..self.clone()
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            run.run(async |t| race(test(t), t.keep_turning(&turnstile)).await);
        }));
        (turnstile.steps(), outcome)
    }

    /// Looks for a smaller schedule that fails: shorter, and with fewer steps out of turn.
    fn shrink(
        &self,
        steps: Vec<Step>,
        panic: Panic,
        test: &impl AsyncFn(&Harness),
    ) -> (Vec<Step>, Panic) {
        let (mut best, mut steps, mut panic) = (picks(&steps), steps, panic);
        let mut left = SHRINKS;
        let mut try_one = |smaller: Vec<usize>, best: &mut Vec<usize>| -> bool {
            if left == 0 || smaller == *best {
                return false;
            }
            left -= 1;
            match self.attempt(Picks::Given(smaller.clone()), test) {
                (taken, Err(why)) => {
                    *best = smaller;
                    (steps, panic) = (taken, why);
                    true
                }
                _ => false,
            }
        };
        // Whole stretches in turn first, then single steps, then steps that overtake less.
        let mut stretch = best.len().next_power_of_two() / 2;
        while stretch > 0 {
            let mut at = 0;
            while at < best.len() {
                let mut smaller = best.clone();
                let end = (at + stretch).min(smaller.len());
                smaller[at..end].fill(0);
                try_one(smaller, &mut best);
                at += stretch;
            }
            stretch /= 2;
        }
        for at in 0..best.len() {
            while best[at] > 1 {
                let mut smaller = best.clone();
                smaller[at] -= 1;
                if !try_one(smaller, &mut best) {
                    break;
                }
            }
        }
        (steps, panic)
    }
}

impl Harness {
    /// Lets through one thing after the other, beside a test that tries orders, for ever.
    #[expect(clippy::panic, reason = "a test that cannot go on has failed")]
    pub(super) async fn keep_turning(&self, turnstile: &Turnstile) {
        let (mut steps, mut since) = (0, Instant::now());
        loop {
            self.settle().await;
            tokio::task::yield_now().await;
            let now = turnstile.steps().len();
            if now != steps {
                (steps, since) = (now, Instant::now());
            } else if since.elapsed() > LULL {
                panic!(
                    "the test waits, and nothing is on its way: let time pass by `advance`, or look for calls that wait for each other"
                );
            }
        }
    }
}

fn picks(steps: &[Step]) -> Vec<usize> {
    steps.iter().map(|step| step.before.len()).collect()
}

fn report(seed: u64, steps: &[Step], panic: &Panic) -> String {
    let out_of_turn = steps.iter().filter(|step| !step.before.is_empty()).count();
    let mut text = format!(
        "seed {seed} fails: {}\nin the smallest schedule found, {out_of_turn} of {} steps out of turn:\n",
        reason(panic),
        steps.len()
    );
    for (number, step) in steps.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{:>4}. {}", number + 1, step.what);
        if !step.before.is_empty() {
            let _ = write!(text, "   <- before {}", step.before.join(", "));
        }
        text.push('\n');
    }
    let _ = write!(text, "to run it alone: `explore([{seed}], ..)`");
    text
}

fn reason(panic: &Panic) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
