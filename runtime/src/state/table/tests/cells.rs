//! The texts of columns' values order like the values, and are read back.

use proptest::prelude::*;

use crate::state::Cell;
use crate::state::table::index::{push_turned, take_turned};

fn text<C: Cell>(value: &C) -> String {
    let mut text = String::new();
    value.write_cell(&mut text);
    text
}

fn turned(text: &str) -> String {
    let mut turned = String::new();
    push_turned(&mut turned, text, true);
    turned
}

#[test]
fn golden_texts() {
    assert_eq!(text(&None::<u8>), "0");
    assert_eq!(text(&Some(255_u8)), "100000000000000ff");
    assert_eq!(text(&Some(String::new())), "1\0");
    assert_eq!(text(&0.0), "8000000000000000");
    assert_eq!(text(&-0.0), "8000000000000000");
    assert_eq!(text(&1.0), "bff0000000000000");
    assert_eq!(text(&-1.0_f32), "400fffffffffffff");
    assert_eq!(text(&f64::MAX), "ffefffffffffffff");
    assert_eq!(turned("a\0"), "9eff");
}

proptest! {
    #[test]
    fn floats_order_like_their_texts(one in any::<f64>(), other in any::<f64>()) {
        prop_assume!(!one.is_nan() && !other.is_nan());
        let (left, right) = (text(&one), text(&other));
        prop_assert_eq!(one.partial_cmp(&other), Some(left.cmp(&right)));
        prop_assert_eq!(f64::read_cell(&mut left.as_str()), Some(one));
    }

    #[test]
    fn turned_texts_order_the_other_way(one in any::<Option<String>>(), other in any::<Option<String>>()) {
        let (left, right) = (text(&one), text(&other));
        prop_assert_eq!(left.cmp(&right), one.cmp(&other));
        prop_assert_eq!(turned(&left).cmp(&turned(&right)), other.cmp(&one));
        // Whatever follows, the text is found.
        for follows in ["", "00ff", "é", "1\0", "g"] {
            let all = turned(&left) + follows;
            let mut rest = all.as_str();
            let skip = |text: &mut &str| Option::<String>::read_cell(text).is_some();
            let taken = take_turned(&mut rest, true, skip);
            prop_assert_eq!(taken.as_deref(), Some(left.as_str()));
            prop_assert_eq!(rest, follows);
        }
    }
}
