//! An action that never yields holds up nobody but its own object.

use std::time::{Duration, Instant};

use serde_json::json;
use support::bounds::Baseline;
use support::process::{Launch, scratch};
use support::random::note;

use crate::{alone, program};

#[test]
fn a_spinning_action_is_left_behind() {
    let _alone = alone();
    let baseline = Baseline::take();
    let folder = scratch();
    let data = folder.path().join("data");
    // One shard: every other object lives on the thread that spins.
    let (mut server, _) = Launch {
        threads: 1,
        ..Launch::new(program(), &data)
    }
    .start();
    let mut connection = server.connect();
    for name in 0..20 {
        connection
            .call(&format!("counter/{name}"), "increment", &json!({}))
            .unwrap()
            .unwrap();
    }
    let address = server.address();
    let began = Instant::now();
    let spinning = std::thread::spawn(move || {
        let mut connection = support::http::Connection::open(address).unwrap();
        let answer = connection
            .call("trouble/t", "spin", &json!({"ms": 30_000}))
            .unwrap();
        (answer, began.elapsed())
    });
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    assert_eq!(connection.get("/healthz").unwrap().status, 200);
    baseline.assert_within(
        "/healthz beside a spinning action",
        asked.elapsed(),
        Duration::from_millis(100),
    );
    // The first waits until the shard is replaced, the others must not wait at all.
    let asked = Instant::now();
    let mut slowest = Duration::ZERO;
    for name in 0..20 {
        let one = Instant::now();
        let value = connection
            .call(&format!("counter/{name}"), "increment", &json!({}))
            .unwrap();
        assert_eq!(
            value,
            Ok(json!(2)),
            "counter/{name} beside a spinning action"
        );
        if name > 0 {
            slowest = slowest.max(one.elapsed());
        }
    }
    baseline.assert_within(
        "other objects answer",
        asked.elapsed(),
        Duration::from_millis(1_500),
    );
    baseline.assert_within("and then at once", slowest, Duration::from_millis(200));
    let (answer, after) = spinning.join().unwrap();
    note(&format!("the spinning call was answered after {after:?}"));
    let error = answer.expect_err("a call that spins for 30 s was answered");
    assert_eq!(error["data"]["code"], "timeout", "{error}");
    assert!(
        (Duration::from_secs(20)..Duration::from_secs(29)).contains(&after),
        "answered after {after:?}"
    );
    // What the spinning call did is gone with it, also once it comes to its end. A connection that was silent for so
    // long is closed by now.
    let calls = || {
        server
            .connect()
            .call("trouble/t", "calls", &json!({}))
            .unwrap()
    };
    assert_eq!(calls(), Ok(json!(0)));
    std::thread::sleep(Duration::from_secs(32).saturating_sub(began.elapsed()));
    assert_eq!(calls(), Ok(json!(0)));
    assert!(server.is_alive(), "{}", server.log());
}
