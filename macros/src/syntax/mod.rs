//! What the user wrote, read no further than the macros need.

pub(crate) mod cfg;
pub(crate) mod derives;
pub(crate) mod docs;
pub(crate) mod helpers;
pub(crate) mod json;
pub(crate) mod names;
pub(crate) mod raw;
pub(crate) mod types;
