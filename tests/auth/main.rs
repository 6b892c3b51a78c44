//! Authentication, on both backends: who is let in by which transport, and who is not.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a test fails it"
)]

mod clients;
mod connections;
mod csrf;
mod forgeries;
mod issuer;
mod matrix;
mod place;
mod sources;
mod tokens;

use std::rc::Rc;

use support::workers::both;

use issuer::Issuer;
use place::Place;
use tokens::Keys;

#[test]
fn both_backends_let_in_the_same_people() {
    let built = both("auth-app");
    let (keys, issuer) = (Rc::new(Keys::new()), Issuer::start());
    for place in Place::all(&built, &keys, &issuer) {
        matrix::walk(&place, &built);
        matrix::walk_the_rest(&place, &built);
        matrix::who_creates(&place, &built);
        forgeries::are_refused(&place, &keys, &issuer);
        sources::each_is_asked(&place, &keys);
        issuer::keys_are_replaced(&place, &keys, &issuer);
        connections::open_and_end(&place, &keys);
        clients::carry_tokens(&place, &keys);
        csrf::changes_nothing(&place);
    }
    place::refuses_to_start(&built);
}
