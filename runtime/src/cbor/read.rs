//! From CBOR to JSON text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

use super::half::from_half;
use super::{Fault, What};
use crate::hex::hex;
use crate::rpc::MAX_JSON_DEPTH;

/// The JSON text of one CBOR value: of none, nothing.
///
/// It is at most six times as long as the input, and no length that the input claims is believed.
pub(crate) fn to_json(cbor: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader {
        cbor: Decoder::new(cbor),
        json: Vec::with_capacity(cbor.len().saturating_mul(2)),
        bytes: BytesAs::Numbers,
    };
    if !cbor.is_empty() {
        reader.value(0)?;
    }
    let at = reader.cbor.position();
    if at < cbor.len() {
        let what = What::Trailing;
        return Err(Fault { at, what });
    }
    Ok(reader.json)
}

struct Reader<'a> {
    cbor: Decoder<'a>,
    json: Vec<u8>,
    bytes: BytesAs,
}

/// What byte strings become.
#[derive(Clone, Copy)]
enum BytesAs {
    /// An array of numbers: as `Vec<u8>` is written.
    Numbers,
    Base64Url,
    Base64,
    Hex,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        let at = self.cbor.position();
        match self.datatype()? {
            Type::Bool => {
                let value = self.cbor.bool();
                let value = self.sound(value)?;
                self.put(if value { b"true" } else { b"false" });
            }
            // One byte each.
            Type::Null | Type::Undefined => {
                self.cbor.set_position(at + 1);
                self.put(b"null");
            }
            kind if is_integer(kind) => {
                let value = self.cbor.int();
                let value = self.sound(value)?;
                self.put(i128::from(value).to_string().as_bytes());
            }
            kind @ (Type::F16 | Type::F32 | Type::F64) => {
                let value = if kind == Type::F16 {
                    self.half(at)?
                } else {
                    let value = self.cbor.f64();
                    self.sound(value)?
                };
                if !value.is_finite() {
                    return Err(fault(at, What::NotFinite));
                }
                // A number always encodes, and a `Vec` takes all.
                let _ = serde_json::to_writer(&mut self.json, &value);
            }
            Type::Bytes | Type::BytesIndef => self.byte_string()?,
            Type::String | Type::StringIndef => self.text()?,
            Type::Array | Type::ArrayIndef => self.array(at, depth)?,
            Type::Map | Type::MapIndef => self.map(at, depth)?,
            Type::Tag => self.tagged(at, depth)?,
            Type::Simple => return Err(fault(at, What::Simple)),
            _ => return Err(fault(at, What::Malformed)),
        }
        Ok(())
    }

    fn array(&mut self, at: usize, depth: usize) -> Result<(), Fault> {
        check_depth(at, depth)?;
        let len = self.cbor.array();
        let mut left = self.sound(len)?;
        self.json.push(b'[');
        let mut first = true;
        while self.has_more(&mut left)? {
            if !first {
                self.json.push(b',');
            }
            first = false;
            self.value(depth + 1)?;
        }
        self.json.push(b']');
        Ok(())
    }

    fn map(&mut self, at: usize, depth: usize) -> Result<(), Fault> {
        check_depth(at, depth)?;
        let len = self.cbor.map();
        let mut left = self.sound(len)?;
        self.json.push(b'{');
        let mut first = true;
        while self.has_more(&mut left)? {
            if !first {
                self.json.push(b',');
            }
            first = false;
            let at = self.cbor.position();
            if !matches!(self.datatype()?, Type::String | Type::StringIndef) {
                return Err(fault(at, What::Key));
            }
            self.text()?;
            self.json.push(b':');
            self.value(depth + 1)?;
        }
        self.json.push(b'}');
        Ok(())
    }

    /// Whether another item follows. `left` is `None` where a mark ends them, which is taken.
    fn has_more(&mut self, left: &mut Option<u64>) -> Result<bool, Fault> {
        if let Some(left) = left {
            let more = *left > 0;
            *left = left.saturating_sub(1);
            return Ok(more);
        }
        let more = self.datatype()? != Type::Break;
        if !more {
            self.cbor.set_position(self.cbor.position() + 1);
        }
        Ok(more)
    }

    fn text(&mut self) -> Result<(), Fault> {
        let mut all = String::new();
        let text = if self.datatype()? == Type::String {
            let text = self.cbor.str();
            self.sound(text)?
        } else {
            let read = self.cbor.str_iter().and_then(|mut parts| {
                parts.try_for_each(|part| {
                    all.push_str(part?);
                    Ok(())
                })
            });
            self.sound(read)?;
            &all
        };
        // A string always encodes, and a `Vec` takes all.
        let _ = serde_json::to_writer(&mut self.json, text);
        Ok(())
    }

    fn byte_string(&mut self) -> Result<(), Fault> {
        let mut all = Vec::new();
        let read = self.cbor.bytes_iter().and_then(|mut parts| {
            parts.try_for_each(|part| {
                all.extend_from_slice(part?);
                Ok(())
            })
        });
        self.sound(read)?;
        let text = match self.bytes {
            BytesAs::Numbers => {
                self.json.push(b'[');
                for (at, byte) in all.iter().enumerate() {
                    if at > 0 {
                        self.json.push(b',');
                    }
                    self.put(byte.to_string().as_bytes());
                }
                self.json.push(b']');
                return Ok(());
            }
            BytesAs::Base64Url => URL_SAFE_NO_PAD.encode(all),
            BytesAs::Base64 => base64(&all),
            BytesAs::Hex => hex(&all).to_ascii_uppercase(),
        };
        self.json.push(b'"');
        self.put(text.as_bytes());
        self.json.push(b'"');
        Ok(())
    }

    /// What a tag stands on: the value itself, but where the tag makes another number of it.
    fn tagged(&mut self, at: usize, depth: usize) -> Result<(), Fault> {
        let outer = self.bytes;
        // Not by recursion: there may be as many as there are bytes.
        while self.datatype()? == Type::Tag {
            let start = self.cbor.position();
            let tag = self.cbor.tag();
            match self.sound(tag)?.as_u64() {
                2 | 3 => return self.bignum(start),
                21 => self.bytes = BytesAs::Base64Url,
                22 => self.bytes = BytesAs::Base64,
                23 => self.bytes = BytesAs::Hex,
                // Fractions of two numbers, and arrays of numbers as bytes.
                tag @ (4 | 5 | 64..=87) => return Err(fault(at, What::Tag(tag))),
                _ => {}
            }
        }
        self.value(depth)?;
        self.bytes = outer;
        Ok(())
    }

    /// An integer beyond 64 bits, which begins with its tag.
    fn bignum(&mut self, at: usize) -> Result<(), Fault> {
        self.cbor.set_position(at);
        let text = match self.cbor.i128() {
            Ok(value) => value.to_string(),
            Err(error) if error.is_end_of_input() => return Err(fault(at, What::Ended)),
            Err(_) => {
                self.cbor.set_position(at);
                let value = self.cbor.u128().map_err(|_| fault(at, What::Integer))?;
                value.to_string()
            }
        };
        self.put(text.as_bytes());
        Ok(())
    }

    fn half(&mut self, at: usize) -> Result<f64, Fault> {
        let bytes = self.cbor.input().get(at + 1..at + 3);
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        let bits = bytes.ok_or(fault(at, What::Ended))?;
        self.cbor.set_position(at + 3);
        Ok(from_half(u16::from_be_bytes(bits)))
    }

    fn datatype(&self) -> Result<Type, Fault> {
        self.sound(self.cbor.datatype())
    }

    fn sound<T>(&self, read: Result<T, Error>) -> Result<T, Fault> {
        read.map_err(|error| {
            let what = if error.is_end_of_input() {
                What::Ended
            } else {
                What::Malformed
            };
            fault(error.position().unwrap_or(self.cbor.position()), what)
        })
    }

    fn put(&mut self, text: &[u8]) {
        self.json.extend_from_slice(text);
    }
}

fn is_integer(kind: Type) -> bool {
    matches!(
        kind,
        Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::Int
    )
}

fn check_depth(at: usize, depth: usize) -> Result<(), Fault> {
    if depth < MAX_JSON_DEPTH {
        return Ok(());
    }
    Err(fault(at, What::TooDeep))
}

/// Not by the crate, which would have it all a second time.
fn base64(bytes: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(bytes);
    text = text.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn fault(at: usize, what: What) -> Fault {
    Fault { at, what }
}
