//! One table of scenarios, two backends: the native program and real `workerd`, each over HTTP. Both must answer what
//! the table says, and what the table leaves open they must answer alike, byte for byte.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a test fails it"
)]

mod alarms;
mod anywhere;
mod app;
mod attempts;
mod binary;
mod boards;
mod bodies;
mod calls;
mod deferred;
mod deploy;
mod dev;
mod differences;
mod documents;
mod ends;
mod eviction;
mod exports;
mod frames;
mod front;
mod gazettes;
mod guests;
mod javascript;
mod jobs;
mod keys;
mod limits;
mod middleware;
mod ordering;
mod outgoing;
mod outside;
mod panics;
mod params;
mod play;
mod queues;
mod repositories;
mod requests;
mod scenarios;
mod size;
mod slow;
mod sockets;
mod sourcing;
mod sql;
mod steps;
mod streams;
mod tables;
mod transfers;
mod upgrades;
mod values;

use std::fmt::Write as _;
use std::thread;

use play::{Backend as _, Told};
use steps::Scenario;
use support::process::{Launch, scratch};
use support::random::note;
use support::workers::Built;

/// One scenario after the other.
const TABLES: &[&[Scenario]] = &[
    scenarios::ALL,
    values::ALL,
    params::ALL,
    ordering::ALL,
    limits::ALL,
    calls::ALL,
    alarms::ALL,
    requests::ALL,
    keys::ALL,
    sockets::ALL,
    boards::ALL,
    frames::ALL,
    middleware::ALL,
    front::ALL,
    jobs::ALL,
    attempts::ALL,
    tables::ALL,
    queues::ALL,
];

#[test]
fn both_backends_behave_alike() {
    let built = app::build();
    let slow = (app::Native::new(&built), app::Workerd::new(&built));
    let slow_servers = (slow.0.start(), slow.1.start());
    thread::scope(|scope| {
        let native = scope.spawn(|| play::play_together(&slow_servers.0, slow::ALL));
        let worker = scope.spawn(|| play::play_together(&slow_servers.1, slow::ALL));
        let mut faults = tables(&built);
        let rest = scope.spawn(|| whatever_else(&built));
        // What went wrong there has been told.
        let rest = rest.join().is_ok();
        faults += &compare(&native.join().unwrap(), &worker.join().unwrap());
        assert!(rest && faults.is_empty(), "\n{faults}");
    });
}

#[test]
fn both_backends_reach_out_alike() {
    outgoing::check(&app::build());
}

#[test]
fn tests_of_users_run_anywhere() {
    anywhere::check(&app::build());
}

#[test]
fn both_backends_speak_cbor() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[binary::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[binary::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn both_backends_keep_tables() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[sql::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[sql::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn both_backends_source_events() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[sourcing::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[sourcing::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn both_backends_end_objects_alike() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[ends::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[ends::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn both_backends_defer_alike() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[deferred::ALL, gazettes::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[deferred::ALL, gazettes::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn objects_move_between_the_backends() {
    transfers::check(&app::build());
}

#[test]
fn both_backends_bring_old_state_up_to_date() {
    upgrades::check(&app::build());
}

#[test]
fn both_backends_keep_repositories() {
    let built = app::build();
    let native = play::play(&app::Native::new(&built), &[repositories::ALL]);
    let worker = play::play(&app::Workerd::new(&built), &[repositories::ALL]);
    let faults = compare(&native, &worker);
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn both_backends_stream_alike() {
    streams::check(&app::build());
}

/// What is told alike, or is not.
fn tables(built: &Built) -> String {
    let native = play::play(&app::Native::new(built), TABLES);
    let worker = play::play(&app::Workerd::new(built), TABLES);
    compare(&native, &worker)
}

fn whatever_else(built: &Built) {
    javascript::calls(built);
    let data = scratch();
    let worker = built.worker.start(&data.path().join("data"));
    panics::many(&worker, 10_000);
    let (native, _) = Launch::new(&built.program, &data.path().join("native")).start();
    differences::check(&native, &worker);
    documents::check(&native, &worker);
    let rounds = std::env::var("STAYPUT_EVICTIONS").map_or(4, |rounds| rounds.parse().unwrap());
    let worker = built.worker.start(&data.path().join("sleepers"));
    eviction::gives_memory_back(&worker, rounds);
}

/// Both must have answered what the table says, and what it leaves open alike: what is wrong with that.
fn compare(native: &[Told], worker: &[Told]) -> String {
    let mut faults = String::new();
    for (native, worker) in native.iter().zip(worker) {
        note(&format!(
            "{}: native {} steps, workerd {} steps",
            native.scenario,
            native.lines.len(),
            worker.lines.len()
        ));
        // Writing to a String cannot fail.
        for (backend, told) in [("native", native), ("workerd", worker)] {
            for fault in &told.faults {
                let _ = writeln!(faults, "{} on {backend}: {fault}", told.scenario);
            }
        }
        for (one, other) in native
            .lines
            .iter()
            .zip(&worker.lines)
            .filter(|(one, other)| one != other)
        {
            let _ = writeln!(
                faults,
                "{}: the backends differ\n  native:  {one}\n  workerd: {other}",
                native.scenario
            );
        }
    }
    faults
}
