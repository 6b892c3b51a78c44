//! The table, continued: events that are kept, rooms, views, and messages by type. The name of a log is random: `LOG` stands
//! for it.

use std::time::Duration;

use serde_json::{Value, json};
use support::process::Server;

use crate::guests::{begin, block};
use crate::scenarios::{fails, gives};
use crate::sockets::{UPGRADE, hear, open, say};
use crate::steps::{Scenario, Step};

const fn listen(who: &'static str, path: &'static str) -> Step {
    Step::Listen {
        who,
        path,
        status: 200,
    }
}

const fn stream(who: &'static str, block: &'static str) -> Step {
    Step::Stream { who, block }
}

/// A WebSocket that is not let in.
const fn refused(path: &'static str, status: u16) -> Step {
    Step::Refused {
        path,
        headers: UPGRADE,
        status,
    }
}

const ALL_PINNED: &str = r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["pinned"],"after":"oldest"}}"#;

/// Reads a stream of what was scribbled, and the next one from where it ended: the numbers of each, and what follows them.
fn two_streams(server: &Server) -> Value {
    let (mut after, mut told) = ("oldest".to_owned(), Vec::new());
    for _ in 0..2 {
        let path = format!("/board/long/~events?events=scribbled&after={after}");
        let mut connection = server.connect();
        let mut blocks = Vec::new();
        let mut ends = false;
        if begin(&mut connection, server, &path).is_ok() {
            while let Ok(block) = block(&mut connection) {
                let is_place = !block.contains("data: ") && block.contains("id: ");
                blocks.push(block);
                if is_place {
                    break;
                }
            }
            // What ends does so at once.
            let patience = Some(Duration::from_secs(2));
            ends = connection.socket().set_read_timeout(patience).is_ok()
                && block(&mut connection).is_ok_and(|block| block.is_empty());
        }
        let line = |block: &String, begin: &str| {
            let mut lines = block.lines();
            lines.find_map(|line| line.strip_prefix(begin).map(str::to_owned))
        };
        let numbers: Vec<String> = blocks
            .iter()
            .filter_map(|block| line(block, "data: "))
            .collect();
        let number = |data: Option<&String>| {
            let data = data.and_then(|data| serde_json::from_str::<Value>(data).ok());
            data.and_then(|data| data["number"].as_u64())
                .unwrap_or_default()
        };
        let in_order = numbers
            .windows(2)
            .all(|two| number(two.first()) + 1 == number(two.last()));
        let range = format!("{} to {}", number(numbers.first()), number(numbers.last()));
        told.push(json!([
            if in_order {
                range
            } else {
                "out of order".to_owned()
            },
            if ends { "ends" } else { "goes on" }
        ]));
        after = blocks
            .iter()
            .filter_map(|block| line(block, "id: "))
            .next_back()
            .unwrap_or_default();
    }
    told.into()
}

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "who comes later hears what was kept",
        steps: &[
            open("ann", "board/kept"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["pinned","pointed"]}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":{"events":["pinned","pointed"],"cursor":"0-0"},"id":1}"#,
            ),
            gives("board/kept", "pin", r#"["one"]"#, "1"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":1,"text":"one"},"cursor":"LOG-1"}}"#,
            ),
            fails("board/kept", "fumble", "{}", "internal"),
            gives("board/kept", "pin", r#"["two"]"#, "2"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":2,"text":"two"},"cursor":"LOG-2"}}"#,
            ),
            gives("board/kept", "point", r#"["ann", 1]"#, "null"),
            gives("board/kept", "point", r#"["ben", 2]"#, "null"),
            gives("board/kept", "point", r#"["ann", 3]"#, "null"),
            gives("board/kept", "heard", "{}", r#"["once ann"]"#),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pointed","data":{"at":1,"who":"ann"}}}"#,
            ),
            Step::Restart,
            open("ben", "board/kept"),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":2,"method":"rpc.subscribe","params":{"events":["pinned","pointed"],"after":"0-0"}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":1,"text":"one"},"cursor":"LOG-1"}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":2,"text":"two"},"cursor":"LOG-2"}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pointed","data":{"at":3,"who":"ann"}}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pointed","data":{"at":2,"who":"ben"}}}"#,
            ),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","result":{"events":["pinned","pointed"],"cursor":"LOG-2"},"id":2}"#,
            ),
            gives("board/kept", "point", r#"["cid", 4]"#, "null"),
            hear(
                "ben",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pointed","data":{"at":4,"who":"cid"}}}"#,
            ),
            gives("board/kept", "unpoint", r#"["cid"]"#, "true"),
            gives("board/kept", "unpoint", r#"["cid"]"#, "false"),
            gives("board/kept", "heard", "{}", r#"["once ann", "once cid"]"#),
        ],
    },
    Scenario {
        name: "what is kept no more is announced",
        steps: &[
            gives("board/gap", "pin", r#"["a"]"#, "1"),
            gives("board/gap", "pin", r#"["b"]"#, "2"),
            gives("board/gap", "pin", r#"["c"]"#, "3"),
            gives("board/gap", "pin", r#"["d"]"#, "4"),
            open("ann", "board/gap"),
            say("ann", ALL_PINNED),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":2,"text":"b"},"cursor":"LOG-2"}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":3,"text":"c"},"cursor":"LOG-3"}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"pinned","data":{"number":4,"text":"d"},"cursor":"LOG-4"}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":{"events":["pinned"],"cursor":"LOG-4","gap":["pinned"]},"id":1}"#,
            ),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"rpc.subscribe","params":{"events":["pinned"],"after":"deadbeef-3"}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":{"events":["pinned"],"cursor":"LOG-4","gap":["pinned"]},"id":2}"#,
            ),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":3,"method":"rpc.subscribe","params":{"events":["pinned"],"after":"here"}}"#,
            ),
            Step::Hear {
                who: "ann",
                text: None,
            },
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":4,"method":"rpc.subscribe","params":{"events":["hidden"]}}"#,
            ),
            Step::Hear {
                who: "ann",
                text: None,
            },
        ],
    },
    Scenario {
        name: "an object reads what it has kept itself",
        steps: &[
            gives("board/own", "kept", "[null, 2]", "[[], null]"),
            gives("board/own", "pin", r#"["a"]"#, "1"),
            gives("board/own", "pin", r#"["b"]"#, "2"),
            gives("board/own", "pin", r#"["c"]"#, "3"),
            gives("board/own", "pin", r#"["d"]"#, "4"),
            gives("board/own", "point", r#"["ann", 3]"#, "null"),
            gives("board/own", "point", r#"["ben", 4]"#, "null"),
            Step::Restart,
            gives(
                "board/own",
                "kept",
                "[null, 2]",
                r#"[["b", "c"], "MDAwMDAwMDAwMDAwMDAwMg"]"#,
            ),
            gives(
                "board/own",
                "kept",
                r#"["MDAwMDAwMDAwMDAwMDAwMg", 2]"#,
                r#"[["d"], null]"#,
            ),
            gives("board/own", "points", r#"["ben"]"#, "[4, 2]"),
            gives("board/own", "points", r#"["cid"]"#, "[null, 2]"),
            fails("board/own", "kept", r#"["PWFubg", 2]"#, "invalid_params"),
        ],
    },
    Scenario {
        name: "a stream of more than a page ends, and the next one goes on there",
        steps: &[
            gives("board/long", "scribble", "[600]", "null"),
            Step::Look {
                what: "two streams",
                look: two_streams,
                gives: r#"[["1 to 512", "ends"], ["513 to 600", "goes on"]]"#,
            },
        ],
    },
    Scenario {
        name: "a stream goes on where it was",
        steps: &[
            listen("ann", "/board/stream/~events?events=pinned,told"),
            stream("ann", "retry: 1000"),
            stream("ann", "id: 0-0"),
            gives("board/stream", "pin", r#"["one"]"#, "1"),
            stream(
                "ann",
                "id: LOG-1\nevent: pinned\ndata: {\"number\":1,\"text\":\"one\"}",
            ),
            gives("board/stream", "tell", r#"[null, "psst"]"#, "1"),
            gives("board/stream", "tell", r#"[null, "hi"]"#, "1"),
            stream(
                "ann",
                "event: told\ndata: {\"text\":\"hi\",\"volume\":null}",
            ),
            Step::Vanish { who: "ann" },
            gives("board/stream", "pin", r#"["two"]"#, "2"),
            listen("ben", "/board/stream/~events?events=pinned&after=0-0"),
            stream("ben", "retry: 1000"),
            stream(
                "ben",
                "id: LOG-1\nevent: pinned\ndata: {\"number\":1,\"text\":\"one\"}",
            ),
            stream(
                "ben",
                "id: LOG-2\nevent: pinned\ndata: {\"number\":2,\"text\":\"two\"}",
            ),
            stream("ben", "id: LOG-2"),
            listen(
                "cid",
                "/board/stream/~events?events=pinned&after=deadbeef-1",
            ),
            stream("cid", "retry: 1000"),
            stream("cid", "event: rpc.gap\ndata: {\"events\":[\"pinned\"]}"),
            stream("cid", "id: LOG-2"),
            Step::Listen {
                who: "dee",
                path: "/board/stream/~events?events=pinned&after=x",
                status: 400,
            },
            Step::Listen {
                who: "dee",
                path: "/board/stream/~events?events=hidden",
                status: 403,
            },
        ],
    },
    Scenario {
        name: "a room hears what is told in it, also after its object has slept",
        steps: &[
            open("ann", "board/rooms"),
            open("ben", "board/rooms"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["told"]}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","result":{"events":["told"]},"id":1}"#,
            ),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"stand","params":["red", true]}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":["red"],"id":2}"#),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":3,"method":"stand","params":["red", true]}"#,
            ),
            hear("ben", r#"{"jsonrpc":"2.0","result":["red"],"id":3}"#),
            gives("board/rooms", "there", r#"["red"]"#, "2"),
            // One that the object has listen, and that asked for nothing.
            open("cleo", "board/rooms"),
            say(
                "cleo",
                r#"{"jsonrpc":"2.0","id":5,"method":"tune","params":[true]}"#,
            ),
            hear(
                "cleo",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"told","data":{"text":"tuned","volume":null}}}"#,
            ),
            hear("cleo", r#"{"jsonrpc":"2.0","result":1,"id":5}"#),
            // Who does not listen does not hear.
            gives("board/rooms", "tell", r#"["red", "to red"]"#, "1"),
            gives("board/rooms", "tell", r#"["blue", "to blue"]"#, "0"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"told","data":{"text":"to red","volume":7},"rooms":["red"]}}"#,
            ),
            Step::Wait(13),
            gives("board/rooms", "there", r#"["red"]"#, "2"),
            gives("board/rooms", "tell", r#"[null, "to all"]"#, "2"),
            hear(
                "cleo",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"told","data":{"text":"to all","volume":null}}}"#,
            ),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"told","data":{"text":"to all","volume":7}}}"#,
            ),
            say(
                "cleo",
                r#"{"jsonrpc":"2.0","id":6,"method":"tune","params":[false]}"#,
            ),
            hear("cleo", r#"{"jsonrpc":"2.0","result":0,"id":6}"#),
            Step::Vanish { who: "ben" },
            Step::Eventually(crate::scenarios::call(
                "board/rooms",
                "there",
                r#"["red"]"#,
                crate::steps::Gives::Result("1"),
            )),
            gives("board/rooms", "tell", r#"["red", "again"]"#, "1"),
            hear(
                "ann",
                r#"{"jsonrpc":"2.0","method":"event","params":{"event":"told","data":{"text":"again","volume":7},"rooms":["red"]}}"#,
            ),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":4,"method":"stand","params":["red", false]}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":[],"id":4}"#),
            gives("board/rooms", "tell", r#"["red", "to nobody"]"#, "0"),
        ],
    },
    Scenario {
        name: "messages by type",
        steps: &[
            open("ann", "parlour/p"),
            hear("ann", r#"{"type":"welcome","payload":{"sum":0}}"#),
            say("ann", r#"{"type":"add","by":2,"correlationId":"x"}"#),
            hear("ann", r#"{"type":"summed","payload":{"sum":2}}"#),
            hear(
                "ann",
                r#"{"type":"add:response","payload":2,"correlationId":"x"}"#,
            ),
            say("ann", r#"{"type":"fail","correlationId":7}"#),
            hear(
                "ann",
                r#"{"type":"error","payload":{"code":"parlour.not","details":{"sum":1002},"message":"not with 1002"},"correlationId":7}"#,
            ),
            say("ann", r#"{"type":"sing"}"#),
            Step::Hear {
                who: "ann",
                text: None,
            },
            say("ann", "{"),
            Step::Hear {
                who: "ann",
                text: None,
            },
            gives("parlour/p", "sum", "{}", "2"),
            open("ben", "parlour/p?name=ben&bring=40"),
            hear("ben", r#"{"type":"welcome","payload":{"sum":42}}"#),
            say("ben", r#"{"type":"add","by":0}"#),
            hear("ben", r#"{"type":"add:response","payload":42}"#),
            gives("parlour/p", "named", r#"["ben"]"#, "1"),
            say("ben", r#"{"type":"add","by":1}"#),
            hear("ben", r#"{"type":"summed","payload":{"sum":43}}"#),
            hear("ben", r#"{"type":"add:response","payload":43}"#),
            hear("ann", r#"{"type":"summed","payload":{"sum":43}}"#),
            refused("/parlour/p?name=benjamin", 400),
            refused("/parlour/p?bring=more", 400),
            refused("/parlour/p?nmae=ben", 400),
            gives("parlour/p", "sum", "{}", "43"),
            // Events of rooms say so, to those who speak by type as to those who only listen.
            open("cid", "parlour/p?name=quiet"),
            hear("cid", r#"{"type":"welcome","payload":{"sum":43}}"#),
            listen("dee", "/parlour/p/~events?events=summed&name=quiet"),
            stream("dee", "retry: 1000"),
            stream("dee", "event: welcome\ndata: {\"sum\":43}"),
            say("ben", r#"{"type":"add","by":0}"#),
            hear("ben", r#"{"type":"add:response","payload":43}"#),
            hear(
                "cid",
                r#"{"type":"summed","rooms":["quiet"],"payload":{"sum":43}}"#,
            ),
            stream(
                "dee",
                "event: summed\nrooms: [\"quiet\"]\ndata: {\"sum\":43}",
            ),
        ],
    },
];
