//! The table, continued: what is kept, and how it comes back.

use crate::scenarios::{call, fails, gives, same};
use crate::steps::{Gives, Scenario, Step};

const EXTREMES: &str = r#"{"everything": {"signed": -9223372036854775808, "unsigned": 18446744073709551615, "float": 1.0,
    "maybe": null, "unit": null, "bytes": [0, 255], "text": "", "map": {"b": 2, "a": 1, "": 0}, "kind": "Bare"}}"#;
const EXTREMES_BACK: &str = r#"{"signed": -9223372036854775808, "unsigned": 18446744073709551615, "float": 1.0,
    "maybe": null, "unit": null, "bytes": [0, 255], "text": "", "map": {"": 0, "a": 1, "b": 2}, "kind": "Bare"}"#;
const OTHERS: &str = r#"{"everything": {"signed": 9007199254740993, "unsigned": 9007199254740993, "float": 5e-324,
    "maybe": "", "unit": null, "bytes": [], "text": "\u0000\u001f\"\\/\u2028\ud834\udd1e\uffff", "map": {}, "kind": {"Pair": [-128, true]}}}"#;
/// Keys that sort by their bytes, not by their UTF-16 units: U+FFFF comes before U+1D11E.
const KEYS: &str = r##"{"texts": [["\ud834\udd1e", "clef"], ["\uffff", "last of the plane"], ["", "empty"], ["\u0000", "nul"],
    ["\u0001", "one"], ["\u0000\u0000", "two nuls"], ["a\u0000b", "inside"], ["a", "a"], ["aa", "aa"], ["B", "B"], ["é", "e"],
    ["e\u0301", "another e"], ["/", "slash"], ["#", "hash"], ["%00", "percent"], ["~", "tilde"], ["\u007f", "del"]]}"##;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "values of every kind come back as they were",
        steps: &[
            gives("shelf/values", "kept", "{}", "null"),
            gives("shelf/values", "keep", EXTREMES, "true"),
            gives("shelf/values", "kept", "{}", EXTREMES_BACK),
            Step::Restart,
            gives("shelf/values", "kept", "{}", EXTREMES_BACK),
            gives("shelf/values", "keep", OTHERS, "true"),
            Step::Restart,
            same("shelf/values", "kept", "{}"),
        ],
    },
    Scenario {
        name: "values that do not fit are refused alike",
        steps: &[
            fails("shelf/misfit", "keep_nan", "{}", "state.unstorable"),
            same("shelf/misfit", "keep_nan", "{}"),
            same(
                "shelf/misfit",
                "keep",
                r#"{"everything": {"signed": 9223372036854775808}}"#,
            ),
            same(
                "shelf/misfit",
                "keep",
                r#"{"everything": {"signed": 1.0, "unsigned": -1, "bytes": [256]}}"#,
            ),
            same("shelf/misfit", "keep", r#"{"everything": {}}"#),
            same(
                "shelf/misfit",
                "keep",
                r#"{"everything": {"signed": 1, "unsigned": 1, "float": 1, "unit": 0, "bytes": [], "text": "", "map": {}, "kind": "Bear"}}"#,
            ),
            gives("shelf/misfit", "kept", "{}", "null"),
        ],
    },
    Scenario {
        name: "large values",
        steps: &[
            gives(
                "shelf/large",
                "fill",
                r#"{"key": "fits", "bytes": 1999998}"#,
                "1999998",
            ),
            fails(
                "shelf/large",
                "fill",
                r#"{"key": "fits not", "bytes": 1999999}"#,
                "state.unstorable",
            ),
            same(
                "shelf/large",
                "fill",
                r#"{"key": "fits not", "bytes": 1999999}"#,
            ),
            gives("shelf/large", "length", r#"{"key": "fits"}"#, "1999998"),
            gives("shelf/large", "length", r#"{"key": "fits not"}"#, "null"),
            gives("shelf/large", "deep", r#"{"levels": 5000}"#, "true"),
            Step::Restart,
            gives("shelf/large", "length", r#"{"key": "fits"}"#, "1999998"),
            gives("shelf/large", "length", r#"{"key": "deep"}"#, "10000"),
        ],
    },
    Scenario {
        name: "keys of every kind, in the order of their bytes",
        steps: &[
            gives("shelf/keys", "put", KEYS, "17"),
            same("shelf/keys", "keys", r#"{"reverse": false, "limit": 100}"#),
            same("shelf/keys", "keys", r#"{"reverse": true, "limit": 100}"#),
            same("shelf/keys", "keys", r#"{"reverse": false, "limit": 3}"#),
            gives(
                "shelf/keys",
                "keys",
                r#"{"reverse": true, "limit": 0}"#,
                "[]",
            ),
            gives(
                "shelf/keys",
                "between",
                r#"{"from": "a", "to": "b"}"#,
                r#"["a", "a\u0000b", "aa"]"#,
            ),
            gives("shelf/keys", "between", r#"{"from": "b", "to": "a"}"#, "[]"),
            gives(
                "shelf/keys",
                "take",
                r#"{"keys": ["\u0000", "nothing", ""]}"#,
                "[true, false, true]",
            ),
            Step::Restart,
            same("shelf/keys", "keys", r#"{"reverse": false, "limit": 100}"#),
            same(
                "shelf/keys",
                "put",
                r#"{"texts": [["0123456789012345678901234567890123456789", "x"]]}"#,
            ),
        ],
    },
    Scenario {
        name: "numbers sort as numbers",
        steps: &[
            gives(
                "shelf/numbers",
                "number",
                r#"{"add": [3, -1, 9223372036854775807, 0, -9223372036854775808, 10, 3]}"#,
                "[-9223372036854775808, -1, 0, 3, 10, 9223372036854775807]",
            ),
            Step::Restart,
            gives(
                "shelf/numbers",
                "number",
                r#"{"add": [2]}"#,
                "[-9223372036854775808, -1, 0, 2, 3, 10, 9223372036854775807]",
            ),
        ],
    },
    Scenario {
        name: "an action reads what it has written, and a failed one leaves nothing",
        steps: &[
            gives(
                "shelf/overlay",
                "put",
                r#"{"texts": [["a", "1"], ["b", "2"], ["c", "3"]]}"#,
                "3",
            ),
            same("shelf/overlay", "overlay", r#"{"fail": true}"#),
            gives(
                "shelf/overlay",
                "keys",
                r#"{"reverse": false, "limit": 9}"#,
                r#"["a", "b", "c"]"#,
            ),
            gives(
                "shelf/overlay",
                "overlay",
                r#"{"fail": false}"#,
                r#"["b=new", "c=3"]"#,
            ),
            Step::Restart,
            gives(
                "shelf/overlay",
                "keys",
                r#"{"reverse": true, "limit": 9}"#,
                r#"["c", "b"]"#,
            ),
        ],
    },
    Scenario {
        name: "a log never uses an id again",
        steps: &[
            gives(
                "shelf/log",
                "roll",
                r#"{"text": "a", "keep": 2}"#,
                r#"[[1, "a"]]"#,
            ),
            gives("shelf/log", "roll", r#"{"text": "b", "keep": 0}"#, "[]"),
            Step::Restart,
            gives(
                "shelf/log",
                "roll",
                r#"{"text": "c", "keep": 2}"#,
                r#"[[3, "c"]]"#,
            ),
        ],
    },
    Scenario {
        name: "a failing handler undoes only itself",
        steps: &[
            gives(
                "shelf/events",
                "add",
                r#"{"text": "one", "fail": false}"#,
                "1",
            ),
            gives(
                "shelf/events",
                "add",
                r#"{"text": "two", "fail": true}"#,
                "3",
            ),
            gives(
                "shelf/events",
                "handled",
                "{}",
                r#"["before one", "one", "before two"]"#,
            ),
        ],
    },
    Scenario {
        name: "start runs at every wake, and memory is memory",
        steps: &[
            gives("shelf/start", "memory", "{}", "[1, 1]"),
            gives("shelf/start", "memory", "{}", "[1, 2]"),
            Step::Restart,
            gives("shelf/start", "memory", "{}", "[101, 1]"),
        ],
    },
    Scenario {
        name: "a query on an unknown name writes nothing",
        steps: &[
            gives("shelf/unborn", "kept", "{}", "null"),
            Step::Restart,
            // It is born now: `start` runs for the first time.
            gives("shelf/unborn", "memory", "{}", "[1, 1]"),
        ],
    },
    Scenario {
        name: "a mixin mounted twice",
        steps: &[
            gives("shelf/mixins", "left.tick", r#"{"mark": "l"}"#, "1"),
            gives("shelf/mixins", "left.tick", r#"{"mark": "m"}"#, "2"),
            gives("shelf/mixins", "right.tick", r#"{"mark": "r"}"#, "1"),
            gives("shelf/mixins", "both", "{}", "[2, 1]"),
            Step::Restart,
            gives("shelf/mixins", "left.marks", "{}", r#"["l", "m"]"#),
            gives("shelf/mixins", "right.marks", "{}", r#"["r"]"#),
            fails("shelf/mixins", "middle.marks", "{}", "method_not_found"),
        ],
    },
    Scenario {
        name: "a process holds nothing while it waits",
        steps: &[
            Step::Together(&[
                call(
                    "shelf/process",
                    "process",
                    r#"{"millis": 300}"#,
                    Gives::Result("[0, 2]"),
                ),
                crate::steps::Call {
                    after: 100,
                    ..call(
                        "shelf/process",
                        "roll",
                        r#"{"text": "meanwhile", "keep": 9}"#,
                        Gives::Result(r#"[[1, "meanwhile"]]"#),
                    )
                },
            ]),
            gives(
                "shelf/process",
                "roll",
                r#"{"text": "after", "keep": 9}"#,
                r#"[[1, "meanwhile"], [2, "by the process"], [3, "after"]]"#,
            ),
        ],
    },
    Scenario {
        name: "a query changes nothing, also not elsewhere",
        steps: &[
            gives(
                "shelf/sneak",
                "sneak",
                r#"{"to": "sneaked"}"#,
                r#""read_only_chain""#,
            ),
            gives("tally/sneaked", "value", "{}", "0"),
        ],
    },
    Scenario {
        name: "where an object is to live",
        steps: &[
            gives(
                "relay/near",
                "forward_near",
                r#"{"to": "near", "hint": "weur"}"#,
                r#""1""#,
            ),
            gives(
                "relay/near",
                "forward_near",
                r#"{"to": "near", "hint": "enam"}"#,
                r#""2""#,
            ),
            gives(
                "relay/near",
                "forward_near",
                r#"{"to": "near", "hint": "mars"}"#,
                r#""invalid_request""#,
            ),
            gives("tally/near", "value", "{}", "2"),
        ],
    },
    Scenario {
        name: "who an object is",
        steps: &[
            same("shelf/na%C3%AFve%20name", "whoami", "{}"),
            // Not public: whoever develops may do everything.
            gives("shelf/na%C3%AFve%20name", "secret", "{}", r#""developer""#),
            gives("shelf/moment", "moment", "{}", "true"),
        ],
    },
    Scenario {
        name: "objects side by side keep to themselves",
        steps: &[
            Step::Together(&[
                call(
                    "tally/side-a",
                    "slow_increment",
                    r#"{"millis": 60}"#,
                    Gives::Result("1"),
                ),
                call(
                    "tally/side-b",
                    "slow_increment",
                    r#"{"millis": 20}"#,
                    Gives::Result("1"),
                ),
                call(
                    "tally/side-c",
                    "slow_increment",
                    r#"{"millis": 40}"#,
                    Gives::Result("1"),
                ),
                call(
                    "relay/side",
                    "forward",
                    r#"{"to": "side-d", "by": 5}"#,
                    Gives::Result("5"),
                ),
                call(
                    "shelf/side",
                    "process",
                    r#"{"millis": 50}"#,
                    Gives::Result("[0, 1]"),
                ),
                call(
                    "tally/side-e",
                    "panic_after_wait",
                    r#"{"millis": 30}"#,
                    Gives::Error("internal"),
                ),
            ]),
            gives("tally/side-a", "value", "{}", "1"),
            gives("tally/side-b", "value", "{}", "1"),
            gives("tally/side-c", "value", "{}", "1"),
            gives("tally/side-d", "value", "{}", "5"),
            gives("tally/side-e", "value", "{}", "0"),
        ],
    },
];
