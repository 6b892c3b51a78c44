//! Queries, commands and processes: what each may do, and beside what.

use stayput::prelude::*;
use stayput::testing;

use crate::support::{Signal, code, fate, stored};

#[derive(Debug, ActionError)]
pub enum DeskError {
    /// Not now.
    Busy,
}

#[durable_object]
pub struct Desk {
    notes: Log<String>,
    count: u64,
    #[transient]
    inside: std::cell::Cell<(u32, u32)>,
}

static MOST_QUERIES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
static SPUN: Signal = Signal::new();

#[durable_object]
impl Desk {
    #[action]
    fn add(&mut self, note: String) -> u64 {
        self.count += 1;
        self.notes.push(note)
    }

    #[action]
    fn notes(&self) -> Vec<String> {
        self.notes.last(100)
    }

    #[action]
    fn count(&self) -> u64 {
        self.count
    }

    /// Changes it so often, one time right after the other.
    #[action]
    async fn churn(this: Handle<Self>, times: u64) -> Result<()> {
        for _ in 0..times {
            this.atomic(|desk, _| {
                desk.count += 1;
                Ok::<_, stayput::Error>(())
            })
            .await?;
        }
        Ok(())
    }

    /// Stays inside for a second.
    #[action]
    async fn look_long(&self, cx: &Context<Self>) -> u64 {
        let (now, _) = self.inside.get();
        self.inside.set((now + 1, 0));
        MOST_QUERIES.fetch_max(now + 1, std::sync::atomic::Ordering::SeqCst);
        cx.sleep(seconds(1)).await;
        let (now, _) = self.inside.get();
        self.inside.set((now - 1, 0));
        self.count
    }

    /// Reads, waits a second, and writes what it read plus one: loses updates unless it is alone.
    #[action]
    async fn add_long(&mut self, cx: &mut Context<Self>) -> u64 {
        let count = self.count;
        cx.sleep(seconds(1)).await;
        self.count = count + 1;
        self.count
    }

    #[action]
    async fn query_that_commands(&self, cx: &Context<Self>, other: String) -> Result<u64> {
        Ok(Desk::named(cx, &other).add("smuggled").await?)
    }

    #[action]
    async fn query_that_asks(&self, cx: &Context<Self>, other: String) -> Result<u64> {
        Ok(Desk::named(cx, &other).count().await?)
    }

    #[action]
    async fn query_through_a_query(&self, cx: &Context<Self>, other: String) -> Result<u64> {
        Ok(Desk::named(cx, &other).query_that_commands("third").await?)
    }

    #[action]
    async fn query_that_starts_a_process(&self, cx: &Context<Self>, other: String) -> Result<u64> {
        Ok(Desk::named(cx, &other).work(1).await?)
    }

    #[action]
    async fn work(this: Handle<Self>, cx: ProcessContext<Self>, minutes_each: u64) -> Result<u64> {
        let began = cx.now();
        let mut count = 0;
        for step in 0..3 {
            cx.sleep(minutes(minutes_each)).await;
            count = this
                .atomic(|desk, cx| {
                    desk.count += 1;
                    desk.notes
                        .push(format!("step {step} after {:?}", cx.now().since(began)));
                    Ok::<_, DeskError>(desk.count)
                })
                .await?;
            assert_eq!(this.read(|desk| desk.count).await?, count);
        }
        assert_eq!(cx.now().since(began), minutes(3 * minutes_each));
        Ok(count)
    }

    #[action]
    async fn undo_in_part(this: Handle<Self>) -> Result<String, DeskError> {
        let kept = this
            .atomic(|desk, _| Ok::<_, DeskError>(desk.notes.push("kept".to_owned())))
            .await;
        let failed = this
            .atomic(|desk, cx| {
                desk.notes.push("lost".to_owned());
                desk.count = 100;
                cx.set_alarm(cx.now());
                Err::<(), _>(DeskError::Busy)
            })
            .await;
        let panicked = this
            .atomic(|desk, _| -> Result<(), DeskError> {
                desk.notes.push("lost".to_owned());
                panic!("deliberate")
            })
            .await;
        Ok(format!(
            "{} {} {}",
            code(kept),
            code(failed),
            code(panicked)
        ))
    }

    #[action]
    async fn panic_midway(this: Handle<Self>) -> Result<(), DeskError> {
        let kept = this
            .atomic(|desk, _| Ok::<_, DeskError>(desk.notes.push("kept".to_owned())))
            .await;
        assert!(kept.is_err(), "deliberate");
        Ok(())
    }

    #[action]
    async fn hang(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<(), DeskError> {
        let written = this
            .atomic(|desk, _| Ok::<_, DeskError>(desk.notes.push("began".to_owned())))
            .await;
        drop(written);
        cx.sleep(hours(1)).await;
        Ok(())
    }

    #[action]
    fn spin(&self) {
        SPUN.wait();
    }

    #[action]
    fn panic_now(&mut self) {
        self.count += 1;
        panic!("deliberate");
    }
}

stayput::app!(Desk);

#[test]
fn a_query_may_not_command_directly_or_through_others() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "first");
        assert_eq!(
            code(desk.query_that_commands("second").await),
            "read_only_chain"
        );
        assert_eq!(
            code(desk.query_through_a_query("second").await),
            "read_only_chain"
        );
        assert_eq!(
            code(desk.query_that_starts_a_process("second").await),
            "read_only_chain"
        );
        assert_eq!(desk.query_that_asks("second").await.unwrap(), 0);
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new(), "nothing was born");
        assert_eq!(
            Desk::named(t, "second").notes().await.unwrap(),
            Vec::<String>::new()
        );
    });
}

#[test]
fn queries_overlap_and_commands_do_not() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "desk");
        let began = t.now();
        let queries: Vec<_> = (0..5).map(|_| t.spawn(desk.look_long())).collect();
        t.advance(seconds(1)).await;
        for query in queries {
            assert!(query.is_finished(), "all five took one second");
            query.await.unwrap();
        }
        assert_eq!(t.now().since(began), seconds(1));
        assert_eq!(MOST_QUERIES.load(std::sync::atomic::Ordering::SeqCst), 5);

        let commands: Vec<_> = (0..5).map(|_| t.spawn(desk.add_long())).collect();
        t.advance(seconds(3)).await;
        assert_eq!(
            commands
                .iter()
                .filter(|command| command.is_finished())
                .count(),
            3
        );
        t.advance(seconds(2)).await;
        let mut counts = Vec::new();
        for command in commands {
            counts.push(command.await.unwrap());
        }
        assert_eq!(counts, [1, 2, 3, 4, 5], "in the order they came");
    });
}

#[test]
fn queries_and_commands_wait_for_each_other_in_turn() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "fair");
        let before = t.spawn(desk.look_long());
        t.settle().await;
        let command = t.spawn(desk.add_long());
        t.settle().await;
        let after = t.spawn(desk.look_long());
        t.advance(seconds(1)).await;
        assert!(before.is_finished() && !command.is_finished() && !after.is_finished());
        t.advance(seconds(1)).await;
        assert!(command.is_finished() && !after.is_finished());
        t.advance(seconds(1)).await;
        assert_eq!((before.await.unwrap(), after.await.unwrap()), (0, 1));
    });
}

#[test]
fn a_process_holds_nothing_while_it_waits() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "process");
        let work = t.spawn(desk.work(2));
        t.advance(minutes(3)).await;
        desk.add("between").await.unwrap();
        t.advance(minutes(3)).await;
        assert_eq!(work.await.unwrap(), 4);
        let notes = desk.notes().await.unwrap();
        assert_eq!(
            notes,
            [
                "step 0 after 120s",
                "between",
                "step 1 after 240s",
                "step 2 after 360s"
            ]
        );
    });
}

#[test]
fn each_atomic_step_of_a_process_is_a_transaction() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "steps");
        assert_eq!(desk.undo_in_part().await.unwrap(), "ok busy internal");
        assert_eq!(desk.notes().await.unwrap(), ["kept"]);
        assert_eq!(desk.count().await.unwrap(), 0);
    });
}

#[test]
fn a_process_that_panics_harms_only_itself() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "panics");
        assert_eq!(code(desk.panic_midway().await), "internal");
        assert_eq!(
            desk.notes().await.unwrap(),
            ["kept"],
            "what was committed stays"
        );
    });
}

#[test]
fn a_process_has_fifteen_minutes() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "hangs");
        let hang = t.spawn(desk.hang());
        t.advance(seconds(15 * 60 - 1)).await;
        assert!(!hang.is_finished());
        t.advance(seconds(2)).await;
        assert_eq!(fate(hang.await), ("timeout".to_owned(), true));
        assert_eq!(desk.notes().await.unwrap(), ["began"]);
    });
}

#[test]
fn a_panic_does_not_harm_the_calls_that_wait() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "bystanders");
        desk.add("before").await.unwrap();
        let long = t.spawn(desk.add_long());
        t.settle().await;
        let panics = t.spawn(desk.panic_now());
        t.settle().await;
        let waiting: Vec<_> = (0..3).map(|_| t.spawn(desk.add("after"))).collect();
        t.settle().await;
        let query = t.spawn(desk.count());
        t.advance(seconds(1)).await;
        assert_eq!(long.await.unwrap(), 2);
        assert_eq!(code(panics.await), "internal");
        for call in waiting {
            call.await.unwrap();
        }
        assert_eq!(query.await.unwrap(), 5);
    });
}

#[test]
fn a_call_that_waits_too_long_is_not_run() {
    testing::run(app(), async |t| {
        let desk = Desk::named(t, "late");
        // 26 commands of a second each: the last one's turn comes after its deadline.
        let commands: Vec<_> = (0..27).map(|_| t.spawn(desk.add_long())).collect();
        t.advance(seconds(40)).await;
        let mut codes = Vec::new();
        for command in commands {
            codes.push(fate(command.await));
        }
        let ok = codes.iter().filter(|(code, _)| code == "ok").count();
        assert!((24..=25).contains(&ok), "{codes:?}");
        assert!(
            codes[ok..]
                .iter()
                .all(|fate| *fate == ("timeout".to_owned(), false)),
            "{codes:?}"
        );
        assert_eq!(desk.count().await.unwrap(), ok as u64);
    });
}

#[test]
fn a_synchronous_action_blocks_nobody_on_another_shard() {
    testing::Test::new(app()).threads(4).run(async |t| {
        let spinning = Desk::named(t, "spins");
        let call = t.spawn(spinning.spin());
        // Of twenty names some lie on each shard; those of the others answer at once.
        let mut answered = 0;
        let others: Vec<_> = (0..20)
            .map(|name| t.spawn(Desk::named(t, &name.to_string()).add("here")))
            .collect();
        let began = std::time::Instant::now();
        while answered < 5 && began.elapsed() < seconds(5) {
            tokio::task::yield_now().await;
            answered = others.iter().filter(|other| other.is_finished()).count();
        }
        assert!(answered >= 5, "only {answered} answered");
        assert!(!call.is_finished());
        SPUN.give();
        call.await.unwrap();
        for other in others {
            other.await.unwrap();
        }
    });
}

#[test]
fn a_process_without_a_pause_lets_others_in() {
    testing::run(app(), async |t| {
        const TIMES: u64 = 20_000;
        let desk = Desk::named(t, "d");
        let churning = t.spawn(desk.churn(TIMES));
        let mut seen = 0;
        while seen == 0 {
            seen = desk.count().await.unwrap();
        }
        assert!(seen < TIMES, "nobody was let in before the end");
        churning.await.unwrap();
        assert_eq!(desk.count().await.unwrap(), TIMES);
    });
}
