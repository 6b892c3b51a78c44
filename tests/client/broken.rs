//! Servers that die, fall silent, or are none.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use stayput::prelude::*;

use crate::room::{Room, Said};
use crate::{Running, client, launch, run};

#[test]
fn a_killed_server_ends_the_connection_and_a_new_one_finds_everything() {
    let Running {
        client,
        server,
        data,
    } = Running::start();
    let address = server.address();
    run(async {
        let room = Room::named(&client, "r");
        let live = client.connect(&room).await.unwrap();
        let mut said = live.events::<Said>().await.unwrap();
        let over = Room::named(&live, "r");
        assert_eq!(over.say("kept").await.unwrap(), 1);
        let command = over.ponder(5_000_u64).into_future();
        let query = Room::named(&live, "r").watch(5_000_u64).into_future();
        let kill = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.kill();
        };
        let (command, query, ()) = tokio::join!(command, query, kill);
        let [command, query] =
            [&command, &query].map(|answer| answer.as_ref().unwrap_err().rejection().unwrap());
        assert_eq!(
            (command.code(), command.maybe_executed()),
            ("network", true)
        );
        assert_eq!((query.code(), query.maybe_executed()), ("network", false));
        assert_eq!(live.closed().await.0, 1006);
        assert_eq!(said.next().await.unwrap().unwrap().text, "kept");
        assert!(said.next().await.is_none());

        let (_again, _) = launch(data.path()).start_at(address);
        let live = client.connect(&room).await.unwrap();
        assert_eq!(Room::named(&live, "r").count().await.unwrap(), 1);
        // HTTP, too, notices that its old connections are of no use.
        assert_eq!(room.say("more").await.unwrap(), 2);
    });
}

/// A server that says `answer` to whatever comes, once, and then what `after` does.
fn fake(
    answer: impl Fn(&str) -> String + Send + 'static,
    after: impl Fn(TcpStream) + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap() == 0 {
                    break;
                }
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            stream.write_all(answer(&head).as_bytes()).unwrap();
            after(stream);
        }
    });
    address
}

#[test]
fn what_is_no_stayput_app_is_called_so() {
    let answer = |_: &str| {
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<h1>down</h1>\n"
            .to_owned()
    };
    let address = fake(answer, drop);
    run(async {
        let client = client(&format!("http://{address}/below"));
        let room = Room::named(&client, "r");
        let error = room.say("x").await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(rejection.code(), "bad_answer");
        assert!(rejection.message().contains("502"), "{rejection}");
        assert!(rejection.retryable() && rejection.maybe_executed());
        let error = client.connect(&room).await.unwrap_err();
        assert_eq!(error.code(), "bad_answer");
        assert!(!error.maybe_executed(), "nothing was sent");
    });
}

#[test]
fn a_token_goes_with_every_request_and_is_never_shown() {
    let answer = |head: &str| {
        let token = head
            .lines()
            .find(|line| line.starts_with("authorization: "));
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":1,"message":"{}","data":{{"code":"told"}}}}}}"#,
            token.unwrap()
        );
        format!(
            "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let address = fake(answer, drop);
    run(async {
        let client = client(&format!("http://{address}"))
            .bearer("s3cret")
            .unwrap();
        let room = Room::named(&client, "r");
        let error = room.count().await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(
            (rejection.code(), rejection.message(), rejection.status()),
            ("told", "authorization: Bearer s3cret", 403)
        );
        let error = client.connect(&room).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            ("told", "authorization: Bearer s3cret")
        );
        assert!(!format!("{client:?}").contains("s3cret"));
    });
}

/// The answer to an upgrade.
fn upgrade(head: &str) -> String {
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then_some(value)
    });
    let accept = derive_accept_key(key.unwrap().as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: stayput.v1\r\n\r\n"
    )
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    // It answers the first question, and then never again.
    let address = fake(upgrade, |mut stream| {
        let pong = br#"{"jsonrpc":"2.0","id":1,"result":"pong"}"#;
        let mut question = [0; 64];
        let _ = stream.read(&mut question).unwrap();
        stream
            .write_all(&[0x81, u8::try_from(pong.len()).unwrap()])
            .unwrap();
        stream.write_all(pong).unwrap();
        std::thread::sleep(Duration::from_mins(1));
    });
    run(async {
        let client = client(&format!("http://{address}")).timeout(Duration::from_hours(1));
        let room = Room::named(&client, "r");
        let live = client.connect(&room).await.unwrap();
        // From here on time passes as soon as everybody waits.
        tokio::time::pause();
        let begun = tokio::time::Instant::now();
        let command = Room::named(&live, "r").say("x").into_future();
        let (command, (code, _)) = tokio::join!(command, live.closed());
        let waited = begun.elapsed();
        assert_eq!(code, 1006);
        assert!(command.unwrap_err().rejection().unwrap().maybe_executed());
        assert!((33..34).contains(&waited.as_secs()), "{waited:?}");
    });
}

#[test]
fn an_answer_that_says_nothing_is_called_so() {
    // The first question is answered, the others by what is no answer.
    let address = fake(upgrade, |mut stream| {
        let answers = [
            r#"{"jsonrpc":"2.0","id":1,"result":"pong"}"#,
            r#"{"jsonrpc":"2.0","id":2}"#,
            r#"{"jsonrpc":"2.0","id":3,"error":"no"}"#,
        ];
        for answer in answers {
            let mut question = [0; 256];
            let _ = stream.read(&mut question).unwrap();
            stream
                .write_all(&[0x81, u8::try_from(answer.len()).unwrap()])
                .unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
        std::thread::sleep(Duration::from_mins(1));
    });
    run(async {
        let client = client(&format!("http://{address}"));
        let live = client.connect(&Room::named(&client, "r")).await.unwrap();
        let room = Room::named(&live, "r");
        let command = room.say("x").await.unwrap_err();
        let rejection = command.rejection().unwrap();
        assert_eq!(rejection.code(), "bad_answer", "{rejection}");
        assert!(rejection.maybe_executed() && !rejection.retryable());
        let query = room.count().await.unwrap_err();
        let rejection = query.rejection().unwrap();
        assert_eq!(rejection.code(), "bad_answer", "{rejection}");
        assert!(!rejection.maybe_executed(), "a query changes nothing");
    });
}

#[test]
fn an_answer_of_more_than_64_mib_is_not_read() {
    const LIMIT: usize = 64 << 20;
    let result = br#"{"jsonrpc":"2.0","id":1,"result":7}"#;
    for (length, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
        let head = |_: &str| {
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
                .to_owned()
        };
        // JSON may have blanks behind it.
        let address = fake(head, move |mut stream| {
            // A connection that is closed with something unread is reset.
            let _ = stream.read(&mut [0; 256]).unwrap();
            let mut body = result.to_vec();
            body.resize(length, b' ');
            // The client may have heard enough.
            let _ = stream.write_all(&body);
        });
        run(async {
            let client = client(&format!("http://{address}"));
            let answer = Room::named(&client, "r").say("x").await;
            if fits {
                assert_eq!(answer.unwrap(), 7);
                return;
            }
            let error = answer.unwrap_err();
            let rejection = error.rejection().unwrap();
            assert_eq!(rejection.code(), "network", "{rejection}");
            assert!(rejection.maybe_executed());
        });
    }
}
