//! An event as it is sent: whatever its name, its data and its rooms are, it is the JSON of just these.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use stayput::socket::EventPacket;

fuzz_target!(|parts: Vec<String>| {
    let [name, data, rooms @ ..] = &parts[..] else {
        return;
    };
    let rooms: Vec<Arc<str>> = rooms.iter().map(|room| room.as_str().into()).collect();
    let cursor = (parts.len() % 2 == 0).then(|| "0a-7".to_owned());
    let text = json!(data).to_string();
    let packet = EventPacket::placed(name.as_str().into(), text.into(), cursor.clone(), rooms.clone());
    let sent: Value = serde_json::from_slice(packet.notification(Into::into)).expect("JSON");
    let mut params = json!({ "event": name, "data": data });
    if !rooms.is_empty() {
        params["rooms"] = json!(rooms.iter().map(|room| &**room).collect::<Vec<_>>());
    }
    if let Some(cursor) = cursor {
        params["cursor"] = json!(cursor);
    }
    assert_eq!(sent, json!({ "jsonrpc": "2.0", "method": "event", "params": params }));
    // A name of ours has no line break, and nothing else can end a line of a stream.
    if !name.contains(['\n', '\r']) && !name.is_empty() {
        let stream = String::from_utf8(packet.stream().to_vec()).expect("text");
        let data = stream.lines().find_map(|line| line.strip_prefix("data: "));
        assert_eq!(data.map(serde_json::from_str::<String>).map(Result::unwrap).as_deref(), Some(&**data_of(&parts)));
    }
});

fn data_of(parts: &[String]) -> &String {
    &parts[1]
}
