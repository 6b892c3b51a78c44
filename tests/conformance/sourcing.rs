//! The table, continued: what happened, and what is made of it.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

const BEGUN: &str = r#"{"stream": "ä/1", "deeds": [{"Begun": {"what": "x\u0000", "cost": 9007199254740993}}], "expected": "none"}"#;
const PAID: &str =
    r#"{"stream": "b", "deeds": [{"Paid": {"cost": 1, "to": "ann"}}], "expected": {"exact": 1}}"#;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "events are appended in streams with versions, and told to who listens",
        steps: &[
            Step::Open {
                who: "ann",
                object: "annals/a",
            },
            Step::Say {
                who: "ann",
                text: r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["passage"]}}"#,
            },
            Step::Hear {
                who: "ann",
                text: None,
            },
            gives("annals/a", "append", BEGUN, "[[1, 1]]"),
            Step::Hear {
                who: "ann",
                text: None,
            },
            fails("annals/a", "append", BEGUN, "stream.conflict"),
            same("annals/a", "append", BEGUN),
            fails(
                "annals/a",
                "append_in_vain",
                r#"{"stream": "b"}"#,
                "internal",
            ),
            gives(
                "annals/a",
                "append",
                r#"{"stream": "b", "deeds": ["Ended", {"Paid": {"cost": -1, "to": ""}}], "expected": "any"}"#,
                "[[2, 1], [3, 2]]",
            ),
            Step::Hear {
                who: "ann",
                text: None,
            },
            Step::Hear {
                who: "ann",
                text: None,
            },
            fails("annals/a", "append", PAID, "stream.conflict"),
            Step::Restart,
            same("annals/a", "read", r#"{"newest_first": false, "limit": 2}"#),
            gives(
                "annals/a",
                "read",
                r#"{"newest_first": true, "limit": 5, "stream": "b"}"#,
                r#"{"items": [[3, 2, {"Paid": {"cost": -1, "to": ""}}], [2, 1, "Ended"]], "next": null}"#,
            ),
            gives(
                "annals/a",
                "read",
                r#"{"newest_first": false, "limit": 1, "kind": "Ended"}"#,
                r#"{"items": [[2, 1, "Ended"]], "next": null}"#,
            ),
            fails(
                "annals/a",
                "read",
                r#"{"newest_first": true, "limit": 5, "after": "AAAA"}"#,
                "invalid_params",
            ),
            gives(
                "annals/a",
                "streams",
                r#"{"limit": 1}"#,
                r#"{"items": ["b"], "next": "YgA"}"#,
            ),
            gives(
                "annals/a",
                "streams",
                r#"{"limit": 1, "after": "YgA"}"#,
                r#"{"items": ["ä/1"], "next": null}"#,
            ),
        ],
    },
    Scenario {
        name: "of writers with one expected version one wins",
        steps: &[
            gives(
                "annals/race",
                "append",
                r#"{"stream": "b", "deeds": ["Ended"], "expected": "none"}"#,
                "[[1, 1]]",
            ),
            Step::Crowd {
                call: call("annals/race", "append", PAID, Gives::Same),
                count: 16,
                gives: r#"[[[2, 2]], "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict", "stream.conflict"]"#,
            },
            gives(
                "annals/race",
                "projection",
                r#"{"name": "payees"}"#,
                r#"[2, [1, [["ann", 1]]]]"#,
            ),
        ],
    },
    Scenario {
        name: "an aggregate decides by its snapshot and the events behind it",
        steps: &[
            gives(
                "annals/debt",
                "append",
                r#"{"stream": "x", "deeds": [{"Begun": {"what": "x", "cost": 10}}], "expected": "none"}"#,
                "[[1, 1]]",
            ),
            gives(
                "annals/debt",
                "pay",
                r#"{"stream": "x", "cost": 2, "to": "ann"}"#,
                "[8, 2]",
            ),
            gives(
                "annals/debt",
                "pay",
                r#"{"stream": "x", "cost": 3, "to": "bob"}"#,
                "[5, 3]",
            ),
            Step::Restart,
            gives(
                "annals/debt",
                "debt",
                r#"{"stream": "x"}"#,
                r#"[{"cost": 5, "ended": false}, 3]"#,
            ),
            fails(
                "annals/debt",
                "pay",
                r#"{"stream": "x", "cost": 6, "to": "bob"}"#,
                "internal",
            ),
            gives(
                "annals/debt",
                "pay",
                r#"{"stream": "x", "cost": 5, "to": "bob"}"#,
                "[0, 5]",
            ),
            gives(
                "annals/debt",
                "projection",
                r#"{"name": "payees"}"#,
                r#"[5, [3, [["ann", 2], ["bob", 8]]]]"#,
            ),
            gives(
                "annals/debt",
                "projection",
                r#"{"name": "latest"}"#,
                r#"[5, ["x/3 Paid", "x/4 Paid", "x/5 Ended"]]"#,
            ),
        ],
    },
    Scenario {
        name: "a projection is rebuilt piece by piece, over a restart, beside the one that is read",
        steps: &[
            gives(
                "annals/anew",
                "append",
                r#"{"stream": "x", "expected": "any", "deeds": [{"Paid": {"cost": 1, "to": "a"}}, {"Paid": {"cost": 2, "to": "b"}}, {"Paid": {"cost": 4, "to": "a"}}]}"#,
                "[[1, 1], [2, 2], [3, 3]]",
            ),
            gives(
                "annals/anew",
                "rebuild_step",
                r#"{"name": "payees", "events": 2}"#,
                r#"{"projection": "payees", "position": 3, "last": 3, "rebuilding": 2}"#,
            ),
            Step::Restart,
            gives(
                "annals/anew",
                "append",
                r#"{"stream": "x", "expected": {"exact": 3}, "deeds": [{"Paid": {"cost": 8, "to": "b"}}]}"#,
                "[[4, 4]]",
            ),
            gives(
                "annals/anew",
                "projection",
                r#"{"name": "payees"}"#,
                r#"[4, [4, [["a", 5], ["b", 10]]]]"#,
            ),
            gives(
                "annals/anew",
                "rebuild",
                r#"{"name": "payees"}"#,
                r#"{"projection": "payees", "position": 4, "last": 4, "rebuilding": null}"#,
            ),
            gives(
                "annals/anew",
                "projection",
                r#"{"name": "payees"}"#,
                r#"[4, [4, [["a", 5], ["b", 10]]]]"#,
            ),
            fails(
                "annals/anew",
                "projection",
                r#"{"name": "nobody"}"#,
                "projection.unknown",
            ),
            same("annals/anew", "projection", r#"{"name": "nobody"}"#),
            fails(
                "annals/anew",
                "rebuild",
                r#"{"name": "nobody"}"#,
                "projection.unknown",
            ),
        ],
    },
    Scenario {
        name: "what is gathered is handed on when there is enough, or after a while",
        steps: &[
            gives("annals/batch", "note", r#"{"note": 1}"#, "1"),
            gives("annals/batch", "note", r#"{"note": 2}"#, "2"),
            gives("annals/batch", "note", r#"{"note": 3}"#, "3"),
            Step::Eventually(call(
                "annals/batch",
                "handed",
                "{}",
                Gives::Result("[[1, 2, 3]]"),
            )),
            gives("annals/batch", "note", r#"{"note": 4}"#, "1"),
            Step::Restart,
            Step::Eventually(call(
                "annals/batch",
                "handed",
                "{}",
                Gives::Result("[[1, 2, 3], [4]]"),
            )),
        ],
    },
];
