//! The table, continued: what is done later, again and again, or surely.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

const fn in_the_end(object: &'static str, action: &'static str, result: &'static str) -> Step {
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
];
