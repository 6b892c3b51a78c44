#![allow(
    unreachable_pub,
    clippy::assigning_clones,
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unused_self,
    clippy::unwrap_used,
    dead_code,
    reason = "objects are written as users write them, and a test that cannot go on has failed"
)]
#[path = "behaviour/sourcing.rs"]
mod sourcing;
#[path = "behaviour/support.rs"]
mod support;
