//! From JSON text to the parameters of a method: by name or by position, every fault reported at once.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, echo, pointer, refuse};
use super::table::ActionDescriber;
use super::{Param, missing};
use crate::rpc::{QueryValue, WireError};

/// How many parameters an action may have.
const MAX_PARAMS: usize = 12;

/// The parameters of one call, still as text.
#[derive(Debug)]
pub struct Params {
    table: &'static [Param],
    text: Bytes,
    query: bool,
}

/// What an action can take.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an action",
    label = "callers cannot send this",
    note = "put `#[data]` on the type and on what it holds, or derive `Serialize`, `Deserialize` and `JsonSchema`"
)]
pub trait ActionParam: serde::Serialize + DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: serde::Serialize + DeserializeOwned + JsonSchema> ActionParam for T {}

/// A tuple of parameter types.
#[diagnostic::on_unimplemented(
    message = "these cannot be the parameters of an action",
    note = "each must implement serde's `Deserialize` and schemars' `JsonSchema`: annotate your own types with `#[data]`; an action has at most 12"
)]
pub trait DecodeParams: Sized {
    /// Decodes all, in order; faults go to the collector.
    #[doc(hidden)]
    fn decode(slots: &mut Slots<'_>) -> Option<Self>;
    /// Describes all, in order.
    #[doc(hidden)]
    fn describe(describer: &mut ActionDescriber<'_>);
}

/// The values found for the declared parameters.
#[doc(hidden)]
#[derive(Debug)]
pub struct Slots<'a> {
    table: &'static [Param],
    values: [Option<&'a RawValue>; MAX_PARAMS],
    query: bool,
    next: usize,
    faults: Vec<Fault>,
}

impl Params {
    pub(crate) fn new(table: &'static [Param], text: Bytes, query: bool) -> Self {
        Self { table, text, query }
    }

    /// Decodes and checks all parameters.
    ///
    /// # Errors
    ///
    /// `invalid_params`, with every fault in `details.faults`.
    pub fn decode<P: DecodeParams>(&mut self) -> Result<P, Box<WireError>> {
        let mut slots = Slots {
            table: self.table,
            values: [None; MAX_PARAMS],
            query: self.query,
            next: 0,
            faults: vec![],
        };
        slots.fill(&self.text);
        let decoded = P::decode(&mut slots);
        match decoded {
            Some(params) if slots.faults.is_empty() => Ok(params),
            _ => Err(refuse(slots.faults)),
        }
    }
}

impl<'a> Slots<'a> {
    /// Sorts the values of an object or array into the slots.
    fn fill(&mut self, text: &'a [u8]) {
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        let Ok(json) = str::from_utf8(text) else {
            self.fault(String::new(), "json", "text in UTF-8", Some(echo(text)));
            return;
        };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let filled = match first {
            None => return,
            Some(b'{') => deserializer.deserialize_map(Named(self)),
            Some(b'[') => deserializer.deserialize_seq(Positional(self)),
            Some(_) => {
                self.fault(
                    String::new(),
                    "type",
                    "an object or an array of parameters",
                    Some(echo(text)),
                );
                return;
            }
        };
        if let Err(error) = filled.and_then(|()| deserializer.end()) {
            self.fault(String::new(), "json", error.to_string(), None);
        }
    }

    fn fault(
        &mut self,
        path: String,
        rule: &'static str,
        expected: impl Into<String>,
        received: Option<String>,
    ) {
        self.faults.push(Fault {
            path,
            rule,
            expected: expected.into(),
            received,
        });
    }

    /// Decodes the next parameter.
    fn take<T: DeserializeOwned>(&mut self) -> Option<T> {
        let index = self.next;
        self.next += 1;
        let (Some(param), Some(raw)) = (self.table.get(index), self.values.get(index)) else {
            return missing::missing();
        };
        let Some(raw) = *raw else {
            if let Some(value) = param
                .default
                .and_then(|text| serde_json::from_str(text).ok())
            {
                return Some(value);
            }
            let value = missing::missing();
            if value.is_none() {
                let expected = match param.example {
                    Some(example) => format!("a value, such as {example}"),
                    None => "a value".to_owned(),
                };
                self.fault(pointer(param.name), "required", expected, None);
            }
            return value;
        };
        let text = raw.get();
        let decoded = if self.query {
            from_query(raw)
        } else {
            serde_json::from_str(text).map(|value| (value, text.into()))
        };
        match decoded {
            Ok((value, text)) => {
                self.check(param, &text);
                Some(value)
            }
            Err(error) => {
                self.explain::<T>(param, text, &error);
                None
            }
        }
    }

    /// Reports why a value does not decode, with the path to the part at fault. Decoding again is for this rare case.
    fn explain<T: DeserializeOwned>(
        &mut self,
        param: &Param,
        text: &str,
        error: &serde_json::Error,
    ) {
        let mut path = pointer(param.name);
        let mut message = error.to_string();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        if let Err(tracked) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            for segment in tracked.path() {
                use serde_path_to_error::Segment;
                match segment {
                    Segment::Seq { index } => path.push_str(&pointer(&index.to_string())),
                    Segment::Map { key } => path.push_str(&pointer(key)),
                    Segment::Enum { variant } => path.push_str(&pointer(variant)),
                    Segment::Unknown => {}
                }
            }
            message = tracked.into_inner().to_string();
        }
        // serde's texts end in the place within this value's text, which the path says better.
        let message = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(message, _)| message);
        let (rule, expected) = match message.rsplit_once(", expected ") {
            Some((_, expected)) => ("type", expected.to_owned()),
            None => ("value", message.to_owned()),
        };
        self.fault(path, rule, expected, Some(echo(text.as_bytes())));
    }

    /// Checks a decoded value's constraints.
    fn check(&mut self, param: &Param, text: &str) {
        let faults = &mut self.faults;
        param.bound.check(text, |rule, expected| {
            let received = Some(echo(text.as_bytes()));
            faults.push(Fault {
                path: pointer(param.name),
                rule,
                expected,
                received,
            });
        });
    }
}

/// Decodes a value of a URL: as the JSON it looks like, else as a string, else as a list of one. With it comes the text
/// it was taken for.
fn from_query<T: DeserializeOwned>(raw: &RawValue) -> Result<(T, Cow<'_, str>), serde_json::Error> {
    let text = raw.get();
    let plain = match serde_json::from_str(text) {
        Ok(value) => return Ok((value, text.into())),
        Err(error) => error,
    };
    let quoted = serde_json::to_string(text)?;
    if let (false, Ok(value)) = (text.starts_with('"'), serde_json::from_str(&quoted)) {
        return Ok((value, quoted.into()));
    }
    match T::deserialize(QueryValue(raw)) {
        Ok(value) if text.starts_with('[') => Ok((value, text.into())),
        Ok(value) => Ok((value, format!("[{text}]").into())),
        Err(_) => Err(plain),
    }
}

struct Named<'s, 'a>(&'s mut Slots<'a>);

impl<'a> Visitor<'a> for Named<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        struct Name<'n>(#[serde(borrow)] Cow<'n, str>);
        while let Some(Name(name)) = map.next_key::<Name<'a>>()? {
            let value: &'a RawValue = map.next_value()?;
            match self.0.table.iter().position(|param| param.name == name) {
                Some(index) if self.0.values[index].is_none() => self.0.values[index] = Some(value),
                Some(_) => self
                    .0
                    .fault(pointer(&name), "duplicate", "each parameter once", None),
                None => {
                    let known: Vec<_> = self.0.table.iter().map(|param| param.name).collect();
                    let expected = match known.as_slice() {
                        [] => "no parameters".to_owned(),
                        names => format!("one of {}", names.join(", ")),
                    };
                    self.0.fault(pointer(&name), "unknown", expected, None);
                }
            }
        }
        Ok(())
    }
}

struct Positional<'s, 'a>(&'s mut Slots<'a>);

impl<'a> Visitor<'a> for Positional<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of parameters")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = seq.next_element::<&'a RawValue>()? {
            if index < self.0.table.len() {
                self.0.values[index] = Some(value);
            } else {
                let expected = format!("at most {} parameters", self.0.table.len());
                self.0.fault(format!("/{index}"), "unknown", expected, None);
            }
            index += 1;
        }
        Ok(())
    }
}

macro_rules! decode_tuple {
    ($($param:ident)*) => {
        impl<$($param: ActionParam),*> DecodeParams for ($($param,)*) {
            #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "one body for all arities")]
            fn decode(slots: &mut Slots<'_>) -> Option<Self> {
                // All are taken before the first absent one ends it: every fault is reported.
                let ($($param,)*) = ($(slots.take::<$param>(),)*);
                Some(($($param?,)*))
            }

            #[allow(unused_variables, reason = "one body for all arities")]
            fn describe(describer: &mut ActionDescriber<'_>) {
                $(describer.param::<$param>();)*
            }
        }
    };
}

decode_tuple!();
decode_tuple!(A);
decode_tuple!(A B);
decode_tuple!(A B C);
decode_tuple!(A B C D);
decode_tuple!(A B C D E);
decode_tuple!(A B C D E F);
decode_tuple!(A B C D E F G);
decode_tuple!(A B C D E F G H);
decode_tuple!(A B C D E F G H I);
decode_tuple!(A B C D E F G H I J);
decode_tuple!(A B C D E F G H I J K);
decode_tuple!(A B C D E F G H I J K L);

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Param] = &[
        Param::new("by", "").default("1").min(0.0),
        Param::new("tag", "").max_length(3),
        Param::new("note", ""),
    ];

    fn decode(text: &'static str, query: bool) -> Result<(i64, String, Option<Vec<u8>>), String> {
        Params::new(TABLE, Bytes::from_static(text.as_bytes()), query)
            .decode()
            .map_err(|error| {
                error
                    .details
                    .map(|details| details.get().to_owned())
                    .unwrap_or_default()
            })
    }

    #[test]
    fn by_name_and_by_position_are_the_same() {
        assert_eq!(
            decode(r#"{"tag":"a","by":2}"#, false),
            Ok((2, "a".into(), None))
        );
        assert_eq!(decode(r#"[2,"a"]"#, false), Ok((2, "a".into(), None)));
        assert_eq!(decode(r#"{"tag":"a"}"#, false), Ok((1, "a".into(), None)));
    }

    #[test]
    fn a_url_gives_each_type_what_it_asks() {
        let decoded = Ok((7, "12".into(), Some(vec![1])));
        assert_eq!(decode(r#"{"by":7,"tag":12,"note":[1]}"#, true), decoded);
        assert_eq!(decode(r#"{"by":7,"tag":"12","note":1}"#, true), decoded);
        assert_eq!(
            decode(r#"{"tag":"","note":null}"#, true),
            Ok((1, String::new(), None))
        );
        assert!(decode(r#"{"by":7,"tag":12}"#, false).is_err());
        // What is taken as a string is bounded as one.
        let faults = decode(r#"{"by":"x","tag":1234,"note":[256]}"#, true).unwrap_err();
        assert_eq!(
            faults,
            concat!(
                r#"{"faults":[{"path":"/by","rule":"type","expected":"i64","received":"\"x\""},"#,
                r#"{"path":"/tag","rule":"max_length","expected":"at most 3 characters, not 4","received":"\"1234\""},"#,
                r#"{"path":"/note/0","rule":"type","expected":"u8","received":"[256]"}]}"#
            )
        );
    }

    #[test]
    fn every_fault_is_reported_with_its_path() {
        assert_eq!(
            decode(r#"{"by":-1,"note":[1,"x"],"more":0}"#, false).unwrap_err(),
            concat!(
                r#"{"faults":[{"path":"/more","rule":"unknown","expected":"one of by, tag, note"},"#,
                r#"{"path":"/by","rule":"min","expected":"a number greater than or equal to 0","received":"-1"},"#,
                r#"{"path":"/tag","rule":"required","expected":"a value"},"#,
                r#"{"path":"/note/1","rule":"type","expected":"u8","received":"[1,\"x\"]"}]}"#
            )
        );
    }
}
