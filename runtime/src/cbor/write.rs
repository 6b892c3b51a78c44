//! From JSON text to CBOR, by the rules of RFC 8949, 4.2.1: the shortest form of everything, definite lengths, the members of
//! maps in the order of their encoded keys. The same value has the same bytes.

use minicbor::encode::Encoder;

use super::half::to_half;
use crate::order::sort_by;

/// `null`.
pub(super) const NULL: u8 = 0xf6;
/// What a float of 16 bits begins with.
const HALF: u8 = 0xf9;

/// The CBOR of a JSON text; `None` if it is none. Of members that stand twice the last one is written.
pub(crate) fn from_json(json: &[u8]) -> Option<Vec<u8>> {
    let mut writer = Writer {
        json,
        at: 0,
        cbor: Vec::with_capacity(json.len()),
        open: Vec::new(),
    };
    writer.values()?;
    writer.skip_blanks();
    (writer.at == json.len()).then_some(writer.cbor)
}

struct Writer<'a> {
    json: &'a [u8],
    at: usize,
    cbor: Vec<u8>,
    /// The arrays and maps around what is read: no recursion, for results may be as deep as they like.
    open: Vec<Open>,
}

/// An array or map that has begun. How many items it has is known at its end, so its head is put in there.
struct Open {
    start: usize,
    items: u64,
    /// Those of a map.
    members: Option<Vec<Member>>,
}

/// Where a member begins, and where its key ends.
struct Member {
    start: usize,
    key_end: usize,
}

impl Writer<'_> {
    /// One value, with all that is in it.
    fn values(&mut self) -> Option<()> {
        loop {
            if self.begin()? && self.follow()? {
                return Some(());
            }
        }
    }

    /// Reads what a value begins with. Whether that was all of it.
    fn begin(&mut self) -> Option<bool> {
        match self.peek()? {
            b'"' => self.string()?,
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b't' => self.literal(b"true", 0xf5)?,
            b'f' => self.literal(b"false", 0xf4)?,
            b'n' => self.literal(b"null", NULL)?,
            _ => self.number()?,
        }
        Some(true)
    }

    fn open(&mut self, is_map: bool) -> Option<bool> {
        self.at += 1;
        self.open.push(Open {
            start: self.cbor.len(),
            items: 0,
            members: is_map.then(Vec::new),
        });
        if self.peek()? == if is_map { b'}' } else { b']' } {
            self.at += 1;
            self.close()?;
            return Some(true);
        }
        self.key()?;
        Some(false)
    }

    /// Reads what follows a value, and ends what ends with it. Whether nothing is open any more.
    fn follow(&mut self) -> Option<bool> {
        loop {
            let Some(open) = self.open.last_mut() else {
                return Some(true);
            };
            open.items += 1;
            let end = if open.members.is_some() { b'}' } else { b']' };
            let next = self.peek()?;
            self.at += 1;
            if next == b',' {
                self.key()?;
                return Some(false);
            }
            if next != end {
                return None;
            }
            self.close()?;
        }
    }

    /// Reads the key of a member, if it is a map that is open.
    fn key(&mut self) -> Option<()> {
        if self.open.last()?.members.is_none() {
            return Some(());
        }
        let start = self.cbor.len();
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        let key_end = self.cbor.len();
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        let members = self.open.last_mut()?.members.as_mut()?;
        members.push(Member { start, key_end });
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let Open {
            start,
            items,
            members,
        } = self.open.pop()?;
        let mut head = Vec::with_capacity(9);
        match members {
            None => {
                encoder(&mut head).array(items).ok()?;
                self.cbor.splice(start..start, head);
            }
            Some(members) => {
                let sorted = sorted(self.cbor.get(start..)?, start, members)?;
                encoder(&mut head).map(sorted.len() as u64).ok()?;
                let body = sorted.concat();
                self.cbor.truncate(start);
                self.cbor.extend_from_slice(&head);
                self.cbor.extend_from_slice(&body);
            }
        }
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        loop {
            match self.json.get(self.at)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        self.at += 1;
        let quoted = str::from_utf8(self.json.get(start..self.at)?).ok()?;
        let cbor = encoder(&mut self.cbor);
        if escaped {
            let text: String = serde_json::from_str(quoted).ok()?;
            string(cbor, &text)
        } else {
            string(cbor, quoted.get(1..quoted.len() - 1)?)
        }
    }

    fn number(&mut self) -> Option<()> {
        let rest = self.json.get(self.at..)?;
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let len = rest.iter().take_while(|byte| is_part(byte)).count();
        self.at += len;
        let text = str::from_utf8(rest.get(..len)?).ok()?;
        // An integer has no sign without a value, as a float has.
        if !text.contains(['.', 'e', 'E']) && text != "-0" {
            if let Ok(value) = text.parse() {
                return encoder(&mut self.cbor).i128(value).ok().map(drop);
            }
            if let Ok(value) = text.parse() {
                return encoder(&mut self.cbor).u128(value).ok().map(drop);
            }
        }
        // By what reads floats everywhere here: the standard library has tables of its own.
        float(&mut self.cbor, serde_json::from_str(text).ok()?)
    }

    fn literal(&mut self, word: &[u8], byte: u8) -> Option<()> {
        self.json.get(self.at..)?.strip_prefix(word)?;
        self.at += word.len();
        self.cbor.push(byte);
        Some(())
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.json.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.json.get(self.at) {
            self.at += 1;
        }
    }
}

fn encoder(cbor: &mut Vec<u8>) -> Encoder<&mut Vec<u8>> {
    Encoder::new(cbor)
}

fn string(mut cbor: Encoder<&mut Vec<u8>>, text: &str) -> Option<()> {
    cbor.str(text).ok().map(drop)
}

/// The shortest of the three forms that holds it.
fn float(cbor: &mut Vec<u8>, value: f64) -> Option<()> {
    if let Some(bits) = to_half(value) {
        cbor.push(HALF);
        cbor.extend_from_slice(&bits.to_be_bytes());
        return Some(());
    }
    #[expect(clippy::cast_possible_truncation, reason = "what is lost is looked at")]
    let single = value as f32;
    if f64::from(single).to_bits() == value.to_bits() {
        encoder(cbor).f32(single).ok().map(drop)
    } else {
        encoder(cbor).f64(value).ok().map(drop)
    }
}

/// The members of a map, which begins at `base`, in their order.
fn sorted(map: &[u8], base: usize, mut members: Vec<Member>) -> Option<Vec<&[u8]>> {
    let mut ends: Vec<usize> = members.iter().skip(1).map(|next| next.start).collect();
    ends.push(base + map.len());
    let mut all = Vec::with_capacity(members.len());
    for (Member { start, key_end }, end) in members.drain(..).zip(ends) {
        let member = map.get(start - base..end - base)?;
        all.push((member.get(..key_end - start)?, member));
    }
    sort_by(&mut all, |one, other| one.0.cmp(other.0));
    let mut sorted: Vec<(&[u8], &[u8])> = Vec::with_capacity(all.len());
    for (key, member) in all {
        match sorted.last_mut() {
            Some(last) if last.0 == key => last.1 = member,
            _ => sorted.push((key, member)),
        }
    }
    Some(sorted.into_iter().map(|(_, member)| member).collect())
}
