//! `SIGTERM` under load: what was accepted is finished, nothing new is begun, and the end is clean.

use std::time::{Duration, Instant};

use serde_json::json;
use support::http::Connection;
use support::process::{Launch, scratch};
use support::random::{Random, note, seed};

use crate::clients::{Clients, Outcome};
use crate::{alone, program};

#[test]
fn sigterm_finishes_what_was_begun() {
    let _alone = alone();
    let mut random = Random::new(seed("sigterm_finishes_what_was_begun"));
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let clients = Clients::start(server.address(), 16, &mut random, |_, random, _| {
        (
            format!("counter/{}", random.within(0, 8)),
            "increment",
            json!({}),
        )
    });
    let mut patient = server.connect();
    let slow_call =
        std::thread::spawn(move || patient.call("trouble/t", "wait", &json!({"ms": 1_500})));
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    server.terminate().unwrap();
    // While the slow call runs, the server must say that it wants no more work.
    let mut unready = None;
    while began.elapsed() < Duration::from_millis(1_200) && unready.is_none() {
        let ready =
            Connection::open(server.address()).and_then(|mut connection| connection.get("/readyz"));
        match ready {
            Ok(response) if response.status == 503 => unready = Some(began.elapsed()),
            Ok(response) => {
                assert!(
                    began.elapsed() < Duration::from_millis(500),
                    "/readyz says {} after {:?}",
                    response.status,
                    began.elapsed()
                );
            }
            Err(_) => {}
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    note(&format!("/readyz is 503 after {unready:?}"));
    let status = server
        .wait(Duration::from_secs(10))
        .unwrap()
        .expect("still runs 10 s after SIGTERM");
    note(&format!("ended {:?} after SIGTERM", began.elapsed()));
    assert!(status.success(), "ended with {status}\n{}", server.log());
    assert!(
        unready.is_some(),
        "/readyz never said 503 while work was in flight"
    );
    let answer = slow_call.join().unwrap();
    assert_eq!(
        answer.expect("the call in flight got no answer"),
        Ok(json!(1))
    );

    let mut low = [0; 8];
    let mut high = [0; 8];
    let mut cut = 0;
    for sent in clients.finish(true) {
        let index: usize = sent.object.trim_start_matches("counter/").parse().unwrap();
        match &sent.outcome {
            Outcome::Done(_) => {
                low[index] += 1;
                high[index] += 1;
            }
            Outcome::Refused(error) => assert_eq!(error["data"]["code"], "draining", "{error}"),
            Outcome::Unknown => {
                // A request that crossed the closing of its idle connection; it may count or not.
                high[index] += 1;
                cut += 1;
            }
        }
    }
    let (server, _) = Launch::new(program(), &data).start();
    let mut connection = server.connect();
    let mut executed_unanswered = 0;
    for index in 0..8 {
        let value = connection
            .call(&format!("counter/{index}"), "value", &json!({}))
            .unwrap()
            .unwrap();
        let value = value.as_i64().unwrap();
        assert!(
            (low[index]..=high[index]).contains(&value),
            "{value} is not in {}..={}",
            low[index],
            high[index]
        );
        executed_unanswered += value - low[index];
    }
    note(&format!("{cut} calls met a closed connection"));
    assert_eq!(
        executed_unanswered, 0,
        "calls were executed and not answered"
    );
}
