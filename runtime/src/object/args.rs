//! What stubs take as arguments.

use bytes::Bytes;

use crate::action::{ActionParam, encode};
use crate::rpc::Reply;

/// What a stub accepts where the action takes a `T`: a `T` itself; for an `Option<T>` also a bare `T`; for a `String`
/// also a `&str`.
#[diagnostic::on_unimplemented(
    message = "the action takes `{T}` here, not `{Self}`",
    label = "expected `{T}`"
)]
pub trait Arg<T> {
    /// The parameter itself.
    fn into_arg(self) -> T;
}

impl<T> Arg<T> for T {
    fn into_arg(self) -> T {
        self
    }
}

impl<T> Arg<Option<T>> for T {
    fn into_arg(self) -> Option<T> {
        Some(self)
    }
}

impl Arg<String> for &str {
    fn into_arg(self) -> String {
        self.to_owned()
    }
}

impl Arg<Option<String>> for &str {
    fn into_arg(self) -> Option<String> {
        Some(self.to_owned())
    }
}

/// The arguments of a call, as a tuple: they travel by position.
pub trait Args {
    /// Their JSON text.
    fn encode(self) -> Reply;
}

impl Args for () {
    fn encode(self) -> Reply {
        Ok(Bytes::new())
    }
}

macro_rules! args {
    ($($arg:ident)+) => {
        impl<$($arg: ActionParam),+> Args for ($($arg,)+) {
            fn encode(self) -> Reply {
                encode(&self)
            }
        }
    };
}

args!(A);
args!(A B);
args!(A B C);
args!(A B C D);
args!(A B C D E);
args!(A B C D E F);
args!(A B C D E F G);
args!(A B C D E F G H);
args!(A B C D E F G H I);
args!(A B C D E F G H I J);
args!(A B C D E F G H I J K);
args!(A B C D E F G H I J K L);
