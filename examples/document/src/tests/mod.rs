//! Whatever is edited at once, in whatever order it arrives: all come to the same text.
#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what goes wrong in a test fails it"
)]

mod change;
mod clients;
mod object;

use proptest::prelude::*;

use crate::change::{Change, apply, units};

fn put(at: u32, insert: &str) -> Change {
    Change {
        at,
        remove: 0,
        insert: insert.to_owned(),
    }
}

fn cut(at: u32, remove: u32) -> Change {
    Change {
        at,
        remove,
        insert: String::new(),
    }
}

fn replace(at: u32, remove: u32, insert: &str) -> Change {
    Change {
        remove,
        ..put(at, insert)
    }
}

fn after(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    assert!(apply(&mut text, changes), "{changes:?} do not fit {text:?}");
    text
}

/// A change that fits, made of three numbers.
fn fitting(text: &str, (at, remove, word): (u16, u16, usize)) -> Change {
    let mut places: Vec<u32> = vec![0];
    for char in text.chars() {
        places.push(places.last().unwrap() + units(char.encode_utf8(&mut [0; 4])));
    }
    let at = usize::from(at) % places.len();
    // Mostly short, now and then all there is.
    let most = if remove % 7 == 0 { places.len() } else { 5 };
    let end = (at + usize::from(remove) % most).min(places.len() - 1);
    let insert = ["", "a", "bc", "😀", "é\n", "long enough"][word % 6].to_owned();
    Change {
        at: places[at],
        remove: places[end] - places[at],
        insert,
    }
}

type Seed = (u16, u16, usize);

fn seed() -> impl Strategy<Value = Seed> {
    (any::<u16>(), any::<u16>(), 0_usize..6)
}

fn base() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        proptest::sample::select(vec!['a', 'b', '\n', 'é', '😀']),
        0..20,
    )
    .prop_map(String::from_iter)
}
