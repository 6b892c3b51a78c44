//! How calls travel between two wasm instances: as text, one field after the other.
//!
//! Every call is written once and read once, so its form is the quickest to write and to read, not one that explains itself:
//! numbers in decimal, each with a space behind it, and texts behind their length in bytes. What is there is said by
//! [`flag`]s. What is left at the end are the parameters.

use std::sync::Arc;

use bytes::Bytes;

use crate::action::InUrl;
use crate::auth;
use crate::object::{
    Caller, CallerKind, Chain, Envelope, Link, Mode, ObjectId, Root, Target, Timestamp,
};
use crate::time::Owed;

/// The version of the form. During a deployment old and new instances may talk to each other, and Workers of other apps for
/// longer.
const VERSION: u64 = 2;

/// Params and results up to this length travel as text: bytes cost the platform's serializer 20 to 40 microseconds more,
/// of the 190 that a call takes at least (measured on `workerd` 1.20261117), and longer texts cost more to convert.
const MAX_TEXT: usize = 16 << 10;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Packed {
    /// All of it but for params that are no short text.
    pub(super) text: String,
    /// Those.
    pub(super) params: Option<Bytes>,
}

/// What a call has that not every one has.
mod flag {
    pub(super) const READ_ONLY: u64 = 1;
    pub(super) const NAME: u64 = 1 << 1;
    pub(super) const CONNECTION: u64 = 1 << 2;
    pub(super) const KEY: u64 = 1 << 3;
    pub(super) const RUN: u64 = 1 << 4;
    pub(super) const SEND: u64 = 1 << 5;
    pub(super) const IP: u64 = 1 << 6;
    pub(super) const EXPIRES: u64 = 1 << 7;
    /// Newer ones.
    pub(super) const UNKNOWN: u64 = !0 << 8;
}

/// The text of a short result; bytes that are none, or long, travel as they are.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    (bytes.len() <= MAX_TEXT)
        .then(|| str::from_utf8(bytes).ok())
        .flatten()
}

/// The form of a call.
pub(super) fn pack(envelope: &Envelope) -> Packed {
    let (target, caller, chain) = (&envelope.target, &*envelope.caller, &envelope.chain);
    let params = as_text(&envelope.params);
    let length = params.map_or(0, str::len);
    let mut out = Writer(String::with_capacity(256 + length));
    let flags = [
        (flag::READ_ONLY, envelope.read_only),
        (flag::NAME, target.name.is_some()),
        (flag::CONNECTION, envelope.connection.is_some()),
        (flag::KEY, envelope.key.is_some()),
        (flag::RUN, matches!(envelope.owed, Some(Owed::Run { .. }))),
        (flag::SEND, matches!(envelope.owed, Some(Owed::Send { .. }))),
        (flag::IP, caller.ip.is_some()),
        (flag::EXPIRES, caller.expires.is_some()),
    ];
    out.number(VERSION);
    out.number(flags.iter().map(|(flag, set)| flag * u64::from(*set)).sum());
    out.text(&envelope.request_id);
    out.text(&envelope.action);
    out.number(envelope.in_url.bits().into());
    out.time(envelope.deadline);
    out.time(chain.root.started);
    out.number(chain.root.nonce);
    out.list(&chain.links, |out, link| {
        out.text(&link.object.to_string());
        out.number(match link.mode {
            Mode::Read => 0,
            Mode::Write => 1,
            Mode::Free => 2,
        });
    });
    out.number(match caller.kind {
        CallerKind::Anonymous => 0,
        CallerKind::User => 1,
        CallerKind::Developer => 2,
        CallerKind::System => 3,
    });
    out.text(&caller.subject);
    out.list(&caller.scopes, |out, scope| out.text(scope));
    if let Some(ip) = &caller.ip {
        out.text(&ip.to_string());
    }
    if let Some(expires) = caller.expires {
        out.time(expires);
    }
    if let Some(name) = &target.name {
        out.text(name);
    }
    if let Some(connection) = envelope.connection {
        out.text(&connection.to_string());
    }
    if let Some(key) = &envelope.key {
        out.text(key);
    }
    match &envelope.owed {
        Some(Owed::Run { schedule, due }) => {
            out.text(schedule);
            out.time(*due);
        }
        Some(Owed::Send { from, life, number }) => {
            out.text(from);
            out.time(*life);
            out.number(*number);
        }
        None => {}
    }
    out.0.push_str(params.unwrap_or_default());
    Packed {
        text: out.0,
        params: params.is_none().then(|| envelope.params.clone()),
    }
}

/// The call of the object with this class path and id: its text, and its params if they are not in it.
pub(super) fn unpack(
    (class, id): (&Arc<str>, ObjectId),
    text: String,
    params: Option<Vec<u8>>,
) -> Result<Envelope, String> {
    let mut from = Reader(&text);
    let version = from.number();
    if version != Some(VERSION) {
        let version = version.map_or("another version".to_owned(), |it| format!("version {it}"));
        return Err(format!(
            "a call in the form of {version}, this Worker reads version {VERSION}"
        ));
    }
    let name = None;
    let target = Target {
        class: class.clone(),
        id,
        name,
    };
    let mut envelope = read(&mut from, target).ok_or("a call that cannot be read")?;
    envelope.params = if let Some(params) = params {
        params.into()
    } else {
        let at = text.len() - from.0.len();
        Bytes::from(text).slice(at..)
    };
    Ok(envelope)
}

/// All but the params.
fn read(from: &mut Reader<'_>, target: Target) -> Option<Envelope> {
    let flags = from.number()?;
    if flags & flag::UNKNOWN != 0 {
        return None;
    }
    let has = |flag: u64| flags & flag != 0;
    let request_id = from.text()?.into();
    let action = from.text()?.into();
    let in_url = InUrl::from_bits(u16::try_from(from.number()?).ok()?);
    let deadline = from.time()?;
    let root = Root {
        started: from.time()?,
        nonce: from.number()?,
    };
    let links = from.list(|from| {
        Some(Link {
            object: from.text()?.parse().ok()?,
            mode: match from.number()? {
                0 => Mode::Read,
                1 => Mode::Write,
                2 => Mode::Free,
                _ => return None,
            },
        })
    })?;
    let kind = match from.number()? {
        0 => CallerKind::Anonymous,
        1 => CallerKind::User,
        2 => CallerKind::Developer,
        3 => CallerKind::System,
        _ => return None,
    };
    let mut caller = Caller {
        subject: from.text()?.to_owned(),
        scopes: from.list(|from| Some(from.text()?.to_owned()))?,
        kind,
        ip: None,
        expires: None,
    };
    if has(flag::IP) {
        caller.ip = Some(auth::address(from.text()?)?);
    }
    if has(flag::EXPIRES) {
        caller.expires = Some(from.time()?);
    }
    let mut envelope = Envelope {
        request_id,
        target,
        action,
        params: Bytes::new(),
        in_url,
        deadline,
        chain: Chain {
            root,
            links: links.into(),
        },
        caller: caller.into(),
        read_only: has(flag::READ_ONLY),
        near: None,
        connection: None,
        key: None,
        stream: None,
        owed: None,
    };
    if has(flag::NAME) {
        envelope.target.name = Some(from.text()?.into());
    }
    if has(flag::CONNECTION) {
        envelope.connection = Some(from.text()?.parse().ok()?);
    }
    if has(flag::KEY) {
        envelope.key = Some(from.text()?.into());
    }
    if has(flag::RUN) {
        envelope.owed = Some(Owed::Run {
            schedule: from.text()?.into(),
            due: from.time()?,
        });
    }
    if has(flag::SEND) {
        envelope.owed = Some(Owed::Send {
            from: from.text()?.into(),
            life: from.time()?,
            number: from.number()?,
        });
    }
    Some(envelope)
}

struct Writer(String);

impl Writer {
    fn number(&mut self, mut number: u64) {
        let mut digits = [b' '; 21];
        let mut at = 20;
        loop {
            at -= 1;
            digits[at] = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.0
            .push_str(str::from_utf8(&digits[at..]).unwrap_or_default());
    }

    fn time(&mut self, time: Timestamp) {
        self.number(time.as_millis().cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.push_str(text);
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }
}

/// What has not been read yet. Nothing where there is not what there should be.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for (at, byte) in self.0.bytes().enumerate() {
            match byte {
                b' ' if at > 0 => {
                    self.0 = &self.0[at + 1..];
                    return Some(number);
                }
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    number = number.checked_mul(10)?.checked_add(digit)?;
                }
                _ => return None,
            }
        }
        None
    }

    fn time(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_millis(self.number()?.cast_signed()))
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()?;
        // Said by whoever sent it: memory is taken for what is there.
        (0..length).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::IdKey;
    use crate::socket::ConnectionId;

    fn envelope() -> Envelope {
        let id = IdKey::new("key").named("a");
        Envelope {
            request_id: "r-1".into(),
            target: Target {
                class: "chat-room".into(),
                id,
                name: Some("\u{0} \"ä\"".into()),
            },
            action: "say".into(),
            params: Bytes::from_static(b"{\"text\":1.0}"),
            in_url: InUrl::ALL,
            deadline: Timestamp::from_millis(1_700_000_000_123),
            chain: Chain {
                root: Root {
                    started: Timestamp::from_millis(5),
                    nonce: u64::MAX,
                },
                links: Arc::from([]),
            }
            .with(id, Mode::Write)
            .with(id, Mode::Free),
            caller: Arc::new(Caller {
                scopes: vec!["a:b".to_owned()],
                expires: Some(Timestamp::from_millis(1_800_000_000_000)),
                ip: Some(std::net::IpAddr::from([192, 0, 2, 1])),
                ..Caller::user("ann")
            }),
            read_only: true,
            near: None,
            connection: Some(ConnectionId::from_random([7; 16])),
            key: Some("order-7".into()),
            stream: None,
            owed: Some(Owed::Send {
                from: "order/1".into(),
                life: Timestamp::from_millis(7),
                number: u64::MAX,
            }),
        }
    }

    #[test]
    fn an_envelope_arrives_as_it_was() {
        let sent = envelope();
        let got = sent_over(&sent);
        assert_eq!(format!("{got:?}"), format!("{sent:?}"));
        assert_eq!(got.target, sent.target);
        assert_eq!(got.chain.root, sent.chain.root);
    }

    fn sent_over(sent: &Envelope) -> Envelope {
        let Packed { text, params } = pack(sent);
        let Target { class, id, .. } = &sent.target;
        unpack((class, *id), text, params.map(|params| params.to_vec())).unwrap()
    }

    #[test]
    fn params_arrive_as_they_were_whether_as_text_or_as_bytes() {
        let long = vec![b' '; MAX_TEXT + 1];
        let cases: [(&[u8], bool); 6] = [
            (b"", true),
            (b"\n\n{\"a\":\n1}\n", true),
            ("\u{feff}\u{0}ä\u{1f600}".as_bytes(), true),
            (&long[..MAX_TEXT], true),
            (&long, false),
            (b"{\"a\":\"\xff\"}", false),
        ];
        for (params, as_text) in cases {
            let sent = Envelope {
                params: Bytes::copy_from_slice(params),
                ..envelope()
            };
            assert_eq!(pack(&sent).params.is_none(), as_text);
            assert_eq!(sent_over(&sent).params, params);
        }
    }

    #[test]
    fn another_version_is_refused_by_number() {
        let sent = envelope();
        let Target { class, id, .. } = &sent.target;
        let Packed { text, .. } = pack(&sent);
        let text = text.replacen("2 ", "3 ", 1);
        let refused = unpack((class, *id), text, None).unwrap_err();
        assert!(refused.contains("version 3"), "{refused}");
        // What version 1 was.
        let refused = unpack((class, *id), "{\"v\":1}".to_owned(), None).unwrap_err();
        assert!(refused.contains("another version"), "{refused}");
    }

    #[test]
    fn what_was_cut_or_is_no_call_is_refused() {
        let sent = envelope();
        let Target { class, id, .. } = &sent.target;
        let whole = pack(&sent).text;
        let params = whole.len() - sent.params.len();
        for end in (0..params).filter(|end| whole.is_char_boundary(*end)) {
            let cut = whole[..end].to_owned();
            assert!(unpack((class, *id), cut, None).is_err(), "{end}");
        }
        for text in [
            "2 256 ",
            "2 0 99999999999999999999 ",
            "2 0 3 ab",
            "2 0 -1 ",
            "2  ",
        ] {
            assert!(
                unpack((class, *id), text.to_owned(), None).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn whatever_a_call_has_or_not_arrives() {
        for owed in [
            None,
            Some(Owed::Run {
                schedule: "nightly".into(),
                due: Timestamp::from_millis(9),
            }),
        ] {
            let mut sent = envelope();
            sent.owed = owed;
            for without in 0..5 {
                match without {
                    0 => sent.target.name = None,
                    1 => sent.connection = None,
                    2 => sent.key = None,
                    3 => sent.caller = Caller::anonymous().into(),
                    _ => sent.chain.links = Arc::default(),
                }
                assert_eq!(format!("{:?}", sent_over(&sent)), format!("{sent:?}"));
            }
        }
    }
}
