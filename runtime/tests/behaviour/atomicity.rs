//! An action takes effect as a whole or not at all.

use stayput::prelude::*;
use stayput::testing::{self, Fault, Harness};

use crate::support::{Signal, code, fate, stored};

/// Something was written.
#[event]
pub struct Written {
    pub line: String,
}

/// Counts, and remembers whom it counted.
#[mixin]
pub struct Tally {
    count: u64,
    who: Set<String>,
}

#[mixin]
impl Tally {
    fn add(&mut self, cx: &mut Context<Self>, who: &str) {
        self.count += 1;
        self.who.insert(who);
        cx.set_alarm(cx.now() + hours(self.count));
    }

    #[event(Written)]
    fn on_written(&mut self, event: Written) {
        self.count += 100;
        self.who.insert(&event.line);
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        self.count += 1_000;
    }
}

#[data]
#[derive(PartialEq)]
pub struct Seen {
    pub title: String,
    pub lines: Vec<String>,
    pub likes: (u64, Vec<String>),
    pub views: (u64, Vec<String>),
    pub heard: u64,
    pub alarms: Vec<Option<Timestamp>>,
    pub scratch: u64,
}

#[durable_object(events(Written))]
pub struct Ledger {
    title: String,
    lines: Log<String>,
    heard: u64,
    #[mixin]
    likes: Tally,
    #[mixin]
    views: Tally,
    #[transient]
    scratch: u64,
}

#[derive(Debug, ActionError)]
pub enum LedgerError {
    /// No.
    Refused,
}

static ENTERED: Signal = Signal::new();
static TURNED: Signal = Signal::new();

#[durable_object]
impl Ledger {
    fn write_everything(&mut self, cx: &mut Context<Self>, line: &str) {
        self.title = line.to_owned();
        self.lines.push(line.to_owned());
        self.lines.remove(1);
        self.likes.add(&mut cx.likes(), line);
        self.views.add(&mut cx.views(), line);
        self.views.add(&mut cx.views(), "another");
        self.scratch += 1;
        cx.emit(Written {
            line: line.to_owned(),
        });
        cx.set_alarm(cx.now() + minutes(5));
    }

    #[action]
    fn succeed(&mut self, cx: &mut Context<Self>, line: String) {
        self.write_everything(cx, &line);
    }

    #[action]
    fn refuse(&mut self, cx: &mut Context<Self>) -> Result<(), LedgerError> {
        self.write_everything(cx, "refused");
        Err(LedgerError::Refused)
    }

    #[action]
    fn panic(&mut self, cx: &mut Context<Self>) {
        self.write_everything(cx, "panicked");
        panic!("deliberate");
    }

    #[action]
    async fn refuse_late(&mut self, cx: &mut Context<Self>) -> Result<(), LedgerError> {
        self.write_everything(cx, "refused");
        cx.sleep(seconds(3)).await;
        self.lines.push("more".to_owned());
        Err(LedgerError::Refused)
    }

    #[action]
    async fn panic_late(&mut self, cx: &mut Context<Self>) {
        self.write_everything(cx, "panicked");
        cx.sleep(seconds(3)).await;
        panic!("deliberate");
    }

    #[action]
    async fn oversleep(&mut self, cx: &mut Context<Self>) {
        self.write_everything(cx, "overslept");
        cx.sleep(minutes(1)).await;
    }

    #[action]
    fn overrun(&mut self, cx: &mut Context<Self>) {
        self.write_everything(cx, "overran");
        ENTERED.give();
        TURNED.wait();
    }

    #[action]
    fn see(&self, cx: &Context<Self>) -> Seen {
        let tally = |tally: &Tally| (tally.count, tally.who.iter().collect());
        Seen {
            title: self.title.clone(),
            lines: self.lines.last(100),
            likes: tally(&self.likes),
            views: tally(&self.views),
            heard: self.heard,
            alarms: vec![cx.alarm(), cx.likes().alarm(), cx.views().alarm()],
            scratch: self.scratch,
        }
    }

    #[event(Written)]
    fn on_written(&mut self, cx: &mut Context<Self>, event: Written) {
        self.heard += 1;
        self.lines.push(format!("heard {}", event.line));
        cx.set_alarm(cx.now() + minutes(6));
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        self.heard += 1_000;
    }
}

stayput::app!(Ledger);

/// Runs a failing call on a born and on an unborn object: neither keeps anything of it, in the files or in memory.
async fn nothing_changes<T>(
    t: &Harness,
    expected: &str,
    fail: impl AsyncFn(LedgerStub) -> Result<T, CallError<LedgerError>>,
) {
    let born = Ledger::named(t, "born");
    born.succeed("before").await.unwrap();
    let (before, files) = (born.see().await.unwrap(), stored(t.data()));
    assert_eq!(before.heard, 1, "the events were handled");
    assert!(before.alarms.iter().all(Option::is_some));

    assert_eq!(code(fail(born.clone()).await), expected);
    let after = born.see().await.unwrap();
    assert_eq!(
        Seen {
            scratch: 0,
            ..after
        },
        Seen {
            scratch: 0,
            ..before.clone()
        }
    );
    t.settle().await;
    assert_eq!(stored(t.data()), files);

    let unborn = Ledger::named(t, "unborn");
    assert_eq!(code(fail(unborn.clone()).await), expected);
    let seen = unborn.see().await.unwrap();
    assert_eq!(
        (seen.title, seen.lines, seen.likes.0),
        (String::new(), vec![], 0)
    );
    assert_eq!(seen.alarms, [None; 3]);
    t.settle().await;
    assert_eq!(stored(t.data()), files, "the object was not born");

    // Neither does anything of it come up later.
    t.evict().await;
    let now = born.see().await.unwrap();
    assert_eq!(
        now,
        Seen {
            scratch: 0,
            ..before
        }
    );
    born.succeed("after").await.unwrap();
    t.settle().await;
    let kept = stored(t.data()).join("\n");
    assert!(kept.contains("after"));
    for trace in ["refused", "panicked", "over", "more"] {
        assert!(!kept.contains(trace), "{trace} in {kept}");
    }
}

#[test]
fn an_error_undoes_everything() {
    testing::run(app(), async |t| {
        nothing_changes(t, "refused", async |ledger| ledger.refuse().await).await;
    });
}

#[test]
fn a_panic_undoes_everything() {
    testing::run(app(), async |t| {
        let panics = async |ledger: LedgerStub| Ok(ledger.panic().await.map_err(infallible)?);
        nothing_changes(t, "internal", panics).await;
    });
}

#[test]
fn an_error_after_waiting_undoes_everything() {
    testing::run(app(), async |t| {
        nothing_changes(t, "refused", async |ledger| {
            let call = t.spawn(ledger.refuse_late());
            t.advance(seconds(4)).await;
            call.await
        })
        .await;
    });
}

#[test]
fn a_panic_after_waiting_undoes_everything() {
    testing::run(app(), async |t| {
        nothing_changes(t, "internal", async |ledger| {
            let call = t.spawn(ledger.panic_late());
            t.advance(seconds(4)).await;
            call.await.map_err(infallible)
        })
        .await;
    });
}

#[test]
fn an_action_that_sleeps_past_its_deadline_is_undone() {
    testing::run(app(), async |t| {
        nothing_changes(t, "timeout", async |ledger| {
            let call = t.spawn(ledger.oversleep());
            t.advance(seconds(24)).await;
            assert!(!call.is_finished());
            t.advance(seconds(2)).await;
            let answer = call.await;
            let executed = answer
                .as_ref()
                .unwrap_err()
                .rejection()
                .unwrap()
                .maybe_executed();
            assert!(!executed, "what was undone was not executed");
            answer.map_err(infallible)
        })
        .await;
    });
}

#[test]
fn an_action_that_runs_past_its_deadline_is_undone() {
    testing::run(app(), async |t| {
        let ledger = Ledger::named(t, "late");
        ledger.succeed("before").await.unwrap();
        let (before, files) = (ledger.see().await.unwrap(), stored(t.data()));
        let call = t.spawn(ledger.overrun());
        ENTERED.given().await;
        t.turn(seconds(26));
        TURNED.give();
        assert_eq!(code(call.await), "timeout");
        let after = ledger.see().await.unwrap();
        assert_eq!(
            Seen {
                scratch: 0,
                ..after
            },
            Seen {
                scratch: 0,
                ..before
            }
        );
        t.settle().await;
        assert_eq!(stored(t.data()), files);
    });
}

#[test]
fn a_failed_commit_undoes_everything() {
    for (fault, expected) in [
        (Fault::Io, ("storage".to_owned(), true)),
        (Fault::Full, ("storage_full".to_owned(), true)),
        (Fault::Refused, ("storage".to_owned(), true)),
    ] {
        testing::run(app(), async |t| {
            let ledger = Ledger::named(t, "unlucky");
            ledger.succeed("before").await.unwrap();
            let (before, files) = (ledger.see().await.unwrap(), stored(t.data()));
            t.fail_next(fault);
            assert_eq!(fate(ledger.succeed("refused").await), expected);
            t.settle().await;
            assert_eq!(stored(t.data()), files, "{fault:?}");
            // The instance was dropped: the next call sees what is on disk.
            assert_eq!(
                ledger.see().await.unwrap(),
                Seen {
                    scratch: 0,
                    ..before
                },
                "{fault:?}"
            );
            ledger.succeed("after").await.unwrap();
            assert_eq!(ledger.see().await.unwrap().title, "after");
        });
    }
}

#[test]
fn a_commit_that_was_not_acknowledged_may_be_there() {
    testing::run(app(), async |t| {
        let ledger = Ledger::named(t, "lucky");
        ledger.succeed("before").await.unwrap();
        t.fail_next(Fault::IoAfterCommit);
        assert_eq!(
            fate(ledger.succeed("kept").await),
            ("storage".to_owned(), true)
        );
        assert_eq!(ledger.see().await.unwrap().title, "kept");
    });
}

#[test]
fn success_keeps_everything() {
    testing::run(app(), async |t| {
        let ledger = Ledger::named(t, "fine");
        ledger.succeed("one").await.unwrap();
        ledger.succeed("two").await.unwrap();
        let seen = ledger.see().await.unwrap();
        assert_eq!(seen.title, "two");
        assert_eq!(seen.lines, ["heard one", "two", "heard two"]);
        assert_eq!(seen.likes, (202, vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!(seen.views.0, 204);
        assert_eq!(seen.heard, 2);
        assert_eq!(
            seen.alarms,
            [
                Some(t.now() + minutes(6)),
                Some(t.now() + hours(102)),
                Some(t.now() + hours(104))
            ]
        );
        for reload in 0..3 {
            match reload {
                0 => t.evict().await,
                1 => t.restart().await,
                _ => t.crash().await,
            }
            assert_eq!(
                ledger.see().await.unwrap(),
                Seen {
                    scratch: 0,
                    ..seen.clone()
                }
            );
        }
    });
}

#[test]
fn transient_fields_outlive_an_error_but_no_panic_and_no_eviction() {
    testing::run(app(), async |t| {
        let ledger = Ledger::named(t, "notes");
        ledger.succeed("one").await.unwrap();
        assert_eq!(code(ledger.refuse().await), "refused");
        assert_eq!(ledger.see().await.unwrap().scratch, 2, "kept on an error");
        assert_eq!(code(ledger.panic().await), "internal");
        assert_eq!(ledger.see().await.unwrap().scratch, 0, "gone after a panic");
        ledger.succeed("two").await.unwrap();
        assert_eq!(ledger.see().await.unwrap().scratch, 1);
        t.evict().await;
        assert_eq!(
            ledger.see().await.unwrap().scratch,
            0,
            "gone after eviction"
        );
    });
}

fn infallible(error: CallError<std::convert::Infallible>) -> CallError<LedgerError> {
    match error {
        CallError::Failed(never) => match never {},
        CallError::Rejected(rejection) => CallError::Rejected(rejection),
    }
}
