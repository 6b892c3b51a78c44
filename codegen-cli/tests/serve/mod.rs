//! A server that answers each request with what it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// Answers one connection for each of `answers` (a whole HTTP answer each); the requests come over the channel.
pub(crate) fn serve(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, requests) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read(&mut stream);
            // First: whoever has the answer may look.
            let _ = seen.send(request);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, requests)
}

/// An HTTP answer.
pub(crate) fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn read(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut text = String::new();
    let mut length = 0;
    loop {
        let start = text.len();
        if reader.read_line(&mut text).unwrap() == 0 || text[start..].trim().is_empty() {
            break;
        }
        if let Some(value) = text[start..]
            .to_ascii_lowercase()
            .strip_prefix("content-length:")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text.push_str(&String::from_utf8(body).unwrap());
    text
}
