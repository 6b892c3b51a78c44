//! Sorting, with one sort for all. Each type that the standard library sorts costs a Worker some 4 KB of code.

use std::cmp::Ordering;

/// Sorts by `compare` and keeps the order of what is equal.
pub(crate) fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(
        items.len(),
        &|one, other| match (items.get(one), items.get(other)) {
            (Some(one), Some(other)) => compare(one, other),
            _ => Ordering::Equal,
        },
    );
    let mut unsorted: Vec<_> = std::mem::take(items).into_iter().map(Some).collect();
    let sorted = order
        .into_iter()
        .filter_map(|at| unsorted.get_mut(at)?.take());
    items.extend(sorted);
}

/// The order of `len` items.
fn order(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_unstable_by(|&one, &other| compare(one, other).then(one.cmp(&other)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        for seed in 0..200_u64 {
            let mut state = seed;
            let mut next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state >> 59
            };
            let items: Vec<(u64, u64)> = (0..seed).map(|index| (next(), index)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.0);
            let mut sorted = items;
            sort_by(&mut sorted, |one, other| one.0.cmp(&other.0));
            assert_eq!(sorted, expected);
        }
    }
}
