//! Who may bring an object to life: `#[durable_object(create = "rooms:create")]`.

use super::Host;
use crate::error::Code;
use crate::object::{Caller, Chain, Object};
use crate::rpc::WireError;

impl<T: Object> Host<T> {
    /// Why this caller may not change the object: it does not exist yet, and they may not make it.
    ///
    /// Calls of objects may: whoever called those was judged by what they called.
    pub(super) fn barred(&self, caller: &Caller, above: &Chain) -> Option<Box<WireError>> {
        let scope = T::CREATE?;
        if self.core.born.get() || !above.is_root() || caller.has_scope(scope) {
            return None;
        }
        let message = format!(
            "{} does not exist, and to create it takes the scope `{scope}`",
            self.core.identity
        );
        let code = if caller.is_authenticated() {
            Code::Forbidden
        } else {
            Code::Unauthenticated
        };
        let error = WireError::framework(code, message);
        Some(Box::new(
            error.details(&serde_json::json!({ "scope": scope })),
        ))
    }
}
