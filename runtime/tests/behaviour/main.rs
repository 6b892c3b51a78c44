//! How durable objects behave: each module tests one promise, through the harness that users test with.

#![allow(
    unreachable_pub,
    clippy::assigning_clones,
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unused_self,
    clippy::unwrap_used,
    reason = "objects are written as users write them, and a test that cannot go on has failed"
)]

mod access;
mod alarms;
mod atomicity;
mod bare;
mod birth;
mod bodies;
mod broadcast;
mod calls;
mod connections;
mod creation;
mod deferred;
mod destroy;
mod events;
mod executed;
mod expiry;
mod explore;
mod exports;
mod front;
mod gate;
mod ids;
mod jobs;
mod kept;
mod keys;
mod life;
mod limits;
mod listeners;
mod middleware;
#[cfg(feature = "client")]
mod outgoing;
mod overload;
mod own_events;
mod pages;
mod passed_on;
mod presence;
mod queues;
mod quotas;
mod reactions;
mod receivers;
mod renamed;
mod replace;
mod repositories;
mod retry;
mod rooms;
#[cfg(feature = "jsonschema")]
mod schemas;
mod sourced;
mod sourcing;
mod sql;
mod storage;
mod streams;
mod subscriptions;
mod support;
mod tables;
mod upgrades;
mod wake;
#[cfg(feature = "client")]
mod webhooks;
mod welcome;
mod workflows;
