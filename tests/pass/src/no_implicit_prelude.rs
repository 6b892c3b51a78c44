//! No prelude: every name in an expansion has its path.
#![no_implicit_prelude]

use ::stayput::prelude::{ActionError, Config};
use ::stayput::{data, durable_object, event, mixin};

// The code that schemars derives leans on these two; nothing else here does.
use ::core::convert::{From as _, Into as _};

#[data]
pub(crate) struct Data {
    pub(crate) list: ::std::vec::Vec<::std::string::String>,
}

#[data]
pub(crate) enum Kind {
    One,
    Two(u8),
}

#[event]
pub(crate) struct Happened {
    pub(crate) data: Data,
}

#[derive(::core::fmt::Debug, ActionError)]
#[error(prefix = "bare")]
pub(crate) enum Fault {
    Empty,
    #[error(message = "{0} and {1:?}", retryable)]
    Pair(u8, Kind),
    Named {
        name: ::std::string::String,
    },
}

#[derive(::core::fmt::Debug, ActionError)]
#[error(prefix = "bare", code = "single", status = 404)]
pub(crate) struct Single {
    pub(crate) name: ::std::string::String,
}

#[derive(::core::fmt::Debug, Config)]
pub(crate) struct Settings {
    pub(crate) needed: u16,
    #[config(default = 8)]
    pub(crate) given: u16,
    pub(crate) maybe: ::core::option::Option<::std::string::String>,
}

#[mixin]
pub(crate) struct Part {
    count: u64,
}

#[mixin]
impl Part {
    #[action]
    fn count(&self) -> u64 {
        self.count
    }
}

#[durable_object(events(Happened), impls(more), was = "old")]
pub(crate) struct Object {
    #[state(default = 5, was = "before")]
    value: u64,
    #[transient]
    cache: ::std::vec::Vec<u8>,
    #[mixin]
    part: Part,
}

#[durable_object]
impl Object {
    #[action]
    fn query(
        &self,
        cx: &::stayput::object::Context<Self>,
        #[param(default = 1, min = 0)] by: u64,
    ) -> u64 {
        _ = cx.name();
        self.value + by
    }

    #[action]
    async fn waiting(&self) -> ::core::result::Result<u64, Fault> {
        ::core::result::Result::Ok(self.value)
    }

    #[action(public)]
    fn command(&mut self, kind: Kind) -> ::core::result::Result<u64, Fault> {
        self.cache.clear();
        self.part.count += 1;
        match kind {
            Kind::One => ::core::result::Result::Err(Fault::Empty),
            Kind::Two(two) => ::core::result::Result::Err(Fault::Pair(two, Kind::Two(two))),
        }
    }

    #[action(internal)]
    async fn patient(
        &mut self,
        name: ::core::option::Option<::std::string::String>,
    ) -> ::core::result::Result<(), Single> {
        match name {
            ::core::option::Option::Some(name) => ::core::result::Result::Err(Single { name }),
            ::core::option::Option::None => ::core::result::Result::Ok(()),
        }
    }

    #[event(start)]
    async fn start(&mut self, first: bool) {
        self.value += u64::from(first);
    }

    #[event(alarm)]
    fn ring(&mut self, alarm: ::stayput::event::Alarm) -> ::core::result::Result<(), Fault> {
        self.value += u64::from(alarm.attempt);
        ::core::result::Result::Err(Fault::Named {
            name: ::std::string::String::new(),
        })
    }

    #[event(connect)]
    async fn arriving(
        &mut self,
        connection: ::stayput::socket::Connection,
    ) -> ::core::result::Result<(), Fault> {
        _ = connection.id();
        ::core::result::Result::Ok(())
    }

    #[event(message)]
    fn hears(&mut self, message: ::stayput::socket::Incoming) {
        _ = message;
    }

    #[event(disconnect)]
    fn leaving(&mut self, gone: ::stayput::socket::Disconnect) {
        _ = gone;
    }

    #[event(Happened, required)]
    fn on_happened(&mut self, event: Happened) {
        _ = event.data.list;
    }
}

#[durable_object(more)]
impl Object {
    #[action(scope = "a:b")]
    async fn process(
        this: ::stayput::object::Handle<Self>,
        cx: ::stayput::object::ProcessContext<Self>,
    ) {
        _ = (this, cx);
    }
}

/// A row whose columns are kept in every way there is.
#[derive(::core::fmt::Debug, ::stayput::Row)]
#[row(table = "lines")]
#[index(by_both(name, at))]
pub(crate) struct Line {
    #[column(key, auto)]
    pub(crate) id: u64,
    #[column(unique)]
    pub(crate) name: ::std::string::String,
    #[column(name = "words", json)]
    pub(crate) list: ::std::vec::Vec<::std::string::String>,
    #[column(with = byte)]
    pub(crate) at: u8,
    #[column(version)]
    pub(crate) version: u32,
    #[column(skip)]
    #[allow(dead_code, reason = "nobody reads what is skipped")]
    pub(crate) draft: bool,
}

mod byte {
    use ::core::convert::From as _;
    use ::core::result::Result;
    use ::stayput::sql::SqlValue;

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "values of all types come by reference"
    )]
    pub(super) fn to_sql(byte: &u8) -> SqlValue {
        SqlValue::from(*byte)
    }

    pub(super) fn from_sql(value: SqlValue) -> Result<u8, &'static str> {
        match value {
            SqlValue::Integer(0) => Result::Ok(0),
            _ => Result::Err("only 0 is read here"),
        }
    }
}
