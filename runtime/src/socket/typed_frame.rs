//! Frames of a binary protocol of one's own: one byte for the type, four for the length, then the payload.

use std::fmt;

use bytes::{BufMut as _, Bytes, BytesMut};

use super::Frame;

/// How long the header is: the type and the length.
const HEADER: usize = 5;

/// A binary frame that says its type and its length: `[1 byte type][4 bytes length, big-endian][payload]`.
///
/// ```
/// # use stayput::prelude::*;
/// use stayput::socket::{Incoming, TypedFrame};
///
/// const PING: u8 = 1;
/// const PONG: u8 = 2;
/// const ERROR: u8 = 4;
///
/// #[durable_object]
/// struct Meter {
///     pings: u64,
/// }
///
/// #[durable_object]
/// impl Meter {
///     #[event(message)]
///     fn message(&mut self, cx: &mut Context<Self>, message: Incoming) {
///         let answer = match TypedFrame::read(&message.frame) {
///             Ok(frame) if frame.kind == PING => {
///                 self.pings += 1;
///                 TypedFrame::new(PONG, self.pings.to_be_bytes().to_vec())
///             }
///             Ok(frame) => TypedFrame::new(ERROR, format!("unknown type {}", frame.kind)),
///             Err(fault) => fault.to_frame(ERROR),
///         };
///         message.connection.send(cx, answer);
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedFrame {
    /// The type; what it means is the protocol's affair.
    pub kind: u8,
    /// What follows the header.
    pub payload: Bytes,
}

/// Why a frame is no [`TypedFrame`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypedFrameError {
    /// It is text.
    Text,
    /// It ends within the header.
    Short {
        /// How many bytes it has.
        length: usize,
    },
    /// The payload is longer or shorter than the header says.
    Length {
        /// What the header says, in bytes.
        said: u32,
        /// How many bytes follow the header.
        follow: usize,
    },
    /// The payload is longer than the reader takes.
    Large {
        /// How many bytes it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
}

impl TypedFrame {
    /// A frame of this type. The payload and its header fit a frame up to 1 MiB; sending a longer one is refused.
    pub fn new(kind: u8, payload: impl Into<Bytes>) -> Self {
        let payload = payload.into();
        Self { kind, payload }
    }

    /// Reads a frame as it came. The payload is not copied.
    ///
    /// # Errors
    ///
    /// If it is not one whole typed frame and nothing else.
    pub fn read(frame: &Frame) -> Result<Self, TypedFrameError> {
        Self::read_within(frame, usize::MAX)
    }

    /// The same, with at most so many bytes of payload.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and if the payload is longer.
    pub fn read_within(frame: &Frame, limit: usize) -> Result<Self, TypedFrameError> {
        let Frame::Binary(bytes) = frame else {
            return Err(TypedFrameError::Text);
        };
        let Some((&[kind, a, b, c, d], payload)) = bytes.split_first_chunk::<HEADER>() else {
            let length = bytes.len();
            return Err(TypedFrameError::Short { length });
        };
        let (said, follow) = (u32::from_be_bytes([a, b, c, d]), payload.len());
        if usize::try_from(said) != Ok(follow) {
            return Err(TypedFrameError::Length { said, follow });
        }
        if follow > limit {
            return Err(TypedFrameError::Large {
                length: follow,
                limit,
            });
        }
        Ok(Self::new(kind, bytes.slice(HEADER..)))
    }
}

impl From<TypedFrame> for Frame {
    fn from(frame: TypedFrame) -> Self {
        let TypedFrame { kind, payload } = frame;
        let mut bytes = BytesMut::with_capacity(HEADER + payload.len());
        bytes.put_u8(kind);
        // A longer one is longer than any frame that may be sent, too.
        bytes.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
        bytes.put(payload);
        Self::Binary(bytes.freeze())
    }
}

impl TypedFrameError {
    /// A word for programs: `text`, `short`, `length` or `large`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Short { .. } => "short",
            Self::Length { .. } => "length",
            Self::Large { .. } => "large",
        }
    }

    /// The frame that tells the sender, of the protocol's type for errors: its payload is `code: what is wrong`.
    pub fn to_frame(&self, kind: u8) -> TypedFrame {
        TypedFrame::new(kind, format!("{}: {self}", self.code()))
    }
}

impl fmt::Display for TypedFrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text, where a binary frame is expected"),
            Self::Short { length } => {
                write!(f, "{length} bytes, where the header alone has {HEADER}")
            }
            Self::Length { said, follow } => {
                write!(f, "the header says {said} bytes, and {follow} follow")
            }
            Self::Large { length, limit } => {
                write!(f, "{length} bytes of payload, at most {limit} are taken")
            }
        }
    }
}

impl std::error::Error for TypedFrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<TypedFrame, TypedFrameError> {
        TypedFrame::read(&Frame::from(bytes.to_vec()))
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        for length in [0, 1, 70_000] {
            let frame = TypedFrame::new(7, vec![b'a'; length]);
            let bytes = Frame::from(frame.clone());
            assert_eq!(bytes.as_bytes().len(), HEADER + length);
            assert_eq!(TypedFrame::read(&bytes), Ok(frame));
        }
        assert_eq!(
            Frame::from(TypedFrame::new(3, "hi")).as_bytes(),
            [3, 0, 0, 0, 2, b'h', b'i']
        );
    }

    #[test]
    fn what_is_none_is_refused_and_told() {
        assert_eq!(read(b""), Err(TypedFrameError::Short { length: 0 }));
        assert_eq!(
            read(&[1, 0, 0, 0]),
            Err(TypedFrameError::Short { length: 4 })
        );
        for (bytes, said, follow) in [
            (&[1, 0, 0, 0, 1][..], 1, 0),
            (&[1, 0, 0, 0, 0, 9], 0, 1),
            (&[1, 255, 255, 255, 255, 9], u32::MAX, 1),
        ] {
            assert_eq!(read(bytes), Err(TypedFrameError::Length { said, follow }));
        }
        let text = TypedFrame::read(&Frame::from("hello"));
        assert_eq!(text, Err(TypedFrameError::Text));
        let large = TypedFrame::read_within(&TypedFrame::new(1, "four").into(), 3);
        assert_eq!(
            large,
            Err(TypedFrameError::Large {
                length: 4,
                limit: 3
            })
        );
        let told = large.unwrap_err().to_frame(4);
        assert_eq!(
            told,
            TypedFrame::new(4, "large: 4 bytes of payload, at most 3 are taken")
        );
    }
}
