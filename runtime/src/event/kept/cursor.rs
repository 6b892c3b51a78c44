//! How far a subscriber has come.

use std::fmt;
use std::str::FromStr;

/// A place in an object's log of events, as text `<log>-<position>`. Opaque to clients: they give back what they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Tells the log from that of another life of the object; `0` where there was none yet.
    pub(crate) log: Box<str>,
    /// The number of the last event that was seen; 0 for none.
    pub(crate) at: u64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoCursor;

impl Cursor {
    /// The log of an object that has none yet.
    pub(crate) const NO_LOG: &str = "0";
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.log, self.at)
    }
}

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (log, at) = text.split_once('-').ok_or(NoCursor)?;
        let is_log =
            !log.is_empty() && log.len() <= 16 && log.bytes().all(|byte| byte.is_ascii_hexdigit());
        // `u64` alone would take `+1`.
        let is_number = at.bytes().all(|byte| byte.is_ascii_digit());
        let at = at.parse().ok().filter(|_| is_log && is_number);
        at.map(|at| Self {
            log: log.into(),
            at,
        })
        .ok_or(NoCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let cursor = Cursor {
            log: "00c0ffee".into(),
            at: u64::MAX,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in [
            "",
            "-",
            "0",
            "0-",
            "-1",
            "0-+1",
            "0--1",
            "x-1",
            "00c0ffee00c0ffee0-1",
            "0-18446744073709551616",
            "0-1 ",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NoCursor), "{text}");
        }
    }
}
