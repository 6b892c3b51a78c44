//! How large Workers are: what the platform counts is the compressed wasm, and every object's start pays for it.

use std::process::Command;

use support::workers::both;

/// Kibibytes, by gzip, as `stayput build` makes them where there is no `wasm-opt`, which takes another hundredth away. It is
/// what they have, and a little: whoever needs more has to say so here.
const CEILINGS: &[(&str, u64)] = &[("counter", 275), ("chat-room", 328)];

#[test]
fn workers_do_not_grow_unseen() {
    let mut faults = Vec::new();
    for (package, ceiling) in CEILINGS {
        let script = "process.stdout.write(String(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]), {level: 9}).length))";
        let size = Command::new("node")
            .args(["-e", script])
            .arg(both(package).worker.wasm())
            .output()
            .unwrap();
        let size: u64 = String::from_utf8(size.stdout).unwrap().parse().unwrap();
        let size = size.div_ceil(1024);
        println!("{package}: {size} KiB of at most {ceiling}");
        if size > *ceiling {
            faults.push(format!("{package}: {size} KiB, ceiling {ceiling}"));
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}
