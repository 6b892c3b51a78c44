//! Why the object refuses.

use stayput::prelude::*;

/// Why an edit was not made.
#[derive(Debug, ActionError)]
#[error(prefix = "document")]
pub enum DocumentError {
    /// The edits since that version are not kept any more. Read the text anew.
    #[error(
        status = 409,
        message = "the edits since version {base} are not kept any more: read the text anew"
    )]
    Stale {
        /// The version that the edit was made for.
        base: u64,
        /// The oldest version that edits can be made for.
        oldest: u64,
    },
    /// There is no such version yet.
    #[error(status = 409, message = "there is no version {base} yet")]
    Unknown {
        /// The version that the edit was made for.
        base: u64,
    },
    /// A change is beyond the end of the text, or between the halves of a character.
    #[error(
        status = 422,
        message = "a change is beyond the end of the text or within a character: positions are UTF-16 units"
    )]
    OutOfRange,
    /// The edit has too many changes, or line ends that are no `\n`.
    #[error(
        status = 422,
        message = "an edit has 1 to 100 changes, and lines end with a line feed alone"
    )]
    Malformed,
    /// The text would be too long.
    #[error(
        status = 422,
        message = "the text would be longer than 100,000 UTF-16 units"
    )]
    TooLong,
    /// A cursor is there as long as a connection.
    #[error(
        status = 400,
        message = "a cursor lasts as long as a connection: join over a WebSocket"
    )]
    NeedsConnection,
}
