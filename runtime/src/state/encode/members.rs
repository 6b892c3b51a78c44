//! The members of arrays, tuples and structs, in the order they come.

use serde::ser::{self, Serialize};

use super::{EncodeError, Encoder, write_leaf};

/// Writes the members of one array or object.
pub(super) struct Members<'a> {
    out: &'a mut Vec<u8>,
    depth: u8,
    count: usize,
    close: &'static [u8],
}

impl<'a> Members<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, depth: u8, close: &'static [u8]) -> Self {
        Self {
            out,
            depth,
            count: 0,
            close,
        }
    }

    fn separate(&mut self) {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.count += 1;
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder {
            out: self.out,
            depth: self.depth,
            in_option: false,
        })
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        let index = self.count;
        self.separate();
        self.value(value)
            .map_err(|error| error.inside(format_args!("[{index}]")))
    }

    fn member<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.separate();
        write_leaf(self.out, name)?;
        self.out.push(b':');
        self.value(value)
            .map_err(|error| error.inside(format_args!(".{name}")))
    }

    // Every `end` of serde's traits comes here with a fallible signature.
    fn close(self) {
        self.out.extend_from_slice(self.close);
    }
}

macro_rules! elements {
    ($($trait:ident: $method:ident),*) => {$(
        impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

elements! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
}

macro_rules! named {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Members<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

named!(SerializeStruct, SerializeStructVariant);
