//! The names of the standard library mean something else here.

#![allow(dead_code, reason = "what shadows is never used")]

pub(crate) mod std {}
pub(crate) mod core {}
pub(crate) mod stayput {}
pub(crate) struct Option;
pub(crate) struct Result;
pub(crate) struct Vec;
pub(crate) struct Box;
pub(crate) struct String;
pub(crate) trait Clone {}
pub(crate) trait Default {}
pub(crate) trait Debug {}
pub(crate) trait Serialize {}
#[expect(
    non_snake_case,
    reason = "stands for a user's own function of that name"
)]
pub(crate) fn Some() {}
pub(crate) mod __private {}
pub(crate) mod serde {}
pub(crate) mod schemars {}

use ::stayput::prelude::ActionError;
use ::stayput::{data, durable_object, event};

#[data]
pub(crate) struct Data {
    pub(crate) text: ::std::string::String,
}

#[event]
pub(crate) struct Happened {
    pub(crate) data: Data,
}

#[derive(::core::fmt::Debug, ActionError)]
#[error(prefix = "shadowed")]
pub(crate) enum Fault {
    Full { max: u8 },
}

#[durable_object(events(Happened))]
pub(crate) struct Object {
    data: ::core::option::Option<Data>,
}

#[durable_object]
impl Object {
    #[action]
    fn keep(&mut self, data: Data) -> ::core::result::Result<(), Fault> {
        if self.data.is_some() {
            return ::core::result::Result::Err(Fault::Full { max: 1 });
        }
        self.data = ::core::option::Option::Some(data);
        ::core::result::Result::Ok(())
    }

    #[event(Happened)]
    fn on_happened(&mut self, event: Happened) {
        self.data = ::core::option::Option::Some(event.data);
    }
}
