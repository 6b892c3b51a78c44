//! A plain blocking HTTP/1.1 client: one connection, bytes as given, nothing corrected on the way.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// One connection, kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header lines as sent, without their line ends.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects; reads and writes give up after 60 s.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        stream.set_write_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: address.to_string(),
        })
    }

    /// Sends raw bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The socket, to set its options.
    pub fn socket(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// The socket itself, without what was read ahead.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// What is read, with what was read ahead.
    pub(crate) fn stream(&mut self) -> &mut BufReader<TcpStream> {
        &mut self.stream
    }

    /// Reads a line of a response without end, or of a stream of events.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|_| invalid("a line is not UTF-8".to_owned()))
    }

    /// Reads one response. An end of the stream before it is `UnexpectedEof`.
    pub fn receive(&mut self) -> io::Result<Response> {
        let mut response = self.receive_head()?;
        if matches!(response.status, 204 | 304) {
            return Ok(response);
        }
        self.receive_body(&mut response)?;
        Ok(response)
    }

    /// Reads the head of a response: all there is of one to `HEAD`.
    fn receive_head(&mut self) -> io::Result<Response> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| invalid(format!("no status line: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            headers.push(line);
        }
        Ok(Response {
            status,
            headers,
            body: Vec::new(),
        })
    }

    fn receive_body(&mut self, response: &mut Response) -> io::Result<()> {
        if response
            .header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
        {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(&size, 16)
                    .map_err(|_| invalid(format!("chunk size {size:?}")))?;
                let start = response.body.len();
                response.body.resize(start + size, 0);
                self.stream.read_exact(&mut response.body[start..])?;
                self.line()?;
                if size == 0 {
                    return Ok(());
                }
            }
        }
        let length = response
            .header("content-length")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        response.body.resize(length, 0);
        self.stream.read_exact(&mut response.body)
    }

    /// One request and its response.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[u8],
    ) -> io::Result<Response> {
        let mut bytes = request(method, path, &self.host, headers, body);
        bytes.extend_from_slice(body);
        self.send(&bytes)?;
        if method == "HEAD" {
            return self.receive_head();
        }
        self.receive()
    }

    /// `GET path`.
    pub fn get(&mut self, path: &str) -> io::Result<Response> {
        self.request("GET", path, &[], &[])
    }

    /// One JSON-RPC call. The outer error is the connection's, the inner one the `error` of the answer.
    pub fn call(
        &mut self,
        object: &str,
        method: &str,
        params: &Value,
    ) -> io::Result<Result<Value, Value>> {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let path = format!("/{object}");
        let response = self.request(
            "POST",
            &path,
            &["Content-Type: application/json"],
            message.to_string().as_bytes(),
        )?;
        let mut answer = response.json()?;
        if let Some(error) = answer.get_mut("error") {
            return Ok(Err(error.take()));
        }
        match answer.get_mut("result") {
            Some(result) => Ok(Ok(result.take())),
            None => Err(invalid(format!(
                "status {}, neither result nor error: {answer}",
                response.status
            ))),
        }
    }
}

/// The head of a request with its body's length.
pub fn request(method: &str, path: &str, host: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    if !body.is_empty() || method == "POST" {
        // Writing to a `String` cannot fail.
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    head.into_bytes()
}

impl Response {
    /// A header's value; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub fn json(&self) -> io::Result<Value> {
        serde_json::from_slice(&self.body).map_err(|fault| {
            invalid(format!(
                "status {}, body {:?}: {fault}",
                self.status,
                self.text()
            ))
        })
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
