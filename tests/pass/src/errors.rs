//! Errors of every shape.

use stayput::prelude::*;

#[derive(Debug, ActionError)]
#[error(prefix = "all")]
pub(crate) enum All {
    /// Nothing there.
    Empty,
    #[error(
        code = "over",
        status = 409,
        retryable,
        message = "holds {max:>3} {{not {got}}}"
    )]
    TooMany {
        max: u32,
        got: u64,
    },
    /// A pair.
    Pair(String, Vec<u8>),
    One(Option<u8>),
}

#[derive(Debug, ActionError)]
pub(crate) enum Never {}

#[derive(Debug, ActionError)]
#[error(prefix = "all", code = "unit")]
pub(crate) struct Unit;

#[derive(Debug, ActionError)]
#[error(prefix = "all", message = "{0}")]
pub(crate) struct Tuple(pub(crate) u8);

#[durable_object]
pub(crate) struct Failing {}

#[durable_object]
impl Failing {
    #[action]
    fn all(&self, which: u8) -> Result<(), All> {
        Err(match which {
            0 => All::Empty,
            1 => All::TooMany { max: 1, got: 2 },
            2 => All::Pair(String::new(), vec![]),
            _ => All::One(None),
        })
    }

    #[action]
    fn never(&self) -> Result<u8, Never> {
        Ok(1)
    }

    #[action]
    fn unit(&self) -> Result<u8, Unit> {
        Err(Unit)
    }

    #[action]
    fn tuple(&self) -> Result<u8, Tuple> {
        Err(Tuple(1))
    }
}
