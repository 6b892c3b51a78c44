//! The type of an event, as serde knows it.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// The name of an enum's variant, or of a struct: what serde would write it as. `None` for anything else.
pub(super) fn kind_of<E: Serialize>(event: &E) -> Option<&'static str> {
    event.serialize(Asking).err().and_then(|found| found.0)
}

/// Answers with the first name it hears, as an error: nothing is written.
struct Asking;

#[derive(Debug)]
struct Found(Option<&'static str>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("no name"))
    }
}

impl std::error::Error for Found {}

impl ser::Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

type Never = Impossible<(), Found>;
type Nothing<T = ()> = Result<T, Found>;

macro_rules! nameless {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, _: $type) -> Nothing { Err(Found(None)) }
    )*};
}

impl Serializer for Asking {
    type Ok = ();
    type Error = Found;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    nameless! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8]
    }

    fn serialize_none(self) -> Nothing {
        Err(Found(None))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Nothing {
        Err(Found(None))
    }

    fn serialize_unit(self) -> Nothing {
        Err(Found(None))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Nothing {
        Err(Found(Some(name)))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Nothing {
        Err(Found(Some(variant)))
    }

    /// It looks like what it holds.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Nothing {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Nothing {
        Err(Found(Some(variant)))
    }

    fn serialize_seq(self, _: Option<usize>) -> Nothing<Never> {
        Err(Found(None))
    }

    fn serialize_tuple(self, _: usize) -> Nothing<Never> {
        Err(Found(None))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Nothing<Never> {
        Err(Found(Some(name)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Nothing<Never> {
        Err(Found(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Nothing<Never> {
        Err(Found(None))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Nothing<Never> {
        Err(Found(Some(name)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Nothing<Never> {
        Err(Found(Some(variant)))
    }
}
