//! From JSON text to the parameters of a method: by name or by position, every fault reported at once.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bound::Subject;
use super::fault::{Fault, pointer, refuse};
use super::table::ActionDescriber;
use super::{InUrl, Param, missing};
use crate::rpc::{QueryValue, WireError};

/// How many parameters an action may have.
const MAX_PARAMS: usize = 12;

/// The parameters of one call, still as text.
#[derive(Debug)]
pub struct Params {
    table: &'static [Param],
    text: Bytes,
    in_url: InUrl,
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
    in_url: InUrl,
    next: usize,
    faults: Vec<Fault>,
}

impl Params {
    pub(crate) fn new(table: &'static [Param], text: Bytes, in_url: InUrl) -> Self {
        Self {
            table,
            text,
            in_url,
        }
    }

    /// Which were written in a URL.
    pub(crate) fn in_url(&self) -> InUrl {
        self.in_url
    }

    /// They, as they came.
    pub(crate) fn text(&self) -> &Bytes {
        &self.text
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
            in_url: self.in_url,
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
            self.faults
                .push(Fault::new(String::new(), "json", "text in UTF-8"));
            return;
        };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let filled = match first {
            None => return,
            Some(b'{') => deserializer.deserialize_map(Named(self)),
            Some(b'[') => deserializer.deserialize_seq(Positional(self)),
            Some(_) => {
                let expected = "an object or an array of parameters";
                let fault = Fault::new(String::new(), "type", expected);
                self.faults
                    .push(fault.received(&String::from_utf8_lossy(text)));
                return;
            }
        };
        if let Err(error) = filled.and_then(|()| deserializer.end()) {
            self.faults
                .push(Fault::new(String::new(), "json", error.to_string()));
        }
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
                let fault = Fault::new(pointer(param.name), "required", "a value");
                self.faults.push(fault.example(param));
            }
            return value;
        };
        let text = raw.get();
        let decoded = if self.in_url.has(index) {
            from_query(raw)
        } else {
            serde_json::from_str(text).map(|value| (value, text.into()))
        };
        match decoded {
            Ok((value, text)) => {
                self.check(param, &text, missing::is_optional::<T>);
                Some(value)
            }
            Err(error) => {
                self.explain::<T>(param, text, &error);
                // Who corrects the type is told of the bounds as well.
                self.check(param, text, || true);
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
        let fault = Fault::new(path, rule, expected);
        self.faults.push(fault.received(text).example(param));
    }

    /// Checks a value's constraints, all of them.
    fn check(&mut self, param: &Param, json: &str, absent: fn() -> bool) {
        if param.bounds.is_empty() {
            return;
        }
        let subject = Subject::new(json, absent);
        for bound in param.bounds {
            if let Some(broken) = bound.check(&subject) {
                let path = pointer(param.name) + &broken.path;
                let fault = Fault::new(path, bound.rule, broken.expected).received(json);
                let fault = fault.allowed(bound.limit.to_json());
                self.faults.push(fault.example(param));
            }
        }
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
                Some(_) => {
                    let expected = "each parameter once";
                    let fault = Fault::new(pointer(&name), "duplicate", expected);
                    self.0.faults.push(fault);
                }
                None => self.0.faults.push(Fault::unknown(&name, self.0.table)),
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
                let fault = Fault::new(format!("/{index}"), "unknown", expected);
                self.0.faults.push(fault.received(value.get()));
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
