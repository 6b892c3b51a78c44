//! Parameters checked against a JSON Schema that a person wrote.

mod reading;
mod told;

use std::fmt;
use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};

use self::reading::Reading;
use super::{Invocation, Middleware, Next, Reply};
use crate::action::refuse;
use crate::error::Code;
use crate::rpc::WireError;

/// Checks the parameters of calls against a JSON Schema of your own, for what the types and `#[param(..)]` cannot say: that
/// one parameter is needed with another, or what lies within a free JSON value. Feature `jsonschema`, native programs only.
///
/// A `static` holds the schema, so that all objects share what it is compiled to, once, by the first call. Actions list a
/// reference to it.
///
/// ```
/// use stayput::middleware::ParamsSchema;
/// use stayput::prelude::*;
///
/// /// Who wants it brought says where to.
/// static ORDER: ParamsSchema = ParamsSchema::new(r#"{
///     "properties": { "count": { "type": "integer", "multipleOf": 6 } },
///     "if": { "properties": { "bring": { "const": true } }, "required": ["bring"] },
///     "then": { "properties": { "address": { "type": "string" } }, "required": ["address"] }
/// }"#);
///
/// #[durable_object]
/// struct Bakery { sold: u64 }
///
/// #[durable_object]
/// impl Bakery {
///     #[action(public, middleware(&ORDER))]
///     fn order(&mut self, count: u64, bring: bool, address: Option<String>) -> u64 {
///         let _ = (bring, address);
///         self.sold += count;
///         self.sold
///     }
/// }
///
/// stayput::app!(Bakery);
/// # fn main() {
/// ORDER.check().unwrap();
/// stayput::testing::run(app(), async |t| {
///     let bakery = Bakery::named(t, "main");
///     assert_eq!(bakery.order(6, false, None).await.unwrap(), 6);
///     let refused = bakery.order(6, true, None).await.unwrap_err();
///     assert_eq!(refused.rejection().unwrap().code(), "invalid_params");
/// });
/// # }
/// ```
///
/// The schema describes an object with a member for each parameter, as it was sent: defaults are not filled in, and parameters
/// sent by position have their names. What does not fit is answered `invalid_params` with at most 100 faults in
/// `details.faults`, like a fault of `#[param(..)]`: `path` (JSON pointer), `rule` (the schema's keyword), `expected`, `received`, `allowed`.
/// What fits goes on to the action, whose types and constraints are checked as ever.
///
/// In a URL every value is a text. It is taken as the JSON it looks like if the schema allows that, else as a string, else as a
/// list; the action gets just what was checked. So let the schema tell the `type` of each parameter of such an action.
///
/// All parameters together are nested at most 127 levels deep; what is deeper is refused, as it cannot be checked.
///
/// A text without `$schema` is of draft 2020-12. `format` is checked. `pattern` takes linear time, and knows neither look-around
/// nor back-references. `$ref` leads within the text only. A schema that is none is `config.invalid` at each call;
/// [`check`](Self::check) in a test finds it earlier. The manifest and the clients know nothing of it.
pub struct ParamsSchema {
    text: &'static str,
    compiled: OnceLock<Result<Validator, String>>,
}

impl ParamsSchema {
    /// By this text.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// Whether the text is a schema that can be used: for a test.
    ///
    /// # Errors
    ///
    /// `config.invalid`, with what is wrong.
    pub fn check(&self) -> crate::Result<()> {
        match self.compiled() {
            Ok(_) => Ok(()),
            Err(error) => Err(crate::error::Rejection::new(error).into()),
        }
    }

    fn compiled(&self) -> Result<&Validator, Box<WireError>> {
        let compiled = self.compiled.get_or_init(|| compile(self.text));
        compiled.as_ref().map_err(|reason| {
            let message = format!("a `ParamsSchema` cannot be used: {reason}");
            Box::new(WireError::framework(Code::ConfigInvalid, message))
        })
    }
}

fn compile(text: &str) -> Result<Validator, String> {
    let schema = serde_json::from_str(text).map_err(|error| error.to_string())?;
    jsonschema::options()
        .should_validate_formats(true)
        // Callers choose the texts, so that the time they take must not depend on a clever choice.
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .map_err(|error| error.to_string())
}

impl Middleware for &'static ParamsSchema {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        let schema = self.compiled()?;
        let mut reading = Reading::of(call)?;
        reading.settle(schema);
        let params = reading.params();
        if !schema.is_valid(&params) {
            return Err(refuse(told::faults(schema, &params)));
        }
        reading.keep(call)?;
        next.run(call).await
    }
}

impl fmt::Debug for ParamsSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParamsSchema")
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
