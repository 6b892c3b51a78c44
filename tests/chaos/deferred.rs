//! `kill -9` under deferred work: every ring comes once, none early and none late; every send is made once, in its order.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::bounds::Baseline;
use support::process::{Launch, Server, scratch};
use support::random::{Random, note, seed};

use crate::clients::Clients;
use crate::kill::query;
use crate::{alone, amount, program};

const BELLS: u64 = 10;
const CLIENTS: usize = 4;
/// What a promise allows of lateness while the program is up, at 99 of 100.
const LATE: Duration = Duration::from_millis(250);
/// What it allows after a start.
const AFTER_START: Duration = Duration::from_secs(2);
/// When a ring that a kill cut short is tried again, at the latest.
const SECOND_TRY: Duration = Duration::from_millis(2_500);

/// From when to when the program was up.
struct Up {
    ready: i64,
    killed: i64,
}

#[test]
fn deferred_work_survives_kills() {
    let _alone = alone();
    let kills = amount("STAYPUT_DEFERRED_KILLS", 8);
    let rings = amount("STAYPUT_DEFERRED_RINGS", 400);
    let span = amount("STAYPUT_DEFERRED_SECONDS", 10);
    let mut random = Random::new(seed("deferred_work_survives_kills"));
    let folder = scratch();
    let data = folder.path().join("data");
    let launch = Launch::new(program(), &data);
    let (baseline, another) = (Baseline::take(), Baseline::take());
    let (mut server, _) = launch.start();
    let mut up = vec![Up {
        ready: now(),
        killed: i64::MAX,
    }];

    // One bell's rings fail for ever, which is nothing to the others, nor to its own.
    let mut connection = server.connect();
    let mut planned = HashMap::new();
    for number in 0..20 {
        let poison = json!({"id": format!("poison {number}"), "ms": random.within(0, 2_000)});
        query(&mut connection, "bell/0", "plan", &poison);
    }
    let millis = u64::try_from(span).unwrap() * 1_000;
    for number in 0..rings {
        let bell = format!("bell/{}", random.within(0, BELLS));
        let id = format!("ring {number}");
        let params = json!({"id": id, "ms": 500 + random.within(0, millis)});
        let due = query(&mut connection, &bell, "plan", &params);
        planned.insert(id, due.as_i64().unwrap());
    }
    drop(connection);

    let mut acknowledged = 0;
    for _ in 0..kills {
        let clients = Clients::start(server.address(), CLIENTS, &mut random, |_, random, _| {
            let from = random.within(0, BELLS);
            let to = (from + 1) % BELLS;
            (
                format!("bell/{from}"),
                "pass",
                json!({"to": to.to_string()}),
            )
        });
        let pause = millis / u64::try_from(kills).unwrap();
        sleep(Duration::from_millis(
            random.within(pause / 2, pause * 3 / 2),
        ));
        server.kill();
        up.last_mut().unwrap().killed = now();
        let sent = clients.finish(false);
        acknowledged += sent.iter().filter(|sent| sent.answer().is_some()).count();
        (server, _) = launch.start();
        up.push(Up {
            ready: now(),
            killed: i64::MAX,
        });
    }
    settle(&server, planned.values().copied().max().unwrap_or(0));

    let lateness = check_rings(&server, planned, &up);
    check_numbers(&server, acknowledged);
    note(&format!(
        "{kills} kills: {rings} rings, late by {} ms at 99 of 100 and {} ms at most while up, {acknowledged} sends",
        lateness.p99.as_millis(),
        lateness.worst.as_millis(),
    ));
    baseline.assert_within("lateness of rings while up, 99 of 100", lateness.p99, LATE);
    another.assert_within(
        "rings that were overdue at a start",
        lateness.overdue,
        AFTER_START,
    );
}

/// How late rings were.
struct Lateness {
    p99: Duration,
    worst: Duration,
    /// After the start, of those that were due before it.
    overdue: Duration,
}

/// Waits until everything that is owed is made.
fn settle(server: &Server, last: i64) {
    let mut connection = server.connect();
    for _ in 0..600 {
        let owed = (0..BELLS)
            .map(|bell| query(&mut connection, &format!("bell/{bell}"), "owed", &json!({})));
        let owed: Vec<Value> = owed.collect();
        // The poisoned ones are still being tried.
        let rings = owed.iter().skip(1).all(|owed| owed[0] == 0);
        if now() > last + 3_000 && rings && owed.iter().all(|owed| owed[1] == 0) {
            assert!(
                owed.iter().skip(1).all(|owed| owed[2] == 0),
                "dead letters: {owed:?}"
            );
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("what is owed is not made within a minute");
}

fn check_rings(server: &Server, mut planned: HashMap<String, i64>, up: &[Up]) -> Lateness {
    let mut connection = server.connect();
    let (mut late, mut overdue) = (vec![], Duration::ZERO);
    for bell in 0..BELLS {
        let object = format!("bell/{bell}");
        let mut seen = 0;
        loop {
            let rings = query(
                &mut connection,
                &object,
                "rings",
                &json!({"from": seen + 1}),
            );
            let rings = rings.as_array().unwrap().clone();
            for ring in &rings {
                seen += 1;
                let (due, at) = (ring["due"].as_i64().unwrap(), ring["at"].as_i64().unwrap());
                let id = ring["id"].as_str().unwrap();
                let asked = planned.remove(id);
                assert_eq!(
                    asked,
                    Some(due),
                    "rang twice, or was never asked for: {ring}"
                );
                assert!(at >= due, "early: {ring}");
                let life = up
                    .iter()
                    .rfind(|up| up.ready - 2_000 <= at && at <= up.killed);
                let life =
                    life.unwrap_or_else(|| panic!("rang while the program was down: {ring}"));
                if due >= life.ready {
                    late.push(millis(at - due));
                } else {
                    // Begun before the kill and cut short, it is tried again after a pause; else at once.
                    let since = millis(at - life.ready.max(due));
                    overdue = overdue.max(since.saturating_sub(SECOND_TRY));
                }
            }
            if rings.is_empty() {
                break;
            }
        }
    }
    assert!(planned.is_empty(), "never rang: {planned:?}");
    late.sort();
    Lateness {
        p99: late.get(late.len() * 99 / 100).copied().unwrap_or_default(),
        worst: late.last().copied().unwrap_or_default(),
        overdue,
    }
}

/// What one bell passed on, the next one took: all of it, once, in order.
fn check_numbers(server: &Server, acknowledged: usize) {
    let mut connection = server.connect();
    let mut numbers = |bell: u64| {
        query(
            &mut connection,
            &format!("bell/{bell}"),
            "numbers",
            &json!({}),
        )
    };
    let all: Vec<Value> = (0..BELLS).map(&mut numbers).collect();
    let mut passed = 0;
    for (from, to) in all.iter().zip(all.iter().cycle().skip(1)) {
        let count = from[0].as_u64().unwrap();
        passed += usize::try_from(count).unwrap();
        let expected: Vec<u64> = (1..=count).collect();
        assert_eq!(to[1], json!(expected));
    }
    assert!(
        passed >= acknowledged,
        "{passed} of {acknowledged} acknowledged"
    );
    assert!(acknowledged > 100, "there was next to no load");
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn millis(count: i64) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or(0))
}

/// What waits for an action that the program does not have any more is in the log of its start.
#[test]
fn a_start_tells_of_work_whose_action_is_gone() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let launch = Launch::new(program(), &data);
    let (server, _) = launch.start();
    let params = json!({"id": "evening", "ms": 86_400_000});
    query(&mut server.connect(), "bell/tower", "plan", &params);
    server.kill();
    let file = data.join(crate::backup::shared_with(&data, "bell", "tower"));
    let database = rusqlite::Connection::open(file).unwrap();
    // As if an earlier version of the program had called it otherwise.
    let changed = database.execute(
        r#"UPDATE record SET value = CAST(replace(CAST(value AS TEXT), '"ring"', '"gong"') AS BLOB)
           WHERE key LIKE '!sched/%' AND CAST(value AS TEXT) LIKE '%"ring"%'"#,
        (),
    );
    assert_eq!(changed.unwrap(), 1, "the schedule is stored otherwise");
    database.close().unwrap();
    let (server, _) = launch.start();
    let began = std::time::Instant::now();
    let told = loop {
        let log = server.log();
        if let Some(line) = log.lines().find(|line| line.contains("`gong`")) {
            break line.to_owned();
        }
        let waited = began.elapsed();
        assert!(waited < Duration::from_secs(20), "nothing is told: {log}");
        sleep(Duration::from_millis(50));
    };
    for part in [
        "WARN",
        "`bell` has no action `gong` any more",
        "schedule `evening` of bell/tower, due ",
        "#[action(was = ",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
