//! The validated model: what `expand` may rely on without looking at syntax again.

pub(crate) mod action;
pub(crate) mod block;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod entity;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod fetch;
pub(crate) mod handler;
pub(crate) mod job;
pub(crate) mod object;
pub(crate) mod param;
pub(crate) mod placeholders;
pub(crate) mod projection;
pub(crate) mod route;
pub(crate) mod row;
