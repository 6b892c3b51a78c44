//! The table, continued: what is done later, again and again, or surely.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::process::Server;

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

pub(crate) const fn in_the_end(
    object: &'static str,
    action: &'static str,
    result: &'static str,
) -> Step {
    Step::Eventually(call(object, action, "{}", Gives::Result(result)))
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "a call is made later, once, whoever sleeps meanwhile",
        steps: &[
            gives(
                "agenda/later",
                "later",
                r#"{"text": "a", "millis": 300}"#,
                "null",
            ),
            gives(
                "agenda/later",
                "later",
                r#"{"text": "b", "millis": 3600000}"#,
                "null",
            ),
            gives("agenda/later", "scheduled", "{}", r#"["a", "b"]"#),
            gives("agenda/later", "notes", "{}", "[]"),
            Step::Restart,
            in_the_end("agenda/later", "notes", r#"["a"]"#),
            gives("agenda/later", "scheduled", "{}", r#"["b"]"#),
            // Moved to now.
            gives(
                "agenda/later",
                "later",
                r#"{"text": "b", "millis": 0}"#,
                "null",
            ),
            in_the_end("agenda/later", "notes", r#"["a", "b"]"#),
            gives("agenda/later", "scheduled", "{}", "[]"),
        ],
    },
    Scenario {
        name: "another object is called later",
        steps: &[
            gives(
                "agenda/teller",
                "tell_later",
                r#"{"to": "told", "text": "late", "millis": 200}"#,
                "null",
            ),
            gives("agenda/told", "notes", "{}", "[]"),
            in_the_end("agenda/told", "notes", r#"["late"]"#),
            gives("agenda/teller", "waiting", "{}", "[]"),
        ],
    },
    Scenario {
        name: "what repeats goes on until it is cancelled",
        steps: &[
            gives("agenda/every", "every_second", "{}", "null"),
            gives("agenda/every", "every_second", "{}", "null"),
            in_the_end("agenda/every", "has_two", "true"),
            gives("agenda/every", "cancel", r#"{"name": "second"}"#, "true"),
            gives("agenda/every", "cancel", r#"{"name": "second"}"#, "false"),
            gives(
                "agenda/clock",
                "by_clock",
                r#"{"cron": "* * * * * *", "zone": "Europe/Berlin"}"#,
                r#""note Some((\"* * * * * *\", \"Europe/Berlin\"))""#,
            ),
            in_the_end("agenda/clock", "has_two", "true"),
            fails(
                "agenda/clock",
                "by_clock",
                r#"{"cron": "* * * *", "zone": "UTC"}"#,
                "invalid_request",
            ),
            same(
                "agenda/clock",
                "by_clock",
                r#"{"cron": "0 9 * * *", "zone": "Mars"}"#,
            ),
            same(
                "agenda/clock",
                "by_clock",
                r#"{"cron": "61 9 * * *", "zone": "UTC"}"#,
            ),
            gives("agenda/clock", "cancel", r#"{"name": "clock"}"#, "true"),
        ],
    },
    Scenario {
        name: "sends are made in their order, once, also those to oneself and of processes",
        steps: &[
            gives(
                "agenda/sender",
                "tell",
                r#"{"to": "taker", "texts": ["1", "2", "3", "4", "5"]}"#,
                "null",
            ),
            gives(
                "agenda/sender",
                "tell",
                r#"{"to": "taker", "texts": ["6"]}"#,
                "null",
            ),
            in_the_end("agenda/taker", "notes", r#"["1", "2", "3", "4", "5", "6"]"#),
            in_the_end("agenda/sender", "waiting", "[]"),
            gives(
                "agenda/sender",
                "tell",
                r#"{"to": "sender", "texts": ["me"]}"#,
                "null",
            ),
            in_the_end("agenda/sender", "notes", r#"["me"]"#),
            gives("agenda/sender", "tell_slowly", r#"{"to": "taker"}"#, "null"),
            in_the_end(
                "agenda/taker",
                "notes",
                r#"["1", "2", "3", "4", "5", "6", "slowly"]"#,
            ),
            Step::Restart,
            gives(
                "agenda/taker",
                "notes",
                "{}",
                r#"["1", "2", "3", "4", "5", "6", "slowly"]"#,
            ),
            gives("agenda/sender", "dead", "{}", "[]"),
        ],
    },
    Scenario {
        name: "a send that nobody takes is a dead letter, and can be replayed",
        steps: &[
            gives("agenda/refuser", "fail", r#"{"failing": 1}"#, "null"),
            gives(
                "agenda/insister",
                "tell",
                r#"{"to": "refuser", "texts": ["please"]}"#,
                "null",
            ),
            in_the_end(
                "agenda/insister",
                "dead",
                r#"["agenda/refuser note 4 agenda.failing"]"#,
            ),
            gives("agenda/insister", "waiting", "{}", "[]"),
            gives("agenda/refuser", "fail", r#"{"failing": 0}"#, "null"),
            gives("agenda/insister", "replay", "{}", "true"),
            in_the_end("agenda/refuser", "notes", r#"["please"]"#),
            gives("agenda/insister", "dead", "{}", "[]"),
        ],
    },
    Scenario {
        name: "what a failed action deferred is not done, and what cannot be deferred fails it",
        steps: &[
            fails(
                "agenda/regretter",
                "regret",
                r#"{"to": "never"}"#,
                "agenda.failing",
            ),
            fails("agenda/regretter", "misuse", "{}", "invalid_request"),
            same("agenda/regretter", "misuse", "{}"),
            Step::Wait(1),
            gives("agenda/regretter", "notes", "{}", "[]"),
            gives("agenda/never", "notes", "{}", "[]"),
        ],
    },
    Scenario {
        name: "a mixin has schedules of its own",
        steps: &[
            gives("agenda/mixed", "aside.soon", "{}", r#"["count"]"#),
            gives("agenda/mixed", "scheduled", "{}", r#"["aside.count"]"#),
            in_the_end("agenda/mixed", "aside.times", "1"),
        ],
    },
    Scenario {
        name: "a workflow goes through a sleep and a word, and what it did is kept or taken back",
        steps: &[
            Step::Look {
                what: "one that succeeds",
                look: |server| errand(server, "glad", false),
                gives: r#"["waiting","done", "yes", null, ["done"], ["done"], ["yes"]]"#,
            },
            Step::Look {
                what: "one that fails",
                look: |server| errand(server, "sad", true),
                gives: r#"["waiting", "failed", null, "agenda.failing", ["done", "undone"], ["done"], []]"#,
            },
            Step::Look {
                what: "what it came by",
                look: parts,
                gives: r#"["one", "think", "two", "word/until"]"#,
            },
        ],
    },
];

fn tell(server: &Server, object: &str, action: &str, params: &Value) -> Value {
    let mut connection = server.connect();
    connection.call(object, action, params).unwrap().unwrap()
}

/// Waits for a job to come to that.
fn wait_for(server: &Server, object: &str, id: &Value, status: &[&str]) -> Value {
    let began = Instant::now();
    loop {
        let job = tell(server, object, "jobs.get", &json!({"id": id}));
        let is = job["status"].as_str().unwrap();
        if status.contains(&is) {
            return job;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{job}");
        sleep(Duration::from_millis(100));
    }
}

fn errand(server: &Server, name: &str, fails: bool) -> Value {
    let object = format!("agenda/{name}");
    let fail = json!({"failing": u32::from(fails)});
    tell(server, &format!("agenda/{name}-three"), "fail", &fail);
    let id = tell(server, &object, "errand", &json!({"name": name}))["job"].clone();
    let waits = wait_for(server, &object, &id, &["waiting"])["status"].clone();
    let word = json!({"id": id, "name": "word", "data": "yes"});
    tell(server, &object, "jobs.signal", &word);
    let job = wait_for(server, &object, &id, &["done", "failed"]);
    let notes = |which| {
        tell(
            server,
            &format!("agenda/{name}-{which}"),
            "notes",
            &json!({}),
        )
    };
    json!([
        waits,
        job["status"],
        job["result"],
        job["error"]["code"],
        notes("one"),
        notes("two"),
        notes("three")
    ])
}

/// The names of what a workflow has come by that waits.
fn parts(server: &Server) -> Value {
    let object = "agenda/parts";
    let id = tell(server, object, "errand", &json!({"name": "parts"}))["job"].clone();
    sleep(Duration::from_secs(4));
    wait_for(server, object, &id, &["waiting"]);
    let steps = tell(server, object, "jobs.steps", &json!({"id": id}));
    let names = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].clone());
    let mut names: Vec<String> = names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    names.sort();
    json!(names)
}
