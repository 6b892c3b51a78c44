//! One table of scenarios, two backends: the native program and real `workerd`, each over HTTP. Both must answer what
//! the table says, and what the table leaves open they must answer alike, byte for byte.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a test fails it"
)]

mod app;
mod dev;
mod differences;
mod documents;
mod eviction;
mod guests;
mod javascript;
mod panics;
mod params;
mod scenarios;
mod sockets;
mod steps;
mod values;

use std::fmt::Write as _;

use support::process::{Launch, scratch};
use support::random::note;

#[test]
fn both_backends_behave_alike() {
    let built = app::build();
    let native = steps::play(&app::Native::new(&built));
    let worker = steps::play(&app::Workerd::new(&built));

    let mut faults = String::new();
    for (native, worker) in native.iter().zip(&worker) {
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
    assert!(faults.is_empty(), "\n{faults}");
    javascript::calls(&built);
    let data = scratch();
    let worker = built.worker.start(&data.path().join("data"));
    panics::many(&worker, 10_000);
    let (native, _) = Launch::new(&built.program, &data.path().join("native")).start();
    differences::check(&native, &worker);
    documents::check(&native, &worker);
    let rounds = std::env::var("STAYPUT_EVICTIONS").map_or(2, |rounds| rounds.parse().unwrap());
    let worker = built.worker.start(&data.path().join("sleepers"));
    eviction::gives_memory_back(&worker, rounds);
}
