//! `kill -9` under events: what subscribers hear comes once and in order, what is handled after a commit at least once.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use support::process::{Launch, Server, scratch};
use support::random::{Random, note, seed};

use crate::clients::Clients;
use crate::kill::query;
use crate::{alone, amount, program};

const PAPERS: u64 = 4;
const READERS: u64 = 3;
const CLIENTS: usize = 4;

#[test]
fn events_between_objects_survive_kills() {
    let _alone = alone();
    let kills = amount("STAYPUT_EVENT_KILLS", 8);
    let mut random = Random::new(seed("events_between_objects_survive_kills"));
    let folder = scratch();
    let data = folder.path().join("data");
    let launch = Launch::new(program(), &data);
    let (mut server, _) = launch.start();
    let mut connection = server.connect();
    for reader in 0..READERS {
        for paper in 0..PAPERS {
            let paper = json!({ "paper": paper.to_string() });
            query(
                &mut connection,
                &format!("reader/{reader}"),
                "subscribe",
                &paper,
            );
        }
    }
    settle(&server);
    drop(connection);

    let mut acknowledged = 0;
    for _ in 0..kills {
        let clients = Clients::start(server.address(), CLIENTS, &mut random, |_, random, _| {
            let paper = random.within(0, PAPERS);
            (format!("paper/{paper}"), "issue", json!({}))
        });
        sleep(Duration::from_millis(random.within(300, 900)));
        server.kill();
        let sent = clients.finish(false);
        acknowledged += sent.iter().filter(|sent| sent.answer().is_some()).count();
        (server, _) = launch.start();
    }
    settle(&server);

    let mut connection = server.connect();
    let (mut issued, mut again) = (0, 0);
    for paper in 0..PAPERS {
        let answer = query(
            &mut connection,
            &format!("paper/{paper}"),
            "posted",
            &json!({}),
        );
        let count = answer[0].as_u64().unwrap();
        issued += usize::try_from(count).unwrap();
        let expected: Vec<u64> = (1..=count).collect();
        again += at_least_once(&answer[1], &expected);
        for reader in 0..READERS {
            let params = json!({ "paper": paper.to_string() });
            let read = query(
                &mut connection,
                &format!("reader/{reader}"),
                "read",
                &params,
            );
            assert_eq!(read[0], json!(expected), "reader {reader} of paper {paper}");
            again += at_least_once(&read[1], &expected);
        }
    }
    assert!(
        issued >= acknowledged,
        "{issued} of {acknowledged} acknowledged"
    );
    assert!(acknowledged > 50, "there was next to no load");
    note(&format!(
        "{kills} kills: {acknowledged} issues acknowledged, {issued} made, each heard once by {READERS} readers; {again} \
         handled again after a commit"
    ));
}

/// All of it in order, though some of it twice in a row; how many came again.
fn at_least_once(handled: &Value, expected: &[u64]) -> usize {
    let mut handled: Vec<u64> = serde_json::from_value(handled.clone()).unwrap();
    let all = handled.len();
    handled.dedup();
    assert_eq!(handled, expected);
    all - handled.len()
}

/// Waits until everybody is subscribed and everything that is owed is made.
fn settle(server: &Server) {
    let mut connection = server.connect();
    let mut owed = Vec::new();
    for _ in 0..600 {
        let papers = (0..PAPERS).map(|paper| {
            query(
                &mut connection,
                &format!("paper/{paper}"),
                "owed",
                &json!({}),
            )
        });
        owed = papers.collect();
        let readers = (0..READERS).map(|reader| {
            query(
                &mut connection,
                &format!("reader/{reader}"),
                "owed",
                &json!({}),
            )
        });
        let readers: Vec<Value> = readers.collect();
        if owed.iter().all(|owed| *owed == json!([READERS, 0, 0]))
            && readers.iter().all(|owed| *owed == json!([0, 0]))
        {
            return;
        }
        owed.extend(readers);
        sleep(Duration::from_millis(100));
    }
    panic!("what is owed is not made within a minute: {owed:?}");
}
