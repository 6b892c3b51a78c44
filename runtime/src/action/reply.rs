//! From what a method returns to a reply.

use std::marker::PhantomData;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{ActionError, Code};
use crate::rpc::{Reply, WireError};

/// The two halves of a `Result`, reached by projection: the macros never take a type apart by name.
pub trait Fallible {
    /// What `Ok` holds.
    type Ok;
    /// What `Err` holds.
    type Err;
}

/// What an action can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an action",
    label = "callers cannot get this",
    note = "put `#[data]` on the type and on what it holds, or derive `Serialize` and `JsonSchema`"
)]
pub trait ActionOutput: Serialize + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> ActionOutput for T {}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// What `Ok` holds.
pub type OkOf<R> = <R as Fallible>::Ok;

/// What `Err` holds.
pub type ErrOf<R> = <R as Fallible>::Err;

/// The reply of an action that cannot fail.
pub fn reply_value<T: ActionOutput>(value: T) -> Reply {
    encode(&value)
}

/// The reply of an action that can.
#[expect(
    clippy::needless_pass_by_value,
    reason = "called by generated code with what the method returned"
)]
pub fn reply_result<T: ActionOutput, E: ActionError>(result: Result<T, E>) -> Reply {
    match result {
        Ok(value) => encode(&value),
        Err(error) => Err(Box::new(error.to_wire())),
    }
}

/// The outcome of a handler that cannot fail. A handler answers nobody, so its value is dropped.
pub fn finish_value<T>(_: T) -> Result<(), Box<WireError>> {
    Ok(())
}

/// The outcome of a handler that can.
#[expect(
    clippy::needless_pass_by_value,
    reason = "called by generated code with what the method returned"
)]
pub fn finish_result<T, E: ActionError>(result: Result<T, E>) -> Result<(), Box<WireError>> {
    match result {
        Ok(_) => Ok(()),
        Err(error) => Err(Box::new(error.to_wire())),
    }
}

/// Encodes a result as it travels.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Reply {
    match crate::state::encode("result", value) {
        Ok(text) => Ok(Bytes::from(text)),
        Err(fault) => Err(Box::new(WireError::framework(
            Code::of_storage(&fault),
            fault.to_string(),
        ))),
    }
}

/// Tells whether a type is a `Result` behind another name: the inherent constant wins over the trait's.
#[derive(Debug)]
pub struct ResultProbe<T>(PhantomData<T>);

/// Holds for all types; hidden behind the inherent constant for results.
pub trait NotResult {
    /// Not a result.
    const IS_RESULT: bool = false;
}

impl<T> NotResult for ResultProbe<T> {}

impl<T, E> ResultProbe<Result<T, E>> {
    /// A result.
    pub const IS_RESULT: bool = true;
}

/// Refuses an alias of `Result` as a return type: what the macros cannot see they cannot take apart.
#[doc(hidden)]
#[macro_export]
macro_rules! __assert_not_result {
    ($type:ty) => {
        const _: () = {
            #[allow(unused_imports, reason = "unused where the inherent constant is found")]
            use $crate::__private::NotResult as _;
            ::core::assert!(
                !$crate::__private::ResultProbe::<$type>::IS_RESULT,
                "this type is a `Result` behind another name: write the return type as `Result<..>`"
            );
        };
    };
}
