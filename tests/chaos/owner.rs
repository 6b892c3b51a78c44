//! One data folder, one process.

use std::time::Duration;

use serde_json::json;
use support::bounds::Baseline;
use support::process::{Launch, scratch};

use crate::{alone, program};

#[test]
fn a_second_process_is_turned_away() {
    let _alone = alone();
    let baseline = Baseline::take();
    let folder = scratch();
    let data = folder.path().join("data");
    for round in 1..=5 {
        let (first, ready) = Launch::new(program(), &data).start();
        baseline.assert_within(
            "start after kill -9 of the owner",
            ready,
            Duration::from_secs(2),
        );
        // Its log must not overwrite the first one's.
        let link = folder.path().join("again");
        if round == 1 {
            std::os::unix::fs::symlink(&data, &link).unwrap();
        }
        let began = std::time::Instant::now();
        let mut second = Launch::new(program(), &link).spawn().unwrap();
        let status = second.wait(Duration::from_secs(20)).unwrap();
        baseline.assert_within(
            "the second process ends",
            began.elapsed(),
            Duration::from_secs(2),
        );
        let status = status.expect("the second process runs on the same data folder");
        assert!(!status.success(), "the second process ended with {status}");
        let said = second.errors();
        assert!(
            said.contains(&first.id().to_string()),
            "does not name process {}: {said}",
            first.id()
        );
        let value = first
            .connect()
            .call("counter/home", "increment", &json!({}))
            .unwrap();
        assert_eq!(
            value,
            Ok(json!(round)),
            "the first process is not what it was"
        );
        first.kill();
    }
}
