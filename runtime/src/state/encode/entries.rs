//! The entries of maps, sorted by key.

use std::ops::Range;

use serde::ser::{Impossible, Serialize, SerializeMap, Serializer};

use super::{EncodeError, Encoder, write_leaf};
use crate::order::sort_by;

/// Writes the entries of one map as they come and puts them in order at the end, if they are not.
pub(super) struct Entries<'a> {
    out: &'a mut Vec<u8>,
    depth: u8,
    /// All keys, one after the other.
    keys: String,
    list: Vec<Entry>,
    sorted: bool,
}

struct Entry {
    /// Where its key lies in `keys`.
    key: Range<usize>,
    /// Where `"key":value` lies in `out`.
    text: Range<usize>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, depth: u8) -> Self {
        Self {
            out,
            depth,
            keys: String::new(),
            list: Vec::new(),
            sorted: true,
        }
    }

    /// Puts the entries in the order of their keys' bytes.
    fn sort(&mut self) {
        let Self {
            out, keys, list, ..
        } = self;
        let Some(start) = list.first().map(|entry| entry.text.start) else {
            return;
        };
        let unsorted = out.split_off(start);
        sort_by(list, |a, b| keys[a.key.clone()].cmp(&keys[b.key.clone()]));
        for (index, entry) in list.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&unsorted[entry.text.start - start..entry.text.end - start]);
        }
    }
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        if !self.list.is_empty() {
            self.out.push(b',');
        }
        let (from, start) = (self.keys.len(), self.out.len());
        key.serialize(TextKey(&mut self.keys))?;
        let text = &self.keys[from..];
        if let Some(last) = self.list.last() {
            self.sorted &= self.keys[last.key.clone()] < *text;
        }
        write_leaf(self.out, text)?;
        self.out.push(b':');
        let end = self.out.len();
        self.list.push(Entry {
            key: from..self.keys.len(),
            text: start..end,
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let result = value.serialize(Encoder {
            out: self.out,
            depth: self.depth,
            in_option: false,
        });
        let Some(entry) = self.list.last_mut() else {
            return Err(EncodeError::new("a map's value comes before its key"));
        };
        entry.text.end = self.out.len();
        result.map_err(|error| error.inside(format_args!("[{:?}]", &self.keys[entry.key.clone()])))
    }

    fn end(mut self) -> Result<(), EncodeError> {
        if !self.sorted {
            self.sort();
            let key = |entry: &Entry| &self.keys[entry.key.clone()];
            for pair in self.list.windows(2) {
                if let [one, next] = pair
                    && key(one) == key(next)
                {
                    let key = key(one);
                    return Err(EncodeError::new(format!("the key `{key}` occurs twice")));
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// Takes a map's key, which has to be text.
struct TextKey<'a>(&'a mut String);

fn not_text() -> EncodeError {
    EncodeError::new(
        "the keys of a JSON object are strings; use a `Map` field, `String` keys, or a `Vec` of pairs",
    )
}

macro_rules! refused {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $method(self $(, _: $type)*) -> Result<$ok, EncodeError> {
            Err(not_text())
        }
    )*};
}

type Never = Impossible<(), EncodeError>;

impl Serializer for TextKey<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        self.0.push_str(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.0.push(value);
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), EncodeError> {
        Err(not_text())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        Err(not_text())
    }

    refused! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_i128(i128) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_u128(u128) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }
}
