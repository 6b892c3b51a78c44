//! A test as users write them, in three places: the harness, the native program, `workerd`.

use conformance_app::{Agenda, app};
use stayput::prelude::*;
use stayput::testing::{Anywhere, Subject as _, Test};
use support::process::{Launch, scratch};
use support::workers::Built;

pub(crate) fn check(built: &Built) {
    let folder = scratch();
    let (native, _) = Launch::new(&built.program, &folder.path().join("native")).start();
    let worker = built.worker.start(&folder.path().join("worker"));
    Anywhere::run(Test::new(app()), notes_are_made_later);
    for server in [&native, &worker] {
        let url = format!("http://{}", server.address());
        Anywhere::run_at(&url, Test::new(app()), notes_are_made_later);
        // Another run has names of its own.
        Anywhere::run_at(&url, Test::new(app()), notes_are_made_later);
    }
}

async fn notes_are_made_later(t: &Anywhere) {
    let agenda = Agenda::named(t, &t.name("anywhere"));
    assert_eq!(agenda.notes().await.unwrap(), Vec::<String>::new());
    agenda.later("soon", 300_u64).await.unwrap();
    t.eventually(async || agenda.notes().await.unwrap() == ["soon"])
        .await;
    t.pause(std::time::Duration::from_millis(10)).await;
    assert_eq!(agenda.scheduled().await.unwrap(), Vec::<String>::new());
}
