//! NDJSON, cut into its lines as it comes.

use bytes::{Bytes, BytesMut};

/// What came and was not read.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: BytesMut,
    /// So many bytes at its beginning were looked through for the end of a line.
    looked: usize,
}

impl Lines {
    /// Some more.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
    }

    /// The next whole line, without its end.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let found = self.rest[self.looked..]
            .iter()
            .position(|byte| *byte == b'\n');
        let Some(found) = found else {
            self.looked = self.rest.len();
            return None;
        };
        let end = self.looked + found;
        self.looked = 0;
        let mut line = self.rest.split_to(end + 1);
        line.truncate(end);
        Some(line.freeze())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lines_are_the_same_however_they_come(text in "[a\n]{0,40}", cuts in prop::collection::vec(0_usize..8, 0..20)) {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (some, more) = rest.split_at(cut.min(rest.len()));
                lines.add(some);
                rest = more;
                while let Some(line) = lines.next() {
                    found.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            let mut expected: Vec<&str> = text.split('\n').collect();
            // What follows the last end is no line.
            expected.pop();
            prop_assert_eq!(found, expected);
        }
    }
}
