//! How durable objects behave: each module tests one promise, through the harness that users test with.

#![expect(unreachable_pub, reason = "objects are public, as users write them")]

mod atomicity;
mod support;
