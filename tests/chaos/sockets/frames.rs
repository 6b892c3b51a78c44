//! RFC 6455, frame by frame: what is right is served, what is wrong is told by the right code, and nothing else happens.

use std::io::ErrorKind;
use std::time::Duration;

use support::process::{Launch, scratch};
use support::websocket::{BINARY, CLOSE, Frame, PING, PONG, TEXT, WebSocket, frame};

use super::{ask, until};
use crate::{alone, program};

/// Opcodes of frames after which their message goes on.
const TEXT_BEGINS: u8 = 0x01;
const BINARY_BEGINS: u8 = 0x02;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;

const LIMIT: usize = 1 << 20;

/// What is sent to an echo, and what comes back.
struct Case {
    name: String,
    sent: Vec<u8>,
    expected: Vec<Frame>,
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn case(&mut self, name: impl Into<String>, sent: &[&[u8]], expected: &[Frame]) {
        self.0.push(Case {
            name: name.into(),
            sent: sent.concat(),
            expected: expected.to_vec(),
        });
    }

    /// Answered by nothing but a close frame.
    fn wrong(&mut self, name: impl Into<String>, sent: &[&[u8]], code: u16) {
        self.case(name, sent, &[bye(code)]);
    }
}

fn bye(code: u16) -> Frame {
    Frame::Close(Some(code), String::new())
}

fn said(text: &str) -> Frame {
    Frame::Text(text.to_owned())
}

fn text(text: &str) -> Vec<u8> {
    frame(TEXT, text.as_bytes())
}

/// A close frame of a client.
fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

fn reserved(cases: &mut Cases) {
    for bit in [0x40, 0x20, 0x10] {
        for (kind, opcode) in [
            ("text", TEXT),
            ("binary", BINARY),
            ("ping", PING),
            ("pong", PONG),
            ("close", CLOSE),
        ] {
            let name = format!("reserved bit {bit:#x} on a {kind}");
            cases.wrong(name, &[&frame(opcode | bit, b"")], 1002);
        }
        let sent = [frame(TEXT_BEGINS, b"a"), frame(ENDS | bit, b"b")].concat();
        cases.wrong(format!("reserved bit {bit:#x} on a part"), &[&sent], 1002);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        cases.wrong(
            format!("reserved opcode {opcode}"),
            &[&frame(0x80 | opcode, b"x")],
            1002,
        );
    }
    for (kind, opcode) in [
        ("text", TEXT),
        ("binary", BINARY),
        ("ping", PING),
        ("close", CLOSE),
    ] {
        cases.wrong(format!("a {kind} without a mask"), &[&[opcode, 0]], 1002);
    }
}

fn control(cases: &mut Cases) {
    for (kind, opcode) in [("ping", PING), ("pong", PONG), ("close", CLOSE)] {
        let long = [[0x03, 0xe8].as_slice(), &[b'x'; 124]].concat();
        cases.wrong(
            format!("a {kind} of 126 bytes"),
            &[&frame(opcode, &long)],
            1002,
        );
        let part = frame(opcode & 0x0f, &[0x03, 0xe8]);
        cases.wrong(format!("a {kind} in parts"), &[&part], 1002);
    }
    for len in [0, 1, 125] {
        let payload = vec![0xfe; len];
        cases.case(
            format!("a ping of {len} bytes"),
            &[&frame(PING, &payload)],
            &[Frame::Pong(payload.clone())],
        );
    }
    cases.case(
        "a pong nobody asked for",
        &[&frame(PONG, b"me"), &text("on")],
        &[said("on")],
    );
    cases.case(
        "a ping between parts",
        &[
            &frame(TEXT_BEGINS, b"be"),
            &frame(PING, b"?"),
            &frame(ENDS, b"tween"),
        ],
        &[Frame::Pong(b"?".to_vec()), said("between")],
    );
    cases.case(
        "a pong between parts",
        &[
            &frame(TEXT_BEGINS, b"be"),
            &frame(PONG, b"!"),
            &frame(ENDS, b"tween"),
        ],
        &[said("between")],
    );
    let ten: Vec<u8> = (0..10).flat_map(|n| frame(PING, &[n])).collect();
    let pongs: Vec<Frame> = (0..10).map(|n| Frame::Pong(vec![n])).collect();
    cases.case("ten pings in one piece", &[&ten], &pongs);
}

fn parts(cases: &mut Cases) {
    for (name, parts) in [
        ("two parts", ["he", "llo"].as_slice()),
        ("three parts", &["h", "ell", "o"]),
        ("a part for each letter", &["h", "e", "l", "l", "o"]),
        ("an empty first part", &["", "hello"]),
        ("an empty last part", &["hello", ""]),
        ("an empty part between", &["he", "", "llo"]),
        ("nothing but empty parts", &["", "", ""]),
    ] {
        let sent: Vec<u8> = parts
            .iter()
            .enumerate()
            .flat_map(|(number, part)| {
                let begin = if number == 0 { TEXT_BEGINS } else { GOES_ON };
                let end = if number + 1 == parts.len() { ENDS } else { 0 };
                frame(begin | end, part.as_bytes())
            })
            .collect();
        cases.case(name, &[&sent], &[said(&parts.concat())]);
    }
    cases.case(
        "binary in parts",
        &[&frame(BINARY_BEGINS, &[0]), &frame(ENDS, &[255])],
        &[Frame::Binary(vec![0, 255])],
    );
    cases.wrong("a last part of nothing", &[&frame(ENDS, b"x")], 1002);
    cases.wrong("a part of nothing", &[&frame(GOES_ON, b"x")], 1002);
    for (kind, opcode) in [
        ("text", TEXT),
        ("binary", BINARY),
        ("begun text", TEXT_BEGINS),
    ] {
        let name = format!("a {kind} between parts");
        let sent = [frame(TEXT_BEGINS, b"a"), frame(opcode, b"b")].concat();
        cases.wrong(name, &[&sent], 1002);
    }
    cases.case(
        "good-bye between parts",
        &[&frame(TEXT_BEGINS, b"a"), &close(1000, b"")],
        &[bye(1000)],
    );
}

fn utf8(cases: &mut Cases) {
    for (name, bytes) in [
        ("a lone byte", [0xff].as_slice()),
        ("an overlong slash", &[0xc0, 0xaf]),
        ("half a surrogate pair", &[0xed, 0xa0, 0x80]),
        ("beyond the last code point", &[0xf4, 0x90, 0x80, 0x80]),
        ("five bytes", &[0xf8, 0x88, 0x80, 0x80, 0x80]),
        ("a continuation alone", &[b'a', 0x80]),
        ("cut off at the end", &[b'a', 0xe2, 0x82]),
    ] {
        cases.wrong(format!("text: {name}"), &[&frame(TEXT, bytes)], 1007);
        cases.wrong(
            format!("text in parts: {name}"),
            &[&frame(TEXT_BEGINS, b"ok "), &frame(ENDS, bytes)],
            1007,
        );
    }
    cases.wrong(
        "a letter that the next part does not end",
        &[&frame(TEXT_BEGINS, &[0xe2, 0x82]), &frame(ENDS, b"a")],
        1007,
    );
    for split in 1..4 {
        let (one, two) = "😀".as_bytes().split_at(split);
        cases.case(
            format!("a letter split after byte {split}"),
            &[&frame(TEXT_BEGINS, one), &frame(ENDS, two)],
            &[said("😀")],
        );
    }
    cases.case(
        "the last code point and no characters at all",
        &[&text("\u{10ffff}\u{feff}\u{0}\u{fffe}")],
        &[said("\u{10ffff}\u{feff}\u{0}\u{fffe}")],
    );
    cases.case(
        "bytes that are no UTF-8",
        &[&frame(BINARY, &[0xff, 0xc0])],
        &[Frame::Binary(vec![0xff, 0xc0])],
    );
}

fn good_byes(cases: &mut Cases) {
    cases.case(
        "good-bye without a code",
        &[&frame(CLOSE, b"")],
        &[Frame::Close(None, String::new())],
    );
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        cases.case(
            format!("good-bye with {code}"),
            &[&close(code, b"because")],
            &[Frame::Close(Some(code), "because".to_owned())],
        );
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        cases.case(
            format!("good-bye with {code}, which must not be said"),
            &[&close(code, b"because")],
            &[Frame::Close(Some(1002), "Protocol violation".to_owned())],
        );
    }
    cases.wrong("a close frame of one byte", &[&frame(CLOSE, &[3])], 1002);
    cases.wrong("a reason that is no UTF-8", &[&close(1000, &[0xff])], 1007);
    cases.case(
        "a reason of 123 bytes",
        &[&close(1000, &[b'r'; 123])],
        &[Frame::Close(Some(1000), "r".repeat(123))],
    );
    cases.case(
        "words after good-bye",
        &[&close(1000, b""), &text("still there?"), &frame(PING, b"")],
        &[bye(1000)],
    );
}

fn lengths(cases: &mut Cases) {
    for len in [125, 126, 127, 128, 65_535, 65_536, LIMIT] {
        let long = "l".repeat(len);
        cases.case(format!("{len} bytes"), &[&text(&long)], &[said(&long)]);
    }
    let over = vec![b'l'; LIMIT + 1];
    cases.wrong("a byte too many", &[&frame(TEXT, &over)], 1009);
    let half = vec![b'l'; LIMIT / 2 + 1];
    cases.wrong(
        "a byte too many, in parts",
        &[&frame(TEXT_BEGINS, &half), &frame(ENDS, &half)],
        1009,
    );
    cases.wrong(
        "a length of 4 GiB",
        &[&[BINARY, 0xff], &(4_u64 << 30).to_be_bytes(), &[0; 4]],
        1009,
    );
    cases.wrong(
        "a length beyond all",
        &[&[BINARY, 0xff], &u64::MAX.to_be_bytes(), &[0; 4]],
        1009,
    );
    cases.case(
        "three messages in one piece",
        &[&text("a"), &frame(BINARY, b"b"), &text("c")],
        &[said("a"), Frame::Binary(b"b".to_vec()), said("c")],
    );
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let masked: Vec<u8> = b"Hello"
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    cases.case(
        "the masked text of the RFC",
        &[&[TEXT, 0x85], &mask, &masked],
        &[said("Hello")],
    );
}

#[test]
fn frames_are_served_or_refused_by_code() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let mut cases = Cases::default();
    for group in [reserved, control, parts, utf8, good_byes, lengths] {
        group(&mut cases);
    }
    assert!(cases.0.len() >= 80, "{} cases", cases.0.len());
    for case in &cases.0 {
        // Whole, and a few bytes at a time: where a frame is cut must not matter.
        for pieces in [usize::MAX, 3] {
            if pieces < case.sent.len() && case.sent.len() > 1_000 {
                continue;
            }
            let mut socket = WebSocket::open(server.address(), "echo/frames").unwrap();
            socket.patience(Duration::from_secs(10)).unwrap();
            for piece in case.sent.chunks(pieces.min(case.sent.len())) {
                // It may have been closed before we were done.
                if socket.send(piece).is_err() {
                    break;
                }
            }
            for expected in &case.expected {
                let got = socket.receive();
                let got = got.unwrap_or_else(|error| panic!("{}: {error}", case.name));
                assert_eq!(&got, expected, "{}", case.name);
            }
            if let Some(Frame::Close(..)) = case.expected.last() {
                // The one who was told answers; then the connection is over, from the server's side.
                let _ = socket.send(&close(1000, b""));
                let end = socket.receive().expect_err(&case.name).kind();
                let over = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset];
                assert!(over.contains(&end), "{}: {end}", case.name);
            } else {
                socket.text("still here").unwrap();
                assert_eq!(
                    socket.receive().unwrap(),
                    said("still here"),
                    "{}",
                    case.name
                );
            }
        }
    }
    assert!(server.is_alive(), "{}", server.log());
    assert!(!server.log().contains("panicked"), "{}", server.log());
    until("no connection is left", Duration::from_secs(10), || {
        ask(server.address(), "echo/frames", "people") == 0
    });
}

/// A message that never ends, and a connection that ends within one: both are forgotten.
#[test]
fn half_a_message_is_forgotten() {
    let _alone = alone();
    let folder = scratch();
    let data = folder.path().join("data");
    let (mut server, _) = Launch::new(program(), &data).start();
    let whole = [frame(TEXT_BEGINS, b"abc"), text("x"), frame(PING, b"")].concat();
    for cut in 1..whole.len() {
        let mut socket = WebSocket::open(server.address(), "echo/half").unwrap();
        socket.send(&whole[..cut]).unwrap();
    }
    until("no connection is left", Duration::from_secs(10), || {
        ask(server.address(), "echo/half", "people") == 0
    });
    assert!(server.is_alive());
}
