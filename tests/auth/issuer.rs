//! An issuer that publishes its keys, counts who asks for them, and replaces them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use ring::signature::Ed25519KeyPair;
use serde_json::json;

use crate::place::Place;
use crate::tokens::{Keys, ed_key, eddsa, with};

/// A small HTTP server on this machine.
pub(crate) struct Issuer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    set: String,
    /// What it was asked for.
    asked: Vec<String>,
}

impl Issuer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().and_then(Result::ok).unwrap_or_default();
                while lines
                    .next()
                    .and_then(Result::ok)
                    .is_some_and(|line| !line.is_empty())
                {}
                let mut state = shared.lock().unwrap();
                state.asked.push(first);
                let body = &state.set;
                let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json";
                // Who asked may be gone.
                let _ = write!(
                    stream,
                    "{head}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/keys.json", self.address)
    }

    /// How often it was asked for anything.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }

    pub(crate) fn publish(&self, keys: &[(&str, &Ed25519KeyPair)]) {
        let keys: Vec<_> = keys.iter().map(|(id, key)| ed_key(id, key)).collect();
        self.publish_text(&json!({ "keys": keys }).to_string());
    }

    pub(crate) fn publish_text(&self, text: &str) {
        text.clone_into(&mut self.state.lock().unwrap().set);
    }
}

/// Keys are fetched when the first token comes, and once more for one that is not known; after that not for a minute,
/// whatever comes.
pub(crate) fn keys_are_replaced(place: &Place, keys: &Keys, issuer: &Issuer) {
    let name = place.name;
    let mut connection = place.server.connect();
    let mut status = |id: &str, key: &Ed25519KeyPair| {
        let header = json!({ "alg": "EdDSA", "kid": id });
        let token = eddsa(
            key,
            &header,
            &with(json!({ "iss": "https://rotating.example" })),
        );
        let bearer = format!("Authorization: Bearer {token}");
        let headers = ["Content-Type: application/json", &bearer];
        connection
            .request("POST", "/vault/rotating/whoami", &headers, b"{}")
            .unwrap()
            .status
    };
    let before = issuer.asked();
    issuer.publish(&[("k1", &keys.ed)]);
    assert_eq!(status("k1", &keys.ed), 200, "{name}: the first key");
    assert_eq!(status("k1", &keys.ed), 200, "{name}: the first key again");
    assert_eq!(issuer.asked(), before + 1, "{name}: the first fetch");
    issuer.publish(&[("k1", &keys.ed), ("k2", &keys.stranger)]);
    // It was fetched less than a minute ago.
    assert_eq!(
        status("k2", &keys.stranger),
        401,
        "{name}: a key that came since"
    );
    assert_eq!(
        status("k1", &keys.ed),
        200,
        "{name}: the first key once more"
    );
    assert_eq!(issuer.asked(), before + 1, "{name}: fetched again too soon");
}
