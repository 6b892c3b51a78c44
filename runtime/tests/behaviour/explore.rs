//! What the harness offers besides: orders that are tried, time that is drained, objects that are listed, tests by attribute.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use stayput::mixins::Jobs;
use stayput::prelude::*;
use stayput::testing::{self, Anywhere, Harness, Test};
use stayput::time::Missed;
use stayput::workflow::Workflow;

/// A till whose careless processes lose money in some orders only.
#[durable_object(defers)]
pub struct Till {
    cents: i64,
    paid: Log<String>,
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Till {
    #[action]
    fn fill(&mut self, cents: i64) {
        self.cents = cents;
    }

    /// Looks, and takes later.
    #[action]
    async fn take_carelessly(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        cents: i64,
    ) -> Result<bool> {
        let _ = cx;
        let held = this.read(|till| till.cents).await?;
        if held < cents {
            return Ok(false);
        }
        this.atomic(|till, _| {
            till.cents -= cents;
            Ok::<_, stayput::Error>(true)
        })
        .await
        .map_err(Into::into)
    }

    #[action]
    fn take(&mut self, cents: i64) -> bool {
        let is_enough = self.cents >= cents;
        self.cents -= if is_enough { cents } else { 0 };
        is_enough
    }

    /// Takes money from another till, which is a call of an object.
    #[action]
    async fn borrow(this: Handle<Self>, cx: ProcessContext<Self>, from: String) -> Result<bool> {
        if !Till::named(&cx, &from).take(10).await? {
            return Ok(false);
        }
        this.atomic(|till, _| {
            till.cents += 10;
            Ok::<_, stayput::Error>(true)
        })
        .await
        .map_err(Into::into)
    }

    #[action]
    fn cents(&self) -> i64 {
        self.cents
    }

    #[action]
    fn note(&mut self, who: String) {
        self.paid.push(who);
    }

    #[action]
    fn notes(&self) -> Vec<String> {
        self.paid.last(100)
    }

    #[action]
    fn later(&mut self, cx: &mut Context<Self>) {
        cx.me().note("later").after(cx, hours(5));
        Till::named(cx, "other").note("sent").send(cx);
    }

    /// Waits for a word.
    #[action(workflow)]
    async fn audit(_this: Handle<Self>, flow: Workflow<Self>) -> Result<bool> {
        Ok(flow.wait_for::<bool>("word", None).await?.is_some())
    }

    #[action]
    fn forever(&mut self, cx: &mut Context<Self>) {
        cx.schedule("hourly", cx.me().note("hour"))
            .every(hours(1), Missed::Once);
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }
}

stayput::app!(Till);

fn message(failed: std::thread::Result<testing::Explored>) -> String {
    let panic = failed.unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

async fn two_take_carelessly(t: &Harness) {
    let till = Till::named(t, "till");
    till.fill(10).await.unwrap();
    let one = t.spawn(till.take_carelessly(10));
    let two = t.spawn(till.take_carelessly(10));
    let third = t.spawn(Till::named(t, "other").note("aside"));
    let taken = [one.await.unwrap(), two.await.unwrap()];
    third.await.unwrap();
    assert!(taken != [true, true], "both have taken it");
}

#[test]
fn an_order_that_fails_is_found_and_made_small() {
    let explore = |seeds: std::ops::Range<u64>| {
        let run = || Test::new(app()).explore(seeds, two_take_carelessly);
        message(catch_unwind(AssertUnwindSafe(run)))
    };
    let text = explore(0..200);
    assert!(text.contains("both have taken it"), "{text}");
    // That needs no luck: both look before one takes.
    assert!(text.contains("0 of 8 steps out of turn"), "{text}");
    assert!(
        text.contains("till/till take_carelessly at the state"),
        "{text}"
    );
    // The same again, to the letter.
    assert_eq!(explore(0..200), text);
    let seed = text.split_whitespace().nth(1).unwrap();
    let seed: u64 = seed.parse().unwrap();
    assert_eq!(explore(seed..seed + 1), text);
}

/// Right unless one of the last two comes before all the others.
#[test]
fn the_smallest_schedule_is_told() {
    let run = || {
        Test::new(app()).explore(0..200, async |t| {
            let till = Till::named(t, "till");
            let notes = ["a", "b", "c", "d", "e", "f"].map(|who| t.spawn(till.note(who)));
            for note in notes {
                note.await.unwrap();
            }
            let first = till.notes().await.unwrap().remove(0);
            assert!(*first < *"e", "{first} is the first");
        })
    };
    let text = message(catch_unwind(AssertUnwindSafe(run)));
    assert!(text.contains("1 of 7 steps out of turn"), "{text}");
    // It overtakes the four that it must, and no more.
    let before = text.lines().find_map(|line| line.split_once("<- before "));
    let overtaken = before.unwrap().1.split(", ").count();
    assert_eq!(overtaken, 4, "{text}");
    assert!(text.contains("e is the first"), "{text}");
}

#[test]
fn what_holds_in_every_order_is_run_in_many() {
    let explored = Test::new(app()).explore(0..40, async |t| {
        let (here, there) = (Till::named(t, "here"), Till::named(t, "there"));
        there.fill(25).await.unwrap();
        let all = [
            t.spawn(here.borrow("there")),
            t.spawn(here.borrow("there")),
            t.spawn(here.borrow("there")),
        ];
        let other = t.spawn(there.take(10));
        let mut taken = i64::from(other.await.unwrap());
        for one in all {
            taken += i64::from(one.await.unwrap());
        }
        assert_eq!(taken, 2);
        let (here, there) = (here.cents().await.unwrap(), there.cents().await.unwrap());
        assert_eq!(there, 5);
        assert!(here == 10 || here == 20);
    });
    assert_eq!(explored.runs, 40);
    assert!(explored.orders >= 30, "{explored:?}");
}

/// The order of what arrives is all that differs.
#[test]
fn the_same_seed_is_the_same_order() {
    let seen = Mutex::new(Vec::new());
    for _ in 0..3 {
        for seed in 0..5 {
            Test::new(app()).explore([seed], async |t| {
                let till = Till::named(t, "till");
                let notes = ["a", "b", "c", "d"].map(|who| t.spawn(till.note(who)));
                for note in notes {
                    note.await.unwrap();
                }
                let notes = till.notes().await.unwrap().concat();
                seen.lock().unwrap().push(notes);
            });
        }
    }
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen[..5], seen[5..10]);
    assert_eq!(seen[..5], seen[10..]);
    assert!(seen.iter().any(|order| order != "abcd"), "{seen:?}");
}

#[test]
fn a_test_that_waits_for_nothing_is_told() {
    let run = || {
        Test::new(app()).explore([1], async |t| {
            t.spawn(std::future::pending::<()>()).await;
        })
    };
    let text = message(catch_unwind(AssertUnwindSafe(run)));
    assert!(text.contains("nothing is on its way"), "{text}");
}

#[stayput::test]
async fn draining_ends_when_nothing_is_due(t: &Harness) {
    let till = Till::named(t, "till");
    till.later().await.unwrap();
    let passed = t.drain(days(1)).await;
    assert!(
        passed >= hours(5) && passed < hours(5) + minutes(1),
        "{passed:?}"
    );
    assert_eq!(till.notes().await.unwrap(), ["later"]);
    assert_eq!(Till::named(t, "other").notes().await.unwrap(), ["sent"]);
    assert_eq!(t.drain(days(1)).await, std::time::Duration::ZERO);
}

#[stayput::test(test = Test::new(app()).threads(2))]
#[should_panic(expected = "does a schedule repeat?")]
async fn draining_has_a_bound(t: &Harness) {
    Till::named(t, "till").forever().await.unwrap();
    t.drain(days(1)).await;
}

#[stayput::test(app = app())]
async fn objects_are_listed(t: &Harness) -> Result<()> {
    assert_eq!(t.list_ids::<Till>().await, []);
    // A look does not make one.
    Till::named(t, "seen").cents().await?;
    for name in ["a", "b", "c"] {
        Till::named(t, name).fill(1).await?;
    }
    Till::named(t, "b").end().await?;
    let ids = t.list_ids::<Till>().await;
    assert_eq!(ids.len(), 2);
    for id in ids {
        assert_eq!(Till::by_id(t, id).cents().await?, 1);
    }
    Ok(())
}

#[stayput::test]
async fn a_test_may_run_anywhere(t: &Anywhere) {
    let till = Till::named(t, &t.name("till"));
    till.later().await.unwrap();
    t.eventually(async || till.notes().await.unwrap() == ["later"])
        .await;
    t.pause(seconds(1)).await;
}

/// The app, after its code was changed.
mod changed {
    use stayput::mixins::Jobs;
    use stayput::prelude::*;

    #[durable_object(defers)]
    pub struct Till {
        cents: i64,
        #[mixin]
        jobs: Jobs,
    }

    #[durable_object]
    impl Till {
        #[action(was = "note")]
        fn cents(&self, who: Option<String>) -> i64 {
            drop(who);
            self.cents
        }

        #[action]
        fn audit(&self) {}
    }

    stayput::app!(Till);
}

mod emptied {
    use stayput::mixins::Jobs;
    use stayput::prelude::*;

    #[durable_object(defers)]
    pub struct Till {
        cents: i64,
        #[mixin]
        jobs: Jobs,
    }

    #[durable_object]
    impl Till {
        #[action]
        fn cents(&self) -> i64 {
            self.cents
        }
    }

    stayput::app!(Till);
}

mod replaced {
    use stayput::prelude::*;

    #[durable_object]
    pub struct Drawer {
        cents: i64,
    }

    #[durable_object]
    impl Drawer {
        #[action]
        fn cents(&self) -> i64 {
            self.cents
        }
    }

    stayput::app!(Drawer);
}

#[test]
fn deferred_work_of_actions_that_are_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let open = |app| Test::new(app).data(folder.path());
    open(app()).run(async |t| {
        for number in 0..5 {
            Till::named(t, &number.to_string()).forever().await.unwrap();
        }
        Till::named(t, "0").later().await.unwrap();
        Till::named(t, "1").audit().await.unwrap();
        t.settle().await;
        assert_eq!(t.gone_actions().await, Vec::<String>::new());
    });
    let gone = |app| open(app).run(async |t| t.gone_actions().await);
    // A new name is no loss.
    assert_eq!(gone(changed::app()), Vec::<String>::new());
    let lines = gone(emptied::app());
    assert_eq!(lines.len(), 2, "{lines:?}");
    let line = &lines[0];
    assert!(
        line.starts_with("`till` has no action `audit` any more"),
        "{line}"
    );
    assert!(
        line.contains("job `") && line.contains("of till/1."),
        "{line}"
    );
    let line = &lines[1];
    assert!(
        line.starts_with("`till` has no action `note` any more"),
        "{line}"
    );
    assert!(line.contains("schedule `hourly` of till/"), "{line}");
    assert!(line.contains("due Thu, 01 Jan 2026 01:00:00 GMT"), "{line}");
    assert!(line.contains("; and 3 more"), "{line}");
    assert!(line.contains("#[action(was = \"note\")]"), "{line}");
    let lines = gone(replaced::app());
    assert!(
        lines[0].starts_with("the class `till` is gone"),
        "{lines:?}"
    );
}

#[test]
fn exploring_needs_no_more_than_running() {
    testing::run(app(), two_take_carelessly_in_turn);
    Test::new(app()).explore([3], two_take_carelessly_in_turn);
}

async fn two_take_carelessly_in_turn(t: &Harness) {
    let till = Till::named(t, "till");
    till.fill(10).await.unwrap();
    assert!(till.take_carelessly(10).await.unwrap());
    assert!(!till.take_carelessly(10).await.unwrap());
    t.settle().await;
    t.advance(hours(1)).await;
}
