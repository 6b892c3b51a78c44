//! How connections end.

/// The codes this server closes a WebSocket with; `docs/live.md` is this table as a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The other side is done.
    Normal = 1000,
    /// The server shuts down.
    GoingAway = 1001,
    /// A frame breaks RFC 6455.
    Protocol = 1002,
    /// A binary message, and nobody who takes it.
    Unsupported = 1003,
    /// Seen, never sent: the other side closed it without a code.
    NoCode = 1005,
    /// Seen, never sent: the connection broke without a word.
    Abnormal = 1006,
    /// Text that is no UTF-8.
    NotUtf8 = 1007,
    /// A message over its limit.
    TooBig = 1009,
    /// `connect` panicked.
    Internal = 1011,
    /// The object was reset.
    Restart = 1012,
    /// Too many messages wait for the object.
    TryAgainLater = 1013,
    /// The client reads too slowly.
    Slow = 4008,
    /// The credentials it was opened with have expired.
    Unauthenticated = 4401,
    /// `connect` refused.
    Refused = 4403,
    /// The object was destroyed.
    Gone = 4410,
    /// `connect` refused for now.
    RefusedForNow = 4503,
}

impl CloseCode {
    /// The number on the wire.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What a close frame with this code says, where the code alone decides.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Gone => "destroyed",
            _ => "",
        }
    }
}

/// The longest reason of a close frame, in bytes of UTF-8 (RFC 6455, 5.5: 125 less the code).
pub(super) const MAX_REASON: usize = 123;

/// Whether an object may close a connection so; else what is wrong.
pub fn check_close(code: u16, reason: &str) -> Result<(), &'static str> {
    if code != CloseCode::Normal.number() && !(3000..=4999).contains(&code) {
        return Err("a connection is closed with the code 1000 or one from 3000 to 4999");
    }
    if reason.len() > MAX_REASON {
        return Err("the reason of a close has at most 123 bytes");
    }
    Ok(())
}

/// As much of a reason as a close frame holds.
pub fn shorten_reason(reason: &str) -> &str {
    let end = (0..=reason.len().min(MAX_REASON))
        .rev()
        .find(|end| reason.is_char_boundary(*end))
        .unwrap_or(0);
    &reason[..end]
}
