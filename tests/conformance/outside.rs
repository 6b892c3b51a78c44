//! Another server, as small as one can be, which answers as its paths say and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// A server on this machine.
pub(crate) struct Outside {
    address: SocketAddr,
    asked: Asked,
}

/// What each path was asked, without the query.
type Asked = Arc<Mutex<HashMap<String, Vec<Request>>>>;

/// `{"word":"zipped"}` by gzip.
const ZIPPED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 42, 207, 47, 74, 81, 178, 82, 170, 202, 44, 40, 72,
    77, 81, 170, 5, 0, 213, 205, 238, 40, 17, 0, 0, 0,
];

/// A request as it came.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    path: String,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Vec<u8>,
}

impl Outside {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let shared = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let asked = shared.clone();
                thread::spawn(move || serve(stream, &asked));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        self.received(path).len()
    }

    /// All that came for a path.
    pub(crate) fn received(&self, path: &str) -> Vec<Request> {
        let asked = self.asked.lock().unwrap();
        asked.get(path).cloned().unwrap_or_default()
    }
}

/// One connection, for as long as it is kept.
fn serve(stream: TcpStream, asked: &Asked) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        let path = request.path.clone();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        let count = {
            let mut asked = asked.lock().unwrap();
            let all = asked.entry(path.to_owned()).or_default();
            all.push(request.clone());
            all.len()
        };
        let Some(answer) = answer(&request, path, query, count) else {
            return;
        };
        // Who asked may be gone.
        if stream.get_mut().write_all(&answer).is_err() || path == "/cut" {
            return;
        }
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Map::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().into());
    }
    let length = headers.get("content-length").and_then(Value::as_str);
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Request {
        method,
        path,
        headers,
        body,
    })
}

/// The bytes of an answer; `None`: the connection ends without.
fn answer(request: &Request, path: &str, query: &str, count: usize) -> Option<Vec<u8>> {
    let plain = |status: u16, headers: &str, body: &[u8]| {
        let body = if request.method == "HEAD" { &[] } else { body };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Told\r\n{headers}Content-Length: {length}\r\n\r\n");
        Some([head.as_bytes(), body].concat())
    };
    let number = |text: &str| -> u16 { text.parse().unwrap() };
    match path.split('/').nth(1).unwrap_or_default() {
        "echo" => {
            // What each backend says of its own connection is its affair.
            let own = ["host", "content-length", "connection"];
            let headers = request.headers.iter();
            let told: Map<_, _> = headers
                .filter(|(name, _)| !own.contains(&name.as_str()) && !name.starts_with("cf-"))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let body = String::from_utf8_lossy(&request.body);
            let told = json!({
                "method": request.method, "path": request.path, "headers": told, "body": body,
            });
            plain(200, "X-Told: yes\r\n", told.to_string().as_bytes())
        }
        "status" => plain(number(query), "", b"as asked"),
        // The first two are answered badly.
        "flaky" if count <= 2 => plain(503, "", b"not now"),
        "later" if count == 1 => plain(429, "Retry-After: 1\r\n", b"not now"),
        "much-later" => plain(503, "Retry-After: 4\r\n", b"not now"),
        "since" if count == 1 => plain(503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", b""),
        "until" => plain(503, "Retry-After: Tue, 06 Nov 2096 08:49:37 GMT\r\n", b""),
        "flaky" | "later" | "since" => plain(200, "", format!("{count}").as_bytes()),
        "large" => plain(200, "", &vec![b'x'; usize::from(number(query))]),
        "endless" => {
            let mut told = b"HTTP/1.1 200 Told\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for _ in 0..64 {
                told.extend_from_slice(b"400\r\n");
                told.extend_from_slice(&[b'x'; 0x400]);
                told.extend_from_slice(b"\r\n");
            }
            told.extend_from_slice(b"0\r\n\r\n");
            Some(told)
        }
        "to" => {
            let (status, location) = query.split_once('=').unwrap();
            plain(number(status), &format!("Location: {location}\r\n"), b"")
        }
        "slow" => {
            thread::sleep(Duration::from_millis(number(query).into()));
            plain(200, "", b"slow")
        }
        "broken" => None,
        "cut" => Some(b"HTTP/1.1 200 Told\r\nContent-Length: 100\r\n\r\ncut".to_vec()),
        "twice" => plain(
            200,
            "X-A: 1\r\nSet-Cookie: a=1\r\nX-A: 2\r\nSet-Cookie: b=2\r\n",
            b"",
        ),
        "zipped" => plain(200, "Content-Encoding: gzip\r\n", ZIPPED),
        "binary" => plain(200, "", b"\xff\xfe"),
        "number" => plain(200, "Content-Type: application/json\r\n", query.as_bytes()),
        _ => plain(404, "", b"nothing here"),
    }
}
