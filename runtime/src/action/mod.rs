//! Actions: what the macros put into a table, and how a call becomes a method call and a reply.

mod bound;
mod decode;
mod fault;
pub mod format;
mod in_url;
mod missing;
mod number;
mod param;
mod pattern;
mod reply;
mod route;
mod same;
mod schema;
mod table;

pub use bound::Bound;
pub use decode::{ActionParam, DecodeParams, Params};
#[cfg(all(feature = "jsonschema", not(target_arch = "wasm32")))]
pub(crate) use fault::pointer;
pub(crate) use fault::{Fault, Faults, refuse};
pub use format::Format;
pub use in_url::InUrl;
pub use param::Param;
pub use pattern::Pattern;
pub use reply::{
    ActionOutput, ErrOf, Fallible, NotResult, OkOf, ResultProbe, finish_result, finish_value,
    reply_result, reply_value,
};
pub use route::{Route, RouteInfo};
pub use table::{Action, ActionDescriber, Actions, Auth, Lists, Run, RunProcess, Table};

pub(crate) use missing::is_optional;
pub(crate) use reply::encode;
pub(crate) use route::placeholder;

#[cfg(test)]
mod tests;
