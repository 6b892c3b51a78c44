//! The table, continued: frames, sizes and good-byes of connections.

use serde_json::{Value, json};
use support::process::Server;
use support::websocket::{BINARY, CLOSE, Frame, PING, TEXT, WebSocket, frame};

use crate::scenarios::gives;
use crate::sockets::{SUBSCRIBE, closed, hear, hear_something, open, say};
use crate::steps::{Scenario, Step};

const fn send(who: &'static str, first: u8, payload: &'static [u8]) -> Step {
    Step::Send {
        who,
        first,
        payload,
    }
}

/// Text that goes on in the next frame, and the frame that ends it.
const BEGIN: u8 = 0x01;
const END: u8 = 0x80;

pub(crate) const ALL: &[Scenario] = &[
    Scenario {
        name: "what a connection carries has 8 KiB",
        steps: &[
            open("ann", "hall/marks"),
            say("ann", r#"{"jsonrpc":"2.0","id":1,"method":"marked"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":null,"id":1}"#),
            // The rest is `{"name":""}`.
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"mark","params":[8181]}"#,
            ),
            hear("ann", r#"{"jsonrpc":"2.0","result":8181,"id":2}"#),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":3,"method":"mark","params":[8182]}"#,
            ),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":4,"method":"marked"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":8181,"id":4}"#),
        ],
    },
    Scenario {
        name: "good-byes of objects: codes, reasons, and nothing after them",
        steps: &[
            open("ann", "hall/parting"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[999,""]}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[1001,""]}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[1005,""]}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[5000,""]}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[4000,"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"]}"#,
            ),
            hear_something("ann"),
            gives("hall/parting", "count", "{}", "0"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[4999,"012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012"]}"#,
            ),
            closed(
                "ann",
                4999,
                "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012",
            ),
            open("ben", "hall/parting"),
            say(
                "ben",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[1000,"é"]}"#,
            ),
            closed("ben", 1000, "é"),
            open("cem", "hall/parting"),
            say(
                "cem",
                r#"{"jsonrpc":"2.0","id":1,"method":"part","params":[3000,""]}"#,
            ),
            closed("cem", 3000, ""),
            gives("hall/parting", "count", "{}", "3"),
        ],
    },
    Scenario {
        name: "good-byes of clients",
        steps: &[
            open("ann", "hall/good-byes"),
            say("ann", SUBSCRIBE),
            hear_something("ann"),
            open("ben", "hall/good-byes"),
            send("ben", CLOSE, b"\x03\xe9"),
            closed("ben", 1001, ""),
            hear_something("ann"),
            open("cem", "hall/good-byes"),
            send("cem", CLOSE, b"\x03\xebno more"),
            closed("cem", 1003, "no more"),
            hear_something("ann"),
            open("dee", "hall/good-byes"),
            send("dee", CLOSE, b"\x0b\xb8\xc3\xa9"),
            closed("dee", 3000, "é"),
            hear_something("ann"),
            open("eva", "hall/good-byes"),
            send("eva", CLOSE, b"\x03\xf3"),
            closed("eva", 1011, ""),
            hear_something("ann"),
        ],
    },
    Scenario {
        name: "what an action that fails or panics would have sent is not sent",
        steps: &[
            open("ann", "hall/whispers"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":1,"method":"whisper","params":[false]}"#,
            ),
            hear_something("ann"),
            say(
                "ann",
                r#"{"jsonrpc":"2.0","id":2,"method":"whisper","params":[true]}"#,
            ),
            hear_something("ann"),
            say("ann", r#"{"jsonrpc":"2.0","id":3,"method":"count"}"#),
            hear("ann", r#"{"jsonrpc":"2.0","result":0,"id":3}"#),
            open("ben", "mirror/refuses"),
            say("ben", "refuse"),
            say("ben", "break"),
            say("ben", "still here"),
            hear("ben", "still here"),
            gives("mirror/refuses", "frames", "{}", "1"),
        ],
    },
    Scenario {
        name: "fragments, pings and empty frames",
        steps: &[
            open("ann", "hall/fragments"),
            send("ann", BEGIN, br#"{"jsonrpc":"2.0","id":1,"#),
            send("ann", PING, b"between"),
            send("ann", END, br#""method":"count"}"#),
            hear_something("ann"),
            hear("ann", r#"{"jsonrpc":"2.0","result":0,"id":1}"#),
            open("ben", "mirror/fragments"),
            send("ben", BEGIN, "é".as_bytes().split_at(1).0),
            send("ben", 0x00, b""),
            send("ben", END, "é".as_bytes().split_at(1).1),
            hear("ben", "é"),
            send("ben", BINARY, b""),
            hear_something("ben"),
            send("ben", TEXT, b""),
            hear("ben", ""),
        ],
    },
    Scenario {
        name: "large frames there and back",
        steps: &[
            Step::Look {
                what: "a frame of 1 MiB, and what is more",
                look: large_frames,
                gives: r#"[1048576, 1048576, "state.unstorable", 0]"#,
            },
            Step::Look {
                what: "a message in 1,000 fragments",
                look: many_fragments,
                gives: "100000",
            },
        ],
    },
    Scenario {
        name: "a hundred messages keep their order",
        steps: &[Step::Look {
            what: "the echo of 0 to 99",
            look: in_order,
            gives: "true",
        }],
    },
    Scenario {
        name: "a hundred connections of one object",
        steps: &[
            Step::Look {
                what: "who heard it",
                look: many_listeners,
                gives: "[100, 100]",
            },
            Step::Eventually(crate::scenarios::call(
                "hall/listeners",
                "who",
                "{}",
                crate::steps::Gives::Result("[]"),
            )),
        ],
    },
];

/// The next frame that is neither ping nor pong.
fn next(socket: &mut WebSocket) -> Frame {
    loop {
        match socket.receive().unwrap() {
            Frame::Ping(_) | Frame::Pong(_) => {}
            frame => return frame,
        }
    }
}

fn large_frames(server: &Server) -> Value {
    let length = |frame| match frame {
        Frame::Binary(bytes) => json!(bytes.len()),
        Frame::Text(text) => {
            let answer: Value = serde_json::from_str(&text).unwrap();
            answer["error"]["data"]["code"].clone()
        }
        other => json!(format!("{other:?}")),
    };
    let mut mirror = WebSocket::open(server.address(), "mirror/large").unwrap();
    mirror.send(&frame(BINARY, &vec![9; 1 << 20])).unwrap();
    let echo = length(next(&mut mirror));
    let mut hall = WebSocket::open(server.address(), "hall/large").unwrap();
    let ask = |bytes: usize| {
        json!({"jsonrpc": "2.0", "id": 1, "method": "frame", "params": [bytes]}).to_string()
    };
    hall.text(&ask(1 << 20)).unwrap();
    let sent = length(next(&mut hall));
    // Its answer.
    next(&mut hall);
    hall.text(&ask((1 << 20) + 1)).unwrap();
    let refused = length(next(&mut hall));
    hall.text(&ask(0)).unwrap();
    json!([echo, sent, refused, length(next(&mut hall))])
}

fn many_fragments(server: &Server) -> Value {
    let mut mirror = WebSocket::open(server.address(), "mirror/pieces").unwrap();
    let piece = [b'x'; 100];
    mirror.send(&frame(BEGIN, &piece)).unwrap();
    for _ in 0..998 {
        mirror.send(&frame(0x00, &piece)).unwrap();
    }
    mirror.send(&frame(END, &piece)).unwrap();
    match next(&mut mirror) {
        Frame::Text(text) => json!(text.len()),
        other => json!(format!("{other:?}")),
    }
}

fn in_order(server: &Server) -> Value {
    let mut mirror = WebSocket::open(server.address(), "mirror/order").unwrap();
    for number in 0..100 {
        mirror.text(&number.to_string()).unwrap();
    }
    let mut heard = (0..100).map(|_| next(&mut mirror));
    let echo = |(number, frame)| matches!(frame, Frame::Text(text) if text == format!("{number}"));
    (0..100).zip(&mut heard).all(echo).into()
}

fn many_listeners(server: &Server) -> Value {
    let subscribe = |_| {
        let mut socket = WebSocket::open(server.address(), "hall/listeners").unwrap();
        socket.text(SUBSCRIBE).unwrap();
        assert!(matches!(next(&mut socket), Frame::Text(_)));
        socket
    };
    let mut sockets: Vec<_> = (0..100).map(subscribe).collect();
    let call = |action: &str, params: Value| {
        server
            .connect()
            .call("hall/listeners", action, &params)
            .unwrap()
            .unwrap()
    };
    let there = call("who", json!([])).as_array().map(Vec::len);
    call("say", json!(["to all"]));
    let told = |socket: &mut WebSocket| matches!(next(socket), Frame::Text(text) if text.contains("to all"));
    json!([
        there,
        sockets
            .iter_mut()
            .filter_map(|socket| told(socket).then_some(()))
            .count()
    ])
}
