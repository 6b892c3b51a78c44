//! What is sent to connections, encoded once however many they are.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::frame::Frame;
use super::message::MessageForm;

/// Something to send; cheap to clone, and the same for every connection.
#[derive(Debug, Clone)]
pub enum Packet {
    /// An event.
    Event(Arc<EventPacket>),
    /// A raw frame.
    Frame(Frame),
}

/// An event on its way to clients. Each encoding is made when the first connection wants it.
#[derive(Debug)]
pub struct EventPacket {
    /// The wire name, mount included.
    pub name: Arc<str>,
    /// JSON text of its data.
    pub data: Bytes,
    /// Its place in the object's log, if it is kept there.
    pub cursor: Option<Box<str>>,
    /// The rooms that it was sent to, as the object or mixin calls them; none if it was sent everywhere.
    pub rooms: Vec<Arc<str>>,
    frame: OnceLock<Bytes>,
    binary: OnceLock<Bytes>,
    stream: OnceLock<Bytes>,
    message: OnceLock<Bytes>,
}

impl EventPacket {
    /// An event that nothing was encoded of yet.
    pub fn new(name: Arc<str>, data: Bytes) -> Arc<Self> {
        Self::placed(name, data, None, Vec::new())
    }

    /// One that has a place in the object's log, or was sent to some rooms.
    pub fn placed(
        name: Arc<str>,
        data: Bytes,
        cursor: Option<String>,
        rooms: Vec<Arc<str>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            data,
            cursor: cursor.map(String::into_boxed_str),
            rooms,
            frame: OnceLock::new(),
            binary: OnceLock::new(),
            stream: OnceLock::new(),
            message: OnceLock::new(),
        })
    }

    pub(super) fn place(&self) -> Option<String> {
        self.cursor.as_deref().map(str::to_owned)
    }

    /// The JSON-RPC notification, put into a frame of the transport by `wrap`, which must always be the same.
    pub fn notification(&self, wrap: impl FnOnce(Vec<u8>) -> Bytes) -> &Bytes {
        self.frame.get_or_init(|| wrap(self.text()))
    }

    /// The same for connections whose messages are in the app's binary form, which `wrap` makes.
    pub fn binary(&self, wrap: impl FnOnce(Vec<u8>) -> Bytes) -> &Bytes {
        self.binary.get_or_init(|| wrap(self.text()))
    }

    /// The same for connections that speak in messages by type, which `wrap` makes.
    pub fn message(&self, form: &MessageForm, wrap: impl FnOnce(Vec<u8>) -> Bytes) -> &Bytes {
        self.message
            .get_or_init(|| wrap(form.event(&self.name, &self.data, &self.rooms)))
    }

    fn text(&self) -> Vec<u8> {
        let name = json_string(&self.name);
        let mut text = Vec::with_capacity(80 + name.len() + self.data.len());
        text.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":{\"event\":");
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(b",\"data\":");
        text.extend_from_slice(&self.data);
        if !self.rooms.is_empty() {
            text.extend_from_slice(b",\"rooms\":");
            text.extend_from_slice(json_list(&self.rooms).as_bytes());
        }
        if let Some(cursor) = &self.cursor {
            // Digits and a dash.
            text.extend_from_slice(b",\"cursor\":\"");
            text.extend_from_slice(cursor.as_bytes());
            text.push(b'"');
        }
        text.extend_from_slice(b"}}");
        text
    }

    /// The event as part of a stream of Server-Sent Events. JSON text of ours has no line breaks.
    pub fn stream(&self) -> &Bytes {
        self.stream.get_or_init(|| {
            let mut text = Vec::with_capacity(64 + self.name.len() + self.data.len());
            if let Some(cursor) = &self.cursor {
                text.extend_from_slice(b"id: ");
                text.extend_from_slice(cursor.as_bytes());
                text.push(b'\n');
            }
            if self.name.is_empty() {
                // No event: the reader only learns where it is, and where to go on if nothing else comes.
                text.push(b'\n');
                return text.into();
            }
            text.extend_from_slice(b"event: ");
            text.extend_from_slice(self.name.as_bytes());
            if !self.rooms.is_empty() {
                // Readers leave out fields that they do not know.
                text.extend_from_slice(b"\nrooms: ");
                text.extend_from_slice(json_list(&self.rooms).as_bytes());
            }
            text.extend_from_slice(b"\ndata: ");
            text.extend_from_slice(&self.data);
            text.extend_from_slice(b"\n\n");
            text.into()
        })
    }
}

/// The rooms of a mixin by the names that it gave them, without its mount.
pub(crate) fn own_names(mount: &str, rooms: &[Arc<str>]) -> Vec<Arc<str>> {
    let own = |room: &Arc<str>| {
        let rest = room
            .strip_prefix(mount)
            .and_then(|rest| rest.strip_prefix('.'));
        rest.filter(|_| !mount.is_empty())
            .map_or_else(|| room.clone(), Arc::from)
    };
    rooms.iter().map(own).collect()
}

pub(super) fn json_string(text: &str) -> String {
    // A string always encodes.
    serde_json::to_string(text).unwrap_or_default()
}

pub(super) fn json_list(texts: &[Arc<str>]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| json_string(text)).collect();
    format!("[{}]", texts.join(","))
}

/// A text as data of a stream of Server-Sent Events, however many lines it has.
pub fn stream_text(text: &str) -> Bytes {
    let mut out = String::with_capacity(text.len() + 16);
    // What ends a line there: CR LF, LF, CR.
    for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_encoded_once_for_each_kind_of_connection() {
        let packet = EventPacket::new("a:\"b\"".into(), Bytes::from_static(b"{\"id\":7}"));
        let mut wrapped = 0;
        for _ in 0..2 {
            let text = packet.notification(|text| {
                wrapped += 1;
                text.into()
            });
            assert_eq!(
                text,
                &br#"{"jsonrpc":"2.0","method":"event","params":{"event":"a:\"b\"","data":{"id":7}}}"#[..]
            );
        }
        assert_eq!(wrapped, 1);
        let packet = EventPacket::new("said".into(), Bytes::from_static(b"7"));
        assert_eq!(packet.stream(), &b"event: said\ndata: 7\n\n"[..]);
        assert_eq!(packet.stream().as_ptr(), packet.stream().as_ptr());
    }

    #[test]
    fn an_event_of_rooms_tells_them() {
        let rooms = ["bar.red", "bar.a\"b"].map(Arc::from);
        let packet = EventPacket::placed(
            "bar.said".into(),
            Bytes::from_static(b"7"),
            Some("0a-3".to_owned()),
            own_names("bar", &rooms),
        );
        assert_eq!(
            packet.notification(Into::into),
            &br#"{"jsonrpc":"2.0","method":"event","params":{"event":"bar.said","data":7,"rooms":["red","a\"b"],"cursor":"0a-3"}}"#[..]
        );
        assert_eq!(
            packet.stream(),
            &b"id: 0a-3\nevent: bar.said\nrooms: [\"red\",\"a\\\"b\"]\ndata: 7\n\n"[..]
        );
        assert_eq!(own_names("", &rooms), rooms);
        assert_eq!(own_names("ba", &rooms), rooms);
    }

    #[test]
    fn no_text_breaks_out_of_its_message() {
        assert_eq!(
            stream_text("a\r\nevent: x\r\rb\n"),
            &b"data: a\ndata: event: x\ndata: \ndata: b\ndata: \n\n"[..]
        );
    }
}
