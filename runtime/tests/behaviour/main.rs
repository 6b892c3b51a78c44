//! How durable objects behave: each module tests one promise, through the harness that users test with.

#![expect(unreachable_pub, reason = "objects are public, as users write them")]

mod access;
mod alarms;
mod atomicity;
mod calls;
mod events;
mod gate;
mod ids;
mod life;
mod receivers;
mod replace;
mod storage;
mod support;
mod wake;
