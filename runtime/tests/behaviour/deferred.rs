//! Deferred work: calls that are made later, again and again, or surely.

use stayput::prelude::*;
use stayput::testing::{self, Fault};
use stayput::time::{Backoff, DeadLetter, Missed, Overlap, Pending, Run, Scheduled};

use crate::support::{code, plant, stored};

/// A mixin with schedules of its own.
#[mixin(defers)]
pub struct Egg {
    boiled: u64,
}

#[mixin]
impl Egg {
    #[action]
    fn boil(&mut self, cx: &mut Context<Self>, minutes_long: u64) {
        cx.schedule("done", cx.me().done())
            .after(minutes(minutes_long));
    }

    #[action(internal)]
    fn done(&mut self) {
        self.boiled += 1;
    }

    #[action]
    fn boiled(&self) -> u64 {
        self.boiled
    }

    #[action]
    fn schedules(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.schedules().list(10);
        all.into_iter().map(|schedule| schedule.name).collect()
    }
}

/// When something ran: its own time, and what was said.
#[data]
#[derive(PartialEq)]
pub struct Tick {
    pub at: i64,
    pub what: String,
}

#[durable_object(defers)]
pub struct Desk {
    ticks: Log<Tick>,
    fail: u32,
    /// Whether `start` registers a schedule.
    regular: bool,
    #[mixin]
    left: Egg,
    #[mixin]
    right: Egg,
    #[transient]
    tries: Vec<i64>,
}

#[derive(Debug, Clone, PartialEq, ActionError)]
pub enum DeskError {
    /// It was told to.
    #[error(code = "desk.failed")]
    Failed,
}

#[durable_object]
impl Desk {
    #[event(start)]
    fn start(&mut self, cx: &mut Context<Self>, _first: bool) {
        if self.regular {
            cx.schedule("regular", cx.me().tick("regular"))
                .every(hours(1), Missed::Once);
        }
    }

    #[action]
    fn be_regular(&mut self) {
        self.regular = true;
    }

    #[action]
    fn tick(&mut self, cx: &mut Context<Self>, what: String) -> Result<(), DeskError> {
        let at = cx.now().as_millis();
        self.tries.push(at);
        self.ticks.push(Tick { at, what });
        if self.fail > 0 {
            return Err(DeskError::Failed);
        }
        Ok(())
    }

    #[action]
    fn after(&mut self, cx: &mut Context<Self>, what: String, delay: u64) -> String {
        let me = cx.me();
        me.tick(what).after(cx, seconds(delay))
    }

    #[action]
    fn under_name(&mut self, cx: &mut Context<Self>, name: String, delay: u64, keep: bool) {
        let call = cx.me().tick(&*name);
        let schedule = cx.schedule(&name, call);
        let schedule = if keep {
            schedule.keep_existing()
        } else {
            schedule
        };
        schedule.after(seconds(delay));
    }

    #[action]
    fn every(&mut self, cx: &mut Context<Self>, period: u64, missed: Missed) {
        cx.schedule("every", cx.me().tick("every"))
            .every(seconds(period), missed);
    }

    /// A process that sleeps for so long, every so often.
    #[action]
    fn slowly(&mut self, cx: &mut Context<Self>, period: u64, long: u64, overlap: Overlap) {
        cx.schedule("slowly", cx.me().sleep(long))
            .overlap(overlap)
            .every(seconds(period), Missed::Once);
    }

    #[action(internal)]
    async fn sleep(this: Handle<Self>, cx: ProcessContext<Self>, long: u64) -> Result<()> {
        let at = cx.now().as_millis();
        let what = "slept".to_owned();
        this.atomic(|desk, _| Ok::<_, stayput::Error>(desk.ticks.push(Tick { at, what })))
            .await?;
        cx.sleep(seconds(long)).await;
        Ok(())
    }

    #[action]
    fn fail(&mut self, fail: bool) {
        self.fail = fail.into();
    }

    #[action]
    fn impatient(&mut self, cx: &mut Context<Self>) {
        cx.schedule("impatient", cx.me().tick("impatient"))
            .backoff(Backoff::default().retries(1).first(seconds(5)))
            .keep_runs(5)
            .after(seconds(10));
    }

    #[action]
    fn cancel(&mut self, cx: &mut Context<Self>, name: String) -> bool {
        cx.schedules_mut().cancel(&name)
    }

    #[action]
    fn cancel_all(&mut self, cx: &mut Context<Self>) -> u64 {
        cx.schedules_mut().cancel_all() as u64
    }

    /// A run that registers its own schedule anew.
    #[action]
    fn again(&mut self, cx: &mut Context<Self>, left: u32) {
        self.ticks.push(Tick {
            at: cx.now().as_millis(),
            what: left.to_string(),
        });
        if left > 0 {
            cx.schedule("again", cx.me().again(left - 1))
                .keep_existing()
                .after(seconds(7));
        }
    }

    /// Defers, and then fails.
    #[action]
    fn regret(&mut self, cx: &mut Context<Self>) -> Result<(), DeskError> {
        cx.schedule("regret", cx.me().tick("regret"))
            .after(seconds(1));
        Desk::named(cx, "other").tick("regret").send(cx);
        Err(DeskError::Failed)
    }

    #[action]
    fn send(&mut self, cx: &mut Context<Self>, to: String, what: Vec<String>) {
        for what in what {
            Desk::named(cx, &to).tick(what).send(cx);
        }
    }

    #[action]
    fn send_by_id(&mut self, cx: &mut Context<Self>, to: ObjectId, what: String) {
        Desk::by_id(cx, to).tick(what).send(cx);
    }

    /// Has an object made that only some may make.
    #[action]
    fn open_vault(&mut self, cx: &mut Context<Self>) {
        Vault::named(cx, "v").put().send(cx);
        Vault::named(cx, "w").put().after(cx, seconds(1));
    }

    /// What cannot be deferred fails the action.
    #[action]
    fn misuse(&mut self, cx: &mut Context<Self>, how: String) {
        self.regular = true;
        let call = cx.me().tick("never");
        match &*how {
            "name" => cx.schedule("~x", call).after(seconds(1)),
            "period" => cx
                .schedule("x", call)
                .every(std::time::Duration::from_millis(5), Missed::All),
            "retry" => drop(call.retry(Retry::default()).send(cx)),
            "target" => drop(Desk::named(cx, "").tick("never").send(cx)),
            "long" => drop(cx.me().tick("x".repeat(1_000_000)).send(cx)),
            _ => {}
        }
    }

    #[action]
    fn tolerate(&mut self, cx: &mut Context<Self>) {
        let outcome = cx.attempt(self, |desk, cx| {
            desk.misuse(cx, "name".to_owned());
            Err::<(), _>(DeskError::Failed)
        });
        assert_eq!(outcome, Err(DeskError::Failed));
        self.fail = 0;
    }

    #[action]
    fn ticks(&self) -> Vec<(i64, String)> {
        let ticks = self
            .ticks
            .iter()
            .map(|(_, tick)| (tick.at / 1_000, tick.what));
        ticks.collect()
    }

    #[action]
    fn tries(&self) -> Vec<i64> {
        self.tries.clone()
    }

    #[action]
    fn schedules(&self, cx: &Context<Self>) -> Vec<Scheduled> {
        cx.schedules().list(100)
    }

    #[action]
    fn runs(&self, cx: &Context<Self>, name: String) -> Vec<Run> {
        cx.schedules().runs(&name)
    }

    #[action]
    fn outbox(&self, cx: &Context<Self>) -> Vec<Pending> {
        cx.outbox().list(100)
    }

    #[action]
    fn dead(&self, cx: &Context<Self>) -> Vec<DeadLetter> {
        let dead = cx.dead_letters().list(100);
        assert_eq!(cx.dead_letters().count(), dead.len() as u64);
        dead
    }

    #[action]
    fn replay(&mut self, cx: &mut Context<Self>, id: String) -> bool {
        cx.dead_letters_mut().replay(&id)
    }

    #[action]
    fn discard(&mut self, cx: &mut Context<Self>, id: String) -> bool {
        cx.dead_letters_mut().discard(&id)
    }

    #[action]
    fn unsend(&mut self, cx: &mut Context<Self>, index: u32) -> bool {
        let all = cx.outbox().list(100);
        let Some(pending) = all.get(usize::try_from(index).unwrap()) else {
            return false;
        };
        cx.outbox_mut().cancel(pending.id)
    }

    #[action]
    fn who(&mut self, cx: &mut Context<Self>) {
        let what = format!("{} {:?}", cx.caller().subject(), cx.caller().kind());
        self.ticks.push(Tick { at: 0, what });
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }

    #[action]
    fn ask_later(&mut self, cx: &mut Context<Self>) {
        let me = cx.me();
        me.who().after(cx, seconds(1));
        Desk::named(cx, "other").who().send(cx);
    }
}

/// Not everybody may make one.
#[durable_object(create = "vaults")]
pub struct Vault {
    held: u32,
}

#[durable_object]
impl Vault {
    #[action]
    fn put(&mut self) -> u32 {
        self.held += 1;
        self.held
    }

    #[action(public)]
    fn held(&self) -> u32 {
        self.held
    }
}

stayput::app!(Desk, Vault);

/// The ticks, in seconds since `began`.
async fn ticks(desk: &DeskStub, began: Timestamp) -> Vec<(i64, String)> {
    let began = began.as_millis() / 1_000;
    let ticks = desk.ticks().await.unwrap();
    ticks
        .into_iter()
        .map(|(at, what)| (at - began, what))
        .collect()
}

fn said(ticks: &[(i64, &str)]) -> Vec<(i64, String)> {
    ticks
        .iter()
        .map(|(at, what)| (*at, (*what).to_owned()))
        .collect()
}

#[test]
fn a_call_is_made_later_once() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        let name = desk.after("x", 5_u64).await.unwrap();
        assert_eq!(desk.schedules().await.unwrap()[0].name, name);
        t.advance(seconds(4)).await;
        assert_eq!(ticks(&desk, began).await, []);
        t.advance(seconds(1)).await;
        assert_eq!(ticks(&desk, began).await, said(&[(5, "x")]));
        t.advance(hours(5)).await;
        assert_eq!(ticks(&desk, began).await, said(&[(5, "x")]));
        assert_eq!(desk.schedules().await.unwrap(), []);
        // Nothing is left of it, no alarm either.
        let left = stored(t.data());
        assert!(
            left.iter()
                .all(|line| !line.contains("!sched") && !line.contains("!alarm")),
            "{left:?}"
        );
        assert!(
            left.iter().any(|line| line.ends_with("alarm None")),
            "{left:?}"
        );
    });
}

#[test]
fn what_is_due_while_the_node_is_down_runs_at_its_start() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.after("x", 5_u64).await.unwrap();
        t.restart().await;
        t.turn(seconds(60));
        t.crash().await;
        assert_eq!(ticks(&desk, began).await, said(&[(60, "x")]));
    });
}

#[test]
fn a_name_is_moved_or_kept() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.under_name("x", 10_u64, false).await.unwrap();
        t.advance(seconds(5)).await;
        desk.under_name("x", 10_u64, false).await.unwrap();
        t.advance(seconds(5)).await;
        desk.under_name("x", 10_u64, true).await.unwrap();
        t.advance(seconds(60)).await;
        assert_eq!(ticks(&desk, began).await, said(&[(15, "x")]));
        // Kept only while it is there.
        desk.under_name("x", 10_u64, true).await.unwrap();
        t.advance(seconds(10)).await;
        assert_eq!(ticks(&desk, began).await, said(&[(15, "x"), (80, "x")]));
    });
}

#[test]
fn a_run_may_register_its_own_schedule_anew() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.again(3_u32).await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(
            ticks(&desk, began).await,
            said(&[(0, "3"), (7, "2"), (14, "1"), (21, "0")])
        );
        assert_eq!(desk.schedules().await.unwrap(), []);
    });
}

#[test]
fn what_repeats_is_anchored_to_its_times() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.every(10_u64, Missed::All).await.unwrap();
        t.advance(seconds(25)).await;
        // Registered again it goes on as it does; with another period it begins anew.
        desk.every(10_u64, Missed::All).await.unwrap();
        t.advance(seconds(10)).await;
        desk.every(20_u64, Missed::All).await.unwrap();
        t.advance(seconds(21)).await;
        assert_eq!(
            ticks(&desk, began).await,
            said(&[(10, "every"), (20, "every"), (30, "every"), (55, "every")])
        );
        let runs = desk.runs("every").await.unwrap();
        assert_eq!(runs.len(), 4);
        assert!(
            runs.iter()
                .all(|run| run.due == run.begun && run.attempts == 1 && run.error.is_none())
        );
    });
}

#[test]
fn missed_runs_are_made_up_for_as_was_said() {
    let made_up = [(Missed::Once, 2), (Missed::All, 4), (Missed::Skip, 1)];
    for (missed, expected) in made_up {
        testing::run(app(), async |t| {
            let (desk, began) = (Desk::named(t, "a"), t.now());
            desk.every(10_u64, missed).await.unwrap();
            t.turn(seconds(35));
            t.crash().await;
            t.advance(seconds(6)).await;
            let times: Vec<i64> = ticks(&desk, began)
                .await
                .iter()
                .map(|(at, _)| *at)
                .collect();
            assert_eq!(times.len(), expected, "{missed:?}: {times:?}");
            // One that the crash cut short is tried again after a pause.
            assert!(
                times.iter().all(|at| (35..=40).contains(at)),
                "{missed:?}: {times:?}"
            );
            assert_eq!(times.last(), Some(&40));
        });
    }
}

#[test]
fn runs_that_overlap_are_left_out_or_queued() {
    for (overlap, expected) in [
        (Overlap::Skip, vec![10, 40, 70]),
        (Overlap::Queue, vec![10, 35, 60, 85]),
    ] {
        testing::run(app(), async |t| {
            let (desk, began) = (Desk::named(t, "a"), t.now());
            desk.slowly(10_u64, 25_u64, overlap).await.unwrap();
            t.advance(seconds(89)).await;
            let times: Vec<i64> = ticks(&desk, began)
                .await
                .iter()
                .map(|(at, _)| *at)
                .collect();
            assert_eq!(times, expected, "{overlap:?}");
        });
    }
}

#[test]
fn registering_at_each_wake_leaves_one() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.be_regular().await.unwrap();
        for _ in 0..200 {
            t.evict().await;
            desk.tries().await.unwrap();
            t.advance(seconds(10)).await;
        }
        let schedules = desk.schedules().await.unwrap();
        assert_eq!(schedules.len(), 1);
        assert_eq!(schedules[0].due, began + hours(1));
        let before = stored(t.data());
        t.evict().await;
        desk.tries().await.unwrap();
        assert_eq!(stored(t.data()), before, "a wake writes nothing");
    });
}

#[test]
fn a_run_that_fails_is_tried_again_then_kept_as_dead() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.fail(true).await.unwrap();
        desk.impatient().await.unwrap();
        t.advance(minutes(5)).await;
        let tries = desk.tries().await.unwrap();
        assert_eq!(tries.len(), 2);
        assert_eq!(tries[0], began.as_millis() + 10_000);
        let pause = tries[1] - tries[0];
        assert!((5_000..6_250).contains(&pause), "{pause}");
        // What a failed attempt wrote is undone.
        assert_eq!(ticks(&desk, began).await, []);
        let dead = desk.dead().await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0].schedule.as_deref(), Some("impatient"));
        assert_eq!(
            (dead[0].attempts, &*dead[0].action, &*dead[0].target),
            (2, "tick", "desk/a")
        );
        assert_eq!(dead[0].error.code, "desk.failed");
        let runs = desk.runs("impatient").await.unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!(
            runs[0].error.as_ref().map(|error| &*error.code),
            Some("desk.failed")
        );
        // Replayed, it runs.
        desk.fail(false).await.unwrap();
        assert!(desk.replay(&*dead[0].id).await.unwrap());
        t.settle().await;
        assert_eq!(ticks(&desk, began).await.len(), 1);
        assert_eq!(desk.dead().await.unwrap(), []);
        assert!(!desk.replay(&*dead[0].id).await.unwrap());
        assert!(!desk.discard(&*dead[0].id).await.unwrap());
    });
}

#[test]
fn what_is_cancelled_does_not_run() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.under_name("x", 10_u64, false).await.unwrap();
        desk.under_name("y", 10_u64, false).await.unwrap();
        let name = desk.after("z", 10_u64).await.unwrap();
        assert!(desk.cancel("x").await.unwrap());
        assert!(!desk.cancel("x").await.unwrap());
        assert!(desk.cancel(&*name).await.unwrap());
        t.advance(seconds(10)).await;
        assert_eq!(ticks(&desk, began).await, said(&[(10, "y")]));
        desk.under_name("x", 10_u64, false).await.unwrap();
        desk.every(10_u64, Missed::Once).await.unwrap();
        assert_eq!(desk.cancel_all().await.unwrap(), 2);
        t.advance(hours(1)).await;
        assert_eq!(ticks(&desk, began).await.len(), 1);
    });
}

#[test]
fn the_same_mixin_has_schedules_of_its_own_where_it_is_mounted() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        desk.left().boil(3_u64).await.unwrap();
        desk.right().boil(5_u64).await.unwrap();
        assert_eq!(desk.left().schedules().await.unwrap(), ["done"]);
        let names: Vec<String> = desk
            .schedules()
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(names, ["left.done", "right.done"]);
        t.advance(minutes(4)).await;
        assert_eq!(desk.left().boiled().await.unwrap(), 1);
        assert_eq!(desk.right().boiled().await.unwrap(), 0);
        t.advance(minutes(1)).await;
        assert_eq!(desk.right().boiled().await.unwrap(), 1);
    });
}

#[test]
fn what_a_failed_action_deferred_is_not_made() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        assert_eq!(code(desk.regret().await), "desk.failed");
        t.advance(hours(1)).await;
        assert_eq!(desk.ticks().await.unwrap(), []);
        assert_eq!(Desk::named(t, "other").ticks().await.unwrap(), []);
        assert_eq!(stored(t.data()), Vec::<String>::new());
    });
}

#[test]
fn what_cannot_be_deferred_fails_the_action() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        for (how, error) in [
            ("name", "invalid_request"),
            ("period", "invalid_request"),
            ("retry", "invalid_request"),
            ("target", "invalid_name"),
            ("long", "too_large"),
        ] {
            assert_eq!(code(desk.misuse(how).await), error, "{how}");
        }
        assert_eq!(stored(t.data()), Vec::<String>::new());
        // In an attempt that is taken back it is taken back, too.
        desk.tolerate().await.unwrap();
    });
}

#[test]
fn sends_are_made_in_their_order_once() {
    testing::run(app(), async |t| {
        let (desk, other, began) = (Desk::named(t, "a"), Desk::named(t, "b"), t.now());
        let all: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        desk.send("b", all.clone()).await.unwrap();
        desk.send("b", vec!["last".to_owned()]).await.unwrap();
        t.settle().await;
        let ticks: Vec<String> = ticks(&other, began)
            .await
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        assert_eq!(ticks[..50], all);
        assert_eq!(ticks[50..], ["last"]);
        assert_eq!(desk.outbox().await.unwrap(), []);
        let left = stored(t.data());
        let lane = |line: &&String| {
            line.contains("!lane") || line.contains("!alarm") || line.contains("!outbox/")
        };
        assert_eq!(left.iter().find(lane), None);
    });
}

#[test]
fn sends_by_name_and_by_id_are_all_made() {
    testing::run(app(), async |t| {
        let (desk, other) = (Desk::named(t, "a"), Desk::named(t, "b"));
        other.fail(true).await.unwrap();
        // The first by name waits; those by id are taken before it, with higher numbers.
        desk.send("b", vec!["0".to_owned()]).await.unwrap();
        t.settle().await;
        other.fail(false).await.unwrap();
        desk.send_by_id(other.id().unwrap(), "1").await.unwrap();
        t.settle().await;
        desk.send("b", vec!["2".to_owned()]).await.unwrap();
        desk.send_by_id(other.id().unwrap(), "3").await.unwrap();
        t.advance(minutes(1)).await;
        let ticks = other.ticks().await.unwrap().into_iter();
        let what: Vec<String> = ticks.map(|(_, what)| what).collect();
        assert_eq!(what, ["1", "3", "0", "2"]);
    });
}

#[test]
fn a_send_to_oneself_is_made() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.send("a", vec!["x".to_owned()]).await.unwrap();
        t.settle().await;
        assert_eq!(ticks(&desk, began).await, said(&[(0, "x")]));
    });
}

#[test]
fn a_send_that_fails_holds_up_its_target_and_no_other() {
    testing::run(app(), async |t| {
        let (desk, other, third) = (
            Desk::named(t, "a"),
            Desk::named(t, "b"),
            Desk::named(t, "c"),
        );
        let began = t.now();
        other.fail(true).await.unwrap();
        desk.send("b", vec!["1".to_owned(), "2".to_owned()])
            .await
            .unwrap();
        desk.send("c", vec!["3".to_owned()]).await.unwrap();
        t.settle().await;
        assert_eq!(ticks(&third, began).await, said(&[(0, "3")]));
        let waiting = desk.outbox().await.unwrap();
        let attempts: Vec<_> = waiting
            .iter()
            .map(|pending| (pending.attempts, &*pending.target))
            .collect();
        assert_eq!(attempts, [(1, "desk/b"), (0, "desk/b")]);
        // A later send does not go round the pause.
        desk.send("b", vec!["4".to_owned()]).await.unwrap();
        t.advance(seconds(1)).await;
        assert_eq!(other.tries().await.unwrap().len(), 1);
        other.fail(false).await.unwrap();
        t.advance(seconds(2)).await;
        let what: Vec<String> = ticks(&other, began)
            .await
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        assert_eq!(what, ["1", "2", "4"]);
    });
}

#[test]
fn a_send_that_fails_for_good_is_a_dead_letter_and_the_next_is_made() {
    testing::run(app(), async |t| {
        let (desk, other) = (Desk::named(t, "a"), Desk::named(t, "b"));
        let began = t.now();
        other.fail(true).await.unwrap();
        desk.send("b", vec!["1".to_owned(), "2".to_owned()])
            .await
            .unwrap();
        // Seven attempts, with 2 + 4 + .. + 64 s between them, and up to a quarter more.
        t.advance(seconds(125)).await;
        assert_eq!(desk.dead().await.unwrap(), []);
        t.advance(seconds(35)).await;
        let dead = desk.dead().await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((dead[0].attempts, dead[0].schedule.as_deref()), (7, None));
        other.fail(false).await.unwrap();
        t.advance(minutes(1)).await;
        desk.replay(&*dead[0].id).await.unwrap();
        t.settle().await;
        let what: Vec<String> = ticks(&other, began)
            .await
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        assert_eq!(what, ["2", "1"]);
    });
}

#[test]
fn a_send_is_cancelled() {
    testing::run(app(), async |t| {
        let (desk, other) = (Desk::named(t, "a"), Desk::named(t, "b"));
        let began = t.now();
        other.fail(true).await.unwrap();
        let sends = ["1", "2", "3"].map(str::to_owned);
        desk.send("b", sends.to_vec()).await.unwrap();
        t.settle().await;
        assert!(desk.unsend(0_u32).await.unwrap());
        assert!(desk.unsend(0_u32).await.unwrap());
        assert!(!desk.unsend(7_u32).await.unwrap());
        other.fail(false).await.unwrap();
        t.advance(seconds(5)).await;
        let what: Vec<String> = ticks(&other, began)
            .await
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        assert_eq!(what, ["3"]);
        assert_eq!(desk.outbox().await.unwrap(), []);
    });
}

#[test]
fn whoever_asked_is_known_later() {
    testing::run(app(), async |t| {
        let ann = t.as_caller(Caller::user("ann"));
        Desk::named(&ann, "a").ask_later().await.unwrap();
        t.advance(seconds(2)).await;
        for name in ["a", "other"] {
            let ticks = Desk::named(t, name).ticks().await.unwrap();
            assert_eq!(ticks, [(0, "ann User".to_owned())]);
        }
    });
}

#[test]
fn objects_make_later_what_they_may_make_now() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        assert_eq!(code(Vault::named(&ann, "v").put().await), "forbidden");
        Desk::named(&ann, "a").open_vault().await.unwrap();
        t.advance(seconds(2)).await;
        assert_eq!(Vault::named(t, "v").held().await.unwrap(), 1);
        assert_eq!(Vault::named(t, "w").held().await.unwrap(), 1);
    });
}

#[test]
fn a_crash_makes_nothing_twice_and_loses_nothing() {
    testing::run(app(), async |t| {
        let (desk, other) = (Desk::named(t, "a"), Desk::named(t, "b"));
        for round in 0..20_u64 {
            desk.send("b", vec![format!("s{round}")]).await.unwrap();
            desk.after(format!("t{round}"), 1_u64).await.unwrap();
            if round % 3 == 0 {
                t.turn(seconds(2));
            }
            t.crash().await;
        }
        t.advance(minutes(1)).await;
        let sent: Vec<String> = other
            .ticks()
            .await
            .unwrap()
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        let expected: Vec<String> = (0..20).map(|round| format!("s{round}")).collect();
        assert_eq!(sent, expected);
        let mut run: Vec<String> = desk
            .ticks()
            .await
            .unwrap()
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        run.sort();
        let mut expected: Vec<String> = (0..20).map(|round| format!("t{round}")).collect();
        expected.sort();
        assert_eq!(run, expected);
        assert_eq!(desk.outbox().await.unwrap(), []);
        assert_eq!(desk.dead().await.unwrap(), []);
    });
}

#[test]
fn a_commit_that_fails_is_tried_again() {
    testing::run(app(), async |t| {
        let (desk, began) = (Desk::named(t, "a"), t.now());
        desk.after("x", 5_u64).await.unwrap();
        desk.send("b", vec!["y".to_owned()]).await.unwrap();
        t.settle().await;
        t.fail_next(Fault::Full);
        t.fail_next(Fault::Io);
        t.advance(minutes(5)).await;
        assert_eq!(ticks(&desk, began).await.len(), 1);
        assert_eq!(ticks(&Desk::named(t, "b"), began).await.len(), 1);
    });
}

#[test]
fn what_is_destroyed_owes_nothing() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        desk.after("x", 5_u64).await.unwrap();
        desk.every(10_u64, Missed::All).await.unwrap();
        desk.end().await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(desk.ticks().await.unwrap(), []);
        // A new life counts its sends from the first again, and they are taken.
        for _ in 0..2 {
            t.advance(seconds(1)).await;
            desk.send("b", vec!["x".to_owned()]).await.unwrap();
            t.settle().await;
            desk.end().await.unwrap();
        }
        assert_eq!(Desk::named(t, "b").ticks().await.unwrap().len(), 2);
    });
}

#[test]
fn an_entry_of_the_order_that_leads_nowhere_is_cleared_away() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        desk.under_name("x", 50_u64, false).await.unwrap();
        t.settle().await;
        // As damage would leave it: of a schedule and of a lane that are not there, and of one at another time.
        for what in ["sgone", "odesk/gone", "sx"] {
            let key = format!("!alarm/at/8000000000000000{what}");
            assert_eq!(plant(t.data(), &key, "1"), 1);
        }
        desk.after("y", 10_u64).await.unwrap();
        t.advance(seconds(60)).await;
        let left = stored(t.data());
        assert!(
            left.iter().all(|line| !line.contains("!alarm/at/")),
            "{left:?}"
        );
        assert_eq!(desk.ticks().await.unwrap().len(), 2);
    });
}

#[test]
fn a_test_goes_from_one_time_to_the_next_and_looks_inside() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "a");
        assert_eq!(t.advance_to_next().await, None);
        desk.after("x", 50_u64).await.unwrap();
        desk.after("y", 90_u64).await.unwrap();
        assert_eq!(t.advance_to_next().await, Some(seconds(50)));
        assert_eq!(t.run_in(&desk, |desk, _| desk.ticks.len()).await, 1);
        let first = t.run_in(&desk, |desk, cx| {
            cx.schedules_mut().cancel_all();
            desk.ticks.push(Tick {
                at: 0,
                what: "inside".to_owned(),
            })
        });
        assert_eq!(first.await, 2);
        t.crash().await;
        assert_eq!(t.run_in(&desk, |desk, _| desk.ticks.len()).await, 2);
        t.advance(hours(1)).await;
        assert_eq!(desk.ticks().await.unwrap().len(), 2);
    });
}

mod with_tables {
    use stayput::sql::Migration;

    use super::*;

    const TABLES: &[Migration] = &[Migration::new(
        "ticks",
        "CREATE TABLE ticks(what TEXT UNIQUE)",
    )];

    #[durable_object(sql(migrations = TABLES), defers)]
    pub struct Ledger {}

    #[durable_object]
    impl Ledger {
        #[action]
        fn enter(&mut self, cx: &mut Context<Self>, what: String) -> Result<()> {
            cx.sql().exec("INSERT INTO ticks VALUES (?)", (&what,))?;
            Ok(())
        }

        #[action]
        fn plan(&mut self, cx: &mut Context<Self>, what: String, fail: bool) -> Result<()> {
            cx.sql()
                .exec("INSERT INTO ticks VALUES (?)", (&format!("plan {what}"),))?;
            cx.schedule(&what, cx.me().enter(format!("later {what}")))
                .after(seconds(5));
            Self::named(cx, "other").enter(&*what).send(cx);
            if fail {
                return Err(stayput::Error::msg("on purpose"));
            }
            Ok(())
        }

        #[action]
        fn all(&self, cx: &Context<Self>) -> Result<Vec<String>> {
            let rows: Vec<(String,)> = cx
                .sql_read()
                .all("SELECT what FROM ticks ORDER BY rowid", ())?;
            Ok(rows.into_iter().map(|(what,)| what).collect())
        }
    }

    stayput::app!(Ledger);

    #[test]
    fn an_object_with_tables_defers_in_the_transaction_of_its_rows() {
        testing::run(app(), async |t| {
            let (ledger, other) = (Ledger::named(t, "a"), Ledger::named(t, "other"));
            for round in 0..5 {
                ledger.plan(round.to_string(), false).await.unwrap();
                assert_eq!(
                    code(ledger.plan(format!("not {round}"), true).await),
                    "internal"
                );
                t.crash().await;
            }
            t.advance(seconds(30)).await;
            let mut all = ledger.all().await.unwrap();
            all.sort();
            let expected = |word: &str| {
                (0..5)
                    .map(|round| format!("{word}{round}"))
                    .collect::<Vec<_>>()
            };
            assert_eq!(all, [expected("later "), expected("plan ")].concat());
            assert_eq!(other.all().await.unwrap(), expected(""));
        });
    }
}

#[cfg(feature = "cron")]
mod by_the_clock {
    use super::*;

    #[durable_object(defers)]
    pub struct Bakery {
        opened: Log<Timestamp>,
    }

    #[durable_object]
    impl Bakery {
        #[action]
        fn hours(&mut self, cx: &mut Context<Self>, cron: String, zone: String) {
            cx.schedule("open", cx.me().open())
                .cron(&cron, &zone, Missed::Skip);
        }

        #[action(internal)]
        fn open(&mut self, cx: &mut Context<Self>) {
            self.opened.push(cx.now());
        }

        #[action]
        fn opened(&self) -> Vec<Timestamp> {
            self.opened.iter().map(|(_, at)| at).collect()
        }

        #[action]
        fn next(&self, cx: &Context<Self>) -> Option<Scheduled> {
            cx.schedules().get("open")
        }
    }

    stayput::app!(Bakery);

    #[test]
    fn a_cron_expression_says_when() {
        testing::run(app(), async |t| {
            let bakery = Bakery::named(t, "corner");
            bakery.hours("0 6 * * *", "Europe/Berlin").await.unwrap();
            let next = bakery.next().await.unwrap().unwrap();
            assert_eq!(
                next.cron,
                Some(("0 6 * * *".to_owned(), "Europe/Berlin".to_owned()))
            );
            t.advance(days(3)).await;
            let opened = bakery.opened().await.unwrap();
            assert_eq!(opened.len(), 3);
            assert_eq!(opened[0], next.due);
            for pair in opened.windows(2) {
                assert_eq!(pair[1].since(pair[0]), days(1));
            }
        });
    }

    #[test]
    fn a_bad_expression_or_zone_fails_the_action() {
        testing::run(app(), async |t| {
            let bakery = Bakery::named(t, "corner");
            for (cron, zone) in [
                ("0 25 * * *", "UTC"),
                ("0 6 * * *", "Mars"),
                ("0 0 30 2 *", "UTC"),
            ] {
                assert_eq!(code(bakery.hours(cron, zone).await), "invalid_request");
            }
        });
    }
}
