//! The table, continued: connections.

use crate::scenarios::{fails, gives};
use crate::steps::{Scenario, Step};
use support::websocket::{BINARY, CLOSE, TEXT};

pub(crate) const fn open(who: &'static str, object: &'static str) -> Step {
    Step::Open { who, object }
}

pub(crate) const fn say(who: &'static str, text: &'static str) -> Step {
    Step::Say { who, text }
}

pub(crate) const fn hear(who: &'static str, text: &'static str) -> Step {
    Step::Hear {
        who,
        text: Some(text),
    }
}

pub(crate) const fn hear_something(who: &'static str) -> Step {
    Step::Hear { who, text: None }
}

pub(crate) const fn closed(who: &'static str, code: u16, reason: &'static str) -> Step {
    Step::Closed { who, code, reason }
}

const fn stream(who: &'static str, block: &'static str) -> Step {
    Step::Stream { who, block }
}

pub(crate) const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":"s","method":"rpc.subscribe"}"#;
pub(crate) const SUBSCRIBED: &str =
    r#"{"jsonrpc":"2.0","result":{"events":["heard","went"]},"id":"s"}"#;
const WHO: &str = r#"{"jsonrpc":"2.0","id":"w","method":"who"}"#;
pub(crate) const UPGRADE: &[&str] = &[
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: c3RheXB1dCBzdGF5cHV0IQ==",
];

/// Takes as long as the platform needs to let an object go.
pub(crate) const SLEEPERS: Scenario = Scenario {
    name: "connections outlive the sleep of their object",
    steps: &[
        open("ann", "hall/sleep"),
        open("ben", "hall/sleep"),
        say("ann", SUBSCRIBE),
        hear("ann", SUBSCRIBED),
        say(
            "ben",
            r#"{"jsonrpc":"2.0","id":1,"method":"enter","params":["ben"]}"#,
        ),
        hear(
            "ben",
            r#"{"jsonrpc":"2.0","result":["somebody","ben"],"id":1}"#,
        ),
        say("ben", r#"{"jsonrpc":"2.0","id":2,"method":"awake"}"#),
        hear("ben", r#"{"jsonrpc":"2.0","result":1,"id":2}"#),
        say("ben", r#"{"jsonrpc":"2.0","id":3,"method":"awake"}"#),
        hear("ben", r#"{"jsonrpc":"2.0","result":2,"id":3}"#),
        Step::Wait(13),
        // Answered without waking it, or not: nobody can tell.
        say("ben", r#"{"jsonrpc":"2.0","id":0,"method":"rpc.ping"}"#),
        hear("ben", r#"{"jsonrpc":"2.0","result":"pong","id":0}"#),
        say("ben", r#"{"jsonrpc":"2.0","id":4,"method":"awake"}"#),
        hear("ben", r#"{"jsonrpc":"2.0","result":1,"id":4}"#),
        say(
            "ben",
            r#"{"jsonrpc":"2.0","id":5,"method":"say","params":["still here"]}"#,
        ),
        hear("ben", r#"{"jsonrpc":"2.0","result":1,"id":5}"#),
        hear(
            "ann",
            r#"{"jsonrpc":"2.0","method":"event","params":{"event":"heard","data":{"from":"ben","text":"still here"}}}"#,
        ),
        gives("hall/sleep", "who", "{}", r#"["somebody", "ben"]"#),
    ],
};

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "calls over a WebSocket",
        steps: &[
            open("ann", "hall/calls"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":"a"}}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":1,"id":1}"#),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":"x","method":"say","params":["b"]}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":2,"id":"x"}"#),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","method":"say","params":["unanswered"]}"#,
            ),
            say("ann", r#"{"jsonrpc":"2.0","id":null,"method":"count"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":3,"id":null}"#),
            say(
                "ann",
                r#"[{"jsonrpc":"2.0","id":1,"method":"say","params":["c"]},{"jsonrpc":"2.0","method":"count"},{"jsonrpc":"2.0","id":2,"method":"count"}]"#,
            ),
            hear(
                "ann",
                r#"[{"jsonrpc":"2.0","result":4,"id":1},{"jsonrpc":"2.0","result":4,"id":2}]"#,
            ),
            say("ann", r#"{"jsonrpc":"2.0","id":7,"method":"rpc.ping"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":"pong","id":7}"#),
            // One that the platform answers by itself.
            say("ann", r#"{"jsonrpc":"2.0","id":0,"method":"rpc.ping"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":"pong","id":0}"#),
            gives("hall/calls", "count", "{}", "4"),
        ],
    },
    Scenario {
        name: "what is wrong with a message is told over it",
        steps: &[
            open("ann", "hall/wrong"),
            say("ann", "{"),
            hear_something("ann"),
            say("ann", "[]"),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":1}"#),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":1,"method":"shout"}"#),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"say","params":{"txt":1}}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["herd"]}}"#,
            ),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"regret","params":["x"]}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","error":{"code":1,"message":"the hall is closed","data":{"code":"hall.closed","retryable":false,"maybe_executed":false,"request_id":"*"}},"id":1}"#,
            ),
            Step::Send {
                who: "ann",
                first: BINARY,
                payload: b"bytes",
            },
            closed("ann", 1003, ""),
        ],
    },
    Scenario {
        name: "events go to those who listen, after the commit",
        steps: &[
            open("ann", "hall/events"),
            open("ben", "hall/events"),
            open("cem", "hall/events"),
            say("ann", SUBSCRIBE),
            hear("ann", SUBSCRIBED),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["heard"]}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","result":{"events":["heard"]},"id":1}"#,
            ),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"enter","params":["ann"]}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":["ann","somebody","somebody"],"id":2}"#,
            ),
            // But for the speaker.
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":3,"method":"say","params":["hello"]}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":1,"id":3}"#),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"heard","data":{"from":"ann","text":"hello"}}}"#,
            ),
            // What failed is not told to anyone.
            fails("hall/events", "regret", r#"{"text": "no"}"#, "hall.closed"),
            gives("hall/events", "say", r#"{"text": "over HTTP"}"#, "2"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"heard","data":{"from":"somebody","text":"over HTTP"}}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"heard","data":{"from":"somebody","text":"over HTTP"}}}"#,
            ),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":4,"method":"rpc.unsubscribe"}"#,
            ),
            hear("ben", r#"{"jsonrpc":"2.0","result":{"events":[]},"id":4}"#),
            gives("hall/events", "say", r#"{"text": "again"}"#, "3"),
            say("ben", r#"{"jsonrpc":"2.0","id":5,"method":"count"}"#),
            hear("ben", r#"{"jsonrpc":"2.0","result":3,"id":5}"#),
            say("cem", r#"{"jsonrpc":"2.0","id":6,"method":"count"}"#),
            hear("cem", r#"{"jsonrpc":"2.0","result":3,"id":6}"#),
        ],
    },
    Scenario {
        name: "who leaves is seen off",
        steps: &[
            open("ann", "hall/leaving"),
            say("ann", SUBSCRIBE),
            hear("ann", SUBSCRIBED),
            open("ben", "hall/leaving"),
            Step::Send {
                who: "ben",
                first: CLOSE,
                payload: b"\x10\x04see you",
            },
            closed("ben", 4100, "see you"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"went","data":{"code":4100,"reason":"see you","clean":true,"left":1}}}"#,
            ),
            open("cem", "hall/leaving"),
            Step::Send {
                who: "cem",
                first: CLOSE,
                payload: b"",
            },
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"went","data":{"code":1005,"reason":"","clean":true,"left":1}}}"#,
            ),
            open("dee", "hall/leaving"),
            Step::Vanish { who: "dee" },
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"went","data":{"code":1006,"reason":"","clean":false,"left":1}}}"#,
            ),
            say("ann", WHO),
            hear("ann", r#"{"jsonrpc":"2.0","result":["somebody"],"id":"w"}"#),
        ],
    },
    Scenario {
        name: "an object ends its connections",
        steps: &[
            open("ann", "hall/ending"),
            open("ben", "hall/ending"),
            gives("hall/ending", "clear", "{}", "null"),
            closed("ann", 4321, "out"),
            closed("ben", 4321, "out"),
            Step::Eventually(crate::scenarios::call(
                "hall/ending",
                "who",
                "{}",
                crate::steps::Gives::Result("[]"),
            )),
        ],
    },
    Scenario {
        name: "connect refuses by a code",
        steps: &[
            open("ann", "hall/closed"),
            closed("ann", 4403, "hall.closed"),
            open("ben", "hall/full"),
            closed("ben", 4503, "hall.full"),
            open("cem", "hall/ruin"),
            closed("cem", 1011, "internal"),
            gives("hall/closed", "who", "{}", "[]"),
            gives("hall/ruin", "who", "{}", "[]"),
            open("dee", "hall/greeting"),
            hear("dee", "welcome"),
            gives("hall/greeting", "who", "{}", r#"["somebody"]"#),
        ],
    },
    Scenario {
        name: "upgrades that cannot be",
        steps: &[
            Step::Refused {
                path: "/hole/a",
                headers: UPGRADE,
                status: 404,
            },
            Step::Refused {
                path: "/hall/~nothing",
                headers: UPGRADE,
                status: 400,
            },
            Step::Refused {
                path: "/hall/a",
                headers: &[],
                status: 426,
            },
            Step::Refused {
                path: "/hall/a",
                headers: &[
                    "Upgrade: websocket",
                    "Connection: Upgrade",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: c3RheXB1dCBzdGF5cHV0IQ==",
                    "Sec-WebSocket-Protocol: graphql-ws",
                ],
                status: 400,
            },
        ],
    },
    Scenario {
        name: "a panic ends no connection",
        steps: &[
            open("ann", "hall/panic"),
            open("ben", "hall/panic"),
            say("ann", SUBSCRIBE),
            hear("ann", SUBSCRIBED),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":1,"method":"enter","params":["ben"]}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","result":["somebody","ben"],"id":1}"#,
            ),
            say("ben", r#"{"jsonrpc":"2.0","id":2,"method":"collapse"}"#),
            hear_something("ben"),
            say("ben", r#"[{"jsonrpc":"2.0","id":3,"method":"collapse"}]"#),
            hear_something("ben"),
            fails("hall/panic", "collapse", "{}", "internal"),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":4,"method":"say","params":["alive"]}"#,
            ),
            hear("ben", r#"{"jsonrpc":"2.0","result":1,"id":4}"#),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"heard","data":{"from":"ben","text":"alive"}}}"#,
            ),
            say("ann", WHO),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":["somebody","ben"],"id":"w"}"#,
            ),
        ],
    },
    Scenario {
        name: "a panic at good-bye leaves no ghost",
        steps: &[
            open("ann", "hall/quicksand"),
            open("ben", "hall/quicksand"),
            Step::Send {
                who: "ann",
                first: CLOSE,
                payload: b"\x03\xe8",
            },
            closed("ann", 1000, ""),
            Step::Eventually(crate::scenarios::call(
                "hall/quicksand",
                "who",
                "{}",
                crate::steps::Gives::Result(r#"["somebody"]"#),
            )),
        ],
    },
    Scenario {
        name: "answers come as they are ready",
        steps: &[
            open("ann", "hall/order"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"linger","params":[300]}"#,
            ),
            say("ann", r#"{"jsonrpc":"2.0","id":2,"method":"count"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":0,"id":2}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":0,"id":1}"#),
        ],
    },
    Scenario {
        name: "frames of a protocol of one's own",
        steps: &[
            open("ann", "mirror/a"),
            say("ann", "{no JSON"),
            hear("ann", "{no JSON"),
            say("ann", ""),
            hear("ann", ""),
            Step::Send {
                who: "ann",
                first: BINARY,
                payload: b"\x00\xff",
            },
            hear_something("ann"),
            say("ann", "break"),
            say("ann", "whole"),
            hear("ann", "whole"),
            gives("mirror/a", "frames", "{}", "4"),
            say("ann", "bye"),
            closed("ann", 1000, "bye"),
        ],
    },
    Scenario {
        name: "what waits behind a panic is not lost",
        steps: &[
            open("ann", "mirror/crack"),
            say("ann", "crack"),
            say("ann", "whole"),
            hear("ann", "whole"),
            gives("mirror/crack", "frames", "{}", "1"),
            open("ben", "hall/crumble"),
            open("cem", "hall/crumble"),
            say("ben", SUBSCRIBE),
            hear("ben", SUBSCRIBED),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":1,"method":"crumble","params":[400]}"#,
            ),
            Step::Send {
                who: "cem",
                first: CLOSE,
                payload: b"\x10\x04",
            },
            closed("cem", 4100, ""),
            hear_something("ben"),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"went","data":{"code":4100,"reason":"","clean":true,"left":1}}}"#,
            ),
        ],
    },
    Scenario {
        name: "a restart ends connections",
        steps: &[
            open("ann", "hall/restart"),
            gives("hall/restart", "say", r#"{"text": "kept"}"#, "1"),
            Step::Restart,
            gives("hall/restart", "count", "{}", "1"),
            gives("hall/restart", "who", "{}", "[]"),
        ],
    },
    Scenario {
        name: "a message that is too long",
        steps: &[
            open("ann", "hall/long"),
            Step::Send {
                who: "ann",
                first: TEXT,
                payload: &[b'x'; (1 << 20) + 1],
            },
            closed("ann", 1009, ""),
        ],
    },
    Scenario {
        name: "a stream of events",
        steps: &[
            Step::Listen {
                who: "ann",
                path: "/hall/stream/~events?events=heard",
                status: 200,
            },
            stream("ann", "retry: 1000"),
            gives("hall/stream", "who", "{}", r#"["somebody"]"#),
            gives("hall/stream", "say", r#"{"text": "line\nbreak"}"#, "1"),
            stream(
                "ann",
                "event: heard\ndata: {\"from\":\"somebody\",\"text\":\"line\\nbreak\"}",
            ),
            fails("hall/stream", "collapse", "{}", "internal"),
            gives("hall/stream", "say", r#"{"text": "alive"}"#, "2"),
            stream(
                "ann",
                "event: heard\ndata: {\"from\":\"somebody\",\"text\":\"alive\"}",
            ),
            open("ben", "hall/stream"),
            say("ben", SUBSCRIBE),
            hear("ben", SUBSCRIBED),
            Step::Vanish { who: "ann" },
            // One that does not say good-bye is missed at the next thing that is said to it.
            gives("hall/stream", "say", r#"{"text": "anyone?"}"#, "3"),
            gives("hall/stream", "say", r#"{"text": "no"}"#, "4"),
            Step::Eventually(crate::scenarios::call(
                "hall/stream",
                "who",
                "{}",
                crate::steps::Gives::Result(r#"["somebody"]"#),
            )),
            Step::Listen {
                who: "cem",
                path: "/hall/stream/~events?events=herd",
                status: 400,
            },
            Step::Listen {
                who: "cem",
                path: "/hall/closed/~events",
                status: 403,
            },
            Step::Listen {
                who: "cem",
                path: "/hall/full/~events",
                status: 503,
            },
            Step::Listen {
                who: "cem",
                path: "/hall/ruin/~events",
                status: 500,
            },
            Step::Listen {
                who: "dee",
                path: "/hall/stream-end/~events",
                status: 200,
            },
            stream("dee", "retry: 1000"),
            gives("hall/stream-end", "clear", "{}", "null"),
            stream("dee", ""),
        ],
    },
];
