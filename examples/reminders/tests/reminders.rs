//! The reminders, in the harness: days pass in milliseconds, and no request leaves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use reminders::{Reminder, Reminders, Told, app};
use stayput::mixins::jobs::JobStatus;
use stayput::prelude::*;
use stayput::testing::{Answer, Anywhere, Harness, Sent, Test};

const HOOK: &str = "https://example.com/hook";

/// A receiver, and what it was told.
fn receiver(answer: fn(usize) -> Answer) -> (Test, Arc<Mutex<Vec<Told>>>) {
    let told: Arc<Mutex<Vec<Told>>> = Arc::default();
    let heard = told.clone();
    let test = Test::new(app()).http(move |request: &Sent| {
        assert_eq!(request.url(), HOOK);
        let mut heard = heard.lock().unwrap();
        heard.push(request.json().unwrap());
        answer(heard.len())
    });
    (test, told)
}

#[stayput::test]
async fn what_is_done_is_not_told(t: &Harness) {
    let ann = Reminders::named(t, "ann");
    ann.tell(HOOK).await.unwrap();
    let id = ann.add("tea", 5_u64).await.unwrap();
    ann.done(id).await.unwrap();
    // A request would fail: there is no script.
    t.drain(days(1)).await;
    assert_eq!(ann.list().await.unwrap(), []);
}

#[test]
fn a_reminder_is_told_when_it_is_due_whatever_happens_meanwhile() {
    // The first attempt meets a server that is down.
    let (test, told) = receiver(|count| Answer::status(if count == 1 { 503 } else { 204 }));
    test.run(async |t| {
        let ann = Reminders::named(t, "ann");
        ann.tell(HOOK).await.unwrap();
        let id = ann.add("tea", 5_u64).await.unwrap();
        ann.snooze(id, 60_u64).await.unwrap();
        t.crash().await;
        t.advance(minutes(59)).await;
        assert!(told.lock().unwrap().is_empty());
        t.advance(minutes(2)).await;
        let due = Told::Due {
            id,
            text: "tea".to_owned(),
        };
        assert_eq!(*told.lock().unwrap(), [due.clone(), due]);
    });
}

#[test]
fn working_days_begin_with_a_message() {
    let (test, told) = receiver(|_| Answer::status(204));
    // Thursday, 2026-01-01.
    test.run(async |t| {
        let ann = Reminders::named(t, "ann");
        ann.tell(HOOK).await.unwrap();
        ann.every_morning("Europe/Berlin").await.unwrap();
        t.advance(days(7)).await;
        assert_eq!(told.lock().unwrap().len(), 5);
        assert_eq!(told.lock().unwrap()[0], Told::Morning { open: 0 });
    });
}

#[stayput::test]
async fn all_is_cleared_when_somebody_approves(t: &Harness) {
    let ann = Reminders::named(t, "ann");
    for text in ["tea", "milk"] {
        ann.add(text, 60_u64).await.unwrap();
    }
    let refused = ann.clear().await.unwrap().job;
    let approved = ann.clear().await.unwrap().job;
    let jobs = ann.jobs();
    t.restart().await;
    jobs.signal(&*refused, "approval", Some(false.into()))
        .await
        .unwrap();
    t.settle().await;
    let ended = jobs.get(&*refused).await.unwrap();
    assert_eq!(ended.status, JobStatus::Failed, "{ended:?}");
    assert_eq!(ended.error.unwrap().code, "reminders.not_approved");
    assert_eq!(ann.list().await.unwrap().len(), 2);
    jobs.signal(&*approved, "approval", Some(true.into()))
        .await
        .unwrap();
    t.settle().await;
    let ended = jobs.get(&*approved).await.unwrap();
    assert_eq!(
        (ended.status, ended.result),
        (JobStatus::Done, Some(2.into()))
    );
    assert_eq!(ann.list().await.unwrap(), []);
    // Nothing of it is due any more.
    assert_eq!(
        t.run_in(&ann, |_, cx| cx.schedules().list(10).len()).await,
        0
    );
}

/// Runs in the harness, and on a running app where `STAYPUT_TEST_URL` says which.
#[stayput::test]
async fn reminders_are_listed(t: &Anywhere) {
    let ann = Reminders::named(t, &t.name("ann"));
    let id = ann.add("tea", 60_u64).await.unwrap();
    let all = ann.list().await.unwrap();
    assert!(matches!(&all[..], [(one, Reminder { text, .. })] if *one == id && text == "tea"));
}
