//! A plain blocking WebSocket client (RFC 6455): frames as given, right or wrong, and nothing answered by itself.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Connection, Response};

/// One connection, upgraded.
#[derive(Debug)]
pub struct WebSocket {
    connection: Connection,
}

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A whole text message.
    Text(String),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// Good-bye: its code, if it says one, and its reason.
    Close(Option<u16>, String),
}

/// Opcodes, with the bit that says that a message ends with this frame.
pub const TEXT: u8 = 0x81;
/// See [`TEXT`].
pub const BINARY: u8 = 0x82;
/// See [`TEXT`].
pub const CLOSE: u8 = 0x88;
/// See [`TEXT`].
pub const PING: u8 = 0x89;
/// See [`TEXT`].
pub const PONG: u8 = 0x8a;

impl WebSocket {
    /// Connects to `class/name`.
    pub fn open(address: SocketAddr, object: &str) -> io::Result<Self> {
        Self::upgrade(Connection::open(address)?, object)
    }

    /// Connects to `class/name` with further headers.
    pub fn open_with(address: SocketAddr, object: &str, headers: &[&str]) -> io::Result<Self> {
        Self::upgrade_with(Connection::open(address)?, object, headers).map(|(socket, _)| socket)
    }

    /// Makes a WebSocket of a connection.
    pub fn upgrade(connection: Connection, object: &str) -> io::Result<Self> {
        Self::upgrade_with(connection, object, &[]).map(|(socket, _)| socket)
    }

    /// The same with further headers; also gives the response that opened it.
    pub fn upgrade_with(
        mut connection: Connection,
        object: &str,
        more: &[&str],
    ) -> io::Result<(Self, Response)> {
        let mut headers = vec![
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: c3RheXB1dCBzdGF5cHV0IQ==",
        ];
        headers.extend(more);
        let response = connection.request("GET", &format!("/{object}"), &headers, &[])?;
        if response.status == 101 {
            return Ok((Self { connection }, response));
        }
        Err(io::Error::other(format!(
            "refused with {}: {}",
            response.status,
            response.text()
        )))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.send(bytes)
    }

    /// Sends a text message.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.send(&frame(TEXT, text.as_bytes()))
    }

    /// The socket, to set its options.
    pub fn socket(&self) -> &TcpStream {
        self.connection.socket()
    }

    /// The socket itself. What was read ahead is lost: nothing is, right after an answer that was waited for.
    pub fn into_stream(self) -> TcpStream {
        self.connection.into_stream()
    }

    /// How long to wait for bytes.
    pub fn patience(&self, limit: Duration) -> io::Result<()> {
        self.socket().set_read_timeout(Some(limit))
    }

    /// The next frame. An end of the stream before it is `UnexpectedEof`.
    pub fn receive(&mut self) -> io::Result<Frame> {
        let mut payload = Vec::new();
        let first = self.receive_into(&mut payload)?;
        Ok(match first {
            TEXT => Frame::Text(text(payload)?),
            BINARY => Frame::Binary(payload),
            PING => Frame::Ping(payload),
            PONG => Frame::Pong(payload),
            CLOSE => match payload.split_first_chunk() {
                None if payload.is_empty() => Frame::Close(None, String::new()),
                None => return Err(invalid("a close frame of one byte".to_owned())),
                Some((code, reason)) => {
                    Frame::Close(Some(u16::from_be_bytes(*code)), text(reason.to_vec())?)
                }
            },
            other => return Err(invalid(format!("a frame that begins with {other:#x}"))),
        })
    }

    /// Reads the payload of the next frame into a buffer; answers the frame's first byte.
    pub fn receive_into(&mut self, payload: &mut Vec<u8>) -> io::Result<u8> {
        let mut head = [0; 2];
        let stream = self.connection.stream();
        stream.read_exact(&mut head)?;
        let [first, second] = head;
        if second & 0x80 != 0 {
            return Err(invalid("a server's frame is masked".to_owned()));
        }
        let len = match second {
            126 => {
                let mut long = [0; 2];
                stream.read_exact(&mut long)?;
                u64::from(u16::from_be_bytes(long))
            }
            127 => {
                let mut long = [0; 8];
                stream.read_exact(&mut long)?;
                u64::from_be_bytes(long)
            }
            short => u64::from(short),
        };
        payload.clear();
        payload.resize(usize::try_from(len).map_err(io::Error::other)?, 0);
        stream.read_exact(payload)?;
        Ok(first)
    }

    /// The next text message, read as JSON. Pings are answered.
    pub fn json(&mut self) -> io::Result<Value> {
        loop {
            match self.receive()? {
                Frame::Text(text) => return Ok(serde_json::from_str(&text)?),
                Frame::Ping(payload) => self.send(&frame(PONG, &payload))?,
                Frame::Pong(_) => {}
                other => return Err(invalid(format!("{other:?} instead of JSON"))),
            }
        }
    }

    /// Calls and waits for the answer; nothing else may come before it.
    pub fn call(&mut self, method: &str, params: &Value) -> io::Result<Value> {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.text(&message.to_string())?;
        let mut answer = self.json()?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(invalid(format!("{method}: {answer}"))),
        }
    }
}

/// A frame of a client, which has a mask: one that changes nothing, so that what is sent can be read.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let len = payload.len();
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ 0..126), _) => bytes.push(0x80 | short),
        (_, Ok(long)) => {
            bytes.push(0xfe);
            bytes.extend(long.to_be_bytes());
        }
        _ => {
            bytes.push(0xff);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| invalid("text that is no UTF-8".to_owned()))
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
