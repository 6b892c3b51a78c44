//! `kill -9` under load, over and over: nothing acknowledged is lost, nothing happens twice, nothing by half.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use support::bounds::Baseline;
use support::http::Connection;
use support::process::{Launch, Server, scratch};
use support::random::{Random, note, seed};

use crate::clients::{Clients, Sent};
use crate::{alone, amount, program};

const OBJECTS: u64 = 64;
const CLIENTS: usize = 16;

/// What the test knows of one ledger.
#[derive(Debug, Default)]
struct Known {
    /// Number of its next line.
    next: u64,
    /// Sum and count of the lines so far.
    total: i64,
    lines: u64,
}

#[test]
fn kill_loses_nothing() {
    let _alone = alone();
    let kills = amount("STAYPUT_KILLS", 20);
    let mut random = Random::new(seed("kill_loses_nothing"));
    let folder = scratch();
    let data = folder.path().join("data");
    let launch = Launch::new(program(), &data);
    let baseline = Baseline::take();
    let mut known: HashMap<String, Known> = HashMap::new();
    let (mut server, _) = launch.start();
    let (mut slowest, mut acknowledged, mut unknown, mut survived) = (Duration::ZERO, 0, 0, 0);
    for cycle in 0..kills {
        let clients = Clients::start(
            server.address(),
            CLIENTS,
            &mut random,
            move |client, random, call| {
                let object = format!("ledger/{}", random.within(0, OBJECTS));
                let n = random.within(1, 1_000);
                (
                    object,
                    "add",
                    json!({"op": format!("{cycle}-{client}-{call}"), "n": n}),
                )
            },
        );
        std::thread::sleep(Duration::from_millis(random.within(20, 800)));
        server.kill();
        let sent = clients.finish(false);
        let ready;
        (server, ready) = launch.start();
        slowest = slowest.max(ready);
        acknowledged += sent.iter().filter(|sent| sent.answer().is_some()).count();
        unknown += sent.iter().filter(|sent| sent.answer().is_none()).count();
        survived += verify(&server, &sent, &mut known);
    }
    note(&format!(
        "{kills} kills: {acknowledged} acknowledged, {unknown} unknown of which {survived} took effect"
    ));
    assert!(acknowledged > kills * CLIENTS, "there was next to no load");
    baseline.assert_within(
        "ready after kill -9, slowest",
        slowest,
        Duration::from_secs(2),
    );
    server.kill();
    // Which thread has which file is no property of the data.
    for threads in [1, 3] {
        let (server, _) = Launch {
            threads,
            ..Launch::new(program(), &data)
        }
        .start();
        for (object, known) in &known {
            full_check(&mut server.connect(), object, known);
        }
    }
}

/// Compares what one cycle did with what is there now. Returns how many unknown calls took effect.
fn verify(server: &Server, sent: &[Sent], known: &mut HashMap<String, Known>) -> usize {
    let mut connection = server.connect();
    let mut by_object: HashMap<&str, HashMap<&str, &Sent>> = HashMap::new();
    for sent in sent {
        let op = sent.params["op"].as_str().unwrap();
        by_object.entry(&sent.object).or_default().insert(op, sent);
    }
    let mut survived = 0;
    for (object, mut expected) in by_object {
        let known = known.entry(object.to_owned()).or_default();
        loop {
            let lines = query(
                &mut connection,
                object,
                "lines",
                &json!({"from": known.next}),
            );
            let lines = lines.as_array().unwrap();
            for line in lines {
                let op = line["entry"]["op"].as_str().unwrap();
                // Not there: never sent to this object, of an earlier cycle, or here for the second time.
                let sent = expected
                    .remove(op)
                    .unwrap_or_else(|| panic!("{object}: unexpected {line}"));
                assert_eq!(line["entry"]["n"], sent.params["n"], "{object}: {line}");
                assert_eq!(
                    line["indexed"], sent.params["n"],
                    "{object}: by half, {line}"
                );
                survived += usize::from(sent.answer().is_none());
                known.next = line["id"].as_u64().unwrap() + 1;
                known.total += line["entry"]["n"].as_i64().unwrap();
                known.lines += 1;
            }
            if lines.is_empty() {
                break;
            }
        }
        let lost: Vec<_> = expected
            .values()
            .filter(|sent| sent.answer().is_some())
            .collect();
        assert!(lost.is_empty(), "{object}: acknowledged and lost: {lost:?}");
        let total = query(&mut connection, object, "total", &json!({}));
        assert_eq!(
            total, known.total,
            "{object}: the total is not the sum of its lines"
        );
    }
    survived
}

fn full_check(connection: &mut Connection, object: &str, known: &Known) {
    let totals = query(connection, object, "totals", &json!({}));
    let expected = json!({"total": known.total, "sum": known.total, "entries": known.lines, "indexed": known.lines});
    assert_eq!(totals, expected, "{object}");
}

pub(crate) fn query(
    connection: &mut Connection,
    object: &str,
    action: &str,
    params: &Value,
) -> Value {
    match connection.call(object, action, params).unwrap() {
        Ok(value) => value,
        Err(error) => panic!("{object} {action}: {error}"),
    }
}
