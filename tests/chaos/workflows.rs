//! `kill -9` under workflows: each is done or taken back in the end, no step's result changes, nothing is done twice.

use std::collections::HashMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::{Launch, Server, scratch};
use support::random::{Random, note, seed};

use crate::kill::query;
use crate::{alone, amount, program};

const AGENCIES: usize = 5;
const STOPS: usize = 6;
/// A run that a kill cut short is missed after 10 s; each may be cut short several times after the last kill was long ago.
const PATIENCE: Duration = Duration::from_mins(2);

/// A workflow under way.
struct Trip {
    agency: String,
    id: String,
    job: String,
    fails: bool,
    /// By the name of its step, what was seen to be kept of it.
    kept: HashMap<String, Value>,
}

#[test]
fn workflows_survive_kills() {
    let _alone = alone();
    let kills = amount("STAYPUT_WORKFLOW_KILLS", 5);
    let count = amount("STAYPUT_WORKFLOWS", 30);
    let mut random = Random::new(seed("workflows_survive_kills"));
    let folder = scratch();
    let data = folder.path().join("data");
    let launch = Launch::new(program(), &data);
    let (mut server, _) = launch.start();
    let began = Instant::now();

    // They are to be in the middle of it at each kill.
    let span = 700 * u64::try_from(kills).unwrap();
    let mut connection = server.connect();
    let mut trips = Vec::new();
    for number in 0..count {
        let agency = format!("agency/{}", number % AGENCIES);
        let pauses: Vec<u64> = (0..3).map(|_| random.within(0, span / 2)).collect();
        let (id, fails) = (format!("trip {number}"), number % 5 == 4);
        let params = json!({"id": id, "pauses": pauses, "fails": fails});
        let accepted = query(&mut connection, &agency, "travel", &params);
        trips.push(Trip {
            agency,
            id,
            job: accepted["job"].as_str().unwrap().to_owned(),
            fails,
            kept: HashMap::new(),
        });
    }
    drop(connection);

    let mut seen = 0;
    for _ in 0..kills {
        sleep(Duration::from_millis(random.within(100, 1_000)));
        seen += look(&server, &mut trips);
        server.kill();
        (server, _) = launch.start();
    }
    let mut ended = 0;
    while ended < trips.len() {
        assert!(
            began.elapsed() < PATIENCE + Duration::from_secs(2 * kills as u64),
            "{ended} of {count} have ended"
        );
        sleep(Duration::from_millis(250));
        let mut connection = server.connect();
        ended = trips
            .iter()
            .filter(|trip| has_ended(&job(&mut connection, trip)))
            .count();
    }
    seen += look(&server, &mut trips);
    check(&server, &trips);
    note(&format!(
        "{kills} kills, {count} workflows of {STOPS} steps: all ended within {:.1} s; {seen} looks at kept steps",
        began.elapsed().as_secs_f64()
    ));
}

fn job(connection: &mut support::http::Connection, trip: &Trip) -> Value {
    query(
        connection,
        &trip.agency,
        "jobs.get",
        &json!({"id": trip.job}),
    )
}

fn has_ended(job: &Value) -> bool {
    matches!(
        job["status"].as_str().unwrap(),
        "done" | "failed" | "cancelled" | "lost"
    )
}

/// What is kept of steps now; what was seen before must be among it. Answers how many steps were looked at.
fn look(server: &Server, trips: &mut [Trip]) -> usize {
    let mut connection = server.connect();
    let mut looks = 0;
    for trip in trips {
        let steps = query(
            &mut connection,
            &trip.agency,
            "jobs.steps",
            &json!({"id": trip.job}),
        );
        let mut now = HashMap::new();
        for step in steps.as_array().unwrap() {
            looks += 1;
            let name = step["name"].as_str().unwrap().to_owned();
            let said = json!([step["result"], step["error"]]);
            assert!(
                now.insert(name, said).is_none(),
                "a step is kept twice: {steps}"
            );
        }
        for (name, said) in &trip.kept {
            assert_eq!(
                now.get(name),
                Some(said),
                "`{name}` of {} has changed",
                trip.id
            );
        }
        trip.kept = now;
    }
    looks
}

fn check(server: &Server, trips: &[Trip]) {
    let mut connection = server.connect();
    let stops: Vec<Value> = (0..STOPS)
        .map(|stop| query(&mut connection, &format!("stop/{stop}"), "seen", &json!({})))
        .collect();
    for trip in trips {
        let job = job(&mut connection, trip);
        let expected = if trip.fails { "failed" } else { "done" };
        assert_eq!(job["status"], expected, "{job}");
        for (number, stop) in stops.iter().enumerate() {
            let visits = stop[0].as_array().unwrap().iter();
            let visits: Vec<&Value> = visits
                .filter(|visit| visit[0] == trip.id.as_str())
                .collect();
            let left = stop[1].as_array().unwrap().iter();
            let left = left.filter(|id| *id == trip.id.as_str()).count();
            // The last stop turns those away that are to fail.
            let is_refused = trip.fails && number == STOPS - 1;
            assert_eq!(
                visits.len(),
                usize::from(!is_refused),
                "{} at {number}: {visits:?}",
                trip.id
            );
            assert_eq!(left, usize::from(trip.fails), "{} left {number}", trip.id);
            if !is_refused {
                // What the step is kept to have answered is what the only visit was told.
                let kept = &trip.kept[&format!("visit {number}")];
                assert_eq!(kept[0], visits[0][1], "{} at {number}", trip.id);
            }
            if !trip.fails {
                assert_eq!(job["result"][number], visits[0][1]);
            }
        }
    }
}
