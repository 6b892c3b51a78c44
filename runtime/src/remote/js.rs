//! Objects that are written by hand in JavaScript, reached on Workers by a binding.

use std::fmt;

use ::http::Method;
use serde::Serialize;

use super::Remote;
use super::js_fetch::JsRequest;
use crate::action::encode;
use crate::error::{Code, Error};
use crate::object::{Call, HasOrigin, Mode, ObjectId, StubCore};
use crate::rpc::{Reply, WireError};

/// A class of Durable Objects that is written by hand in JavaScript, by the binding that leads to it.
///
/// Calls reach the public methods of the class by the platform's own RPC, requests its `fetch`. They exist on Workers only: natively they
/// answer `config.binding_missing`.
///
/// ```no_run
/// # use stayput::prelude::*;
/// use stayput::remote::JsClass;
///
/// static MAILER: JsClass = JsClass::bound("MAILER");
///
/// # #[durable_object] struct Shop { sold: u64 }
/// #[durable_object]
/// impl Shop {
///     #[action]
///     async fn sell(&mut self, cx: &mut Context<Self>, to: String) -> Result<u64> {
///         self.sold += 1;
///         let mailer = MAILER.named(cx, "main");
///         let sent: u64 = mailer.call("send", &(to, "Thank you!")).await?;
///         Ok(sent)
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct JsClass {
    remote: Remote,
}

/// One object of such a class.
#[derive(Clone)]
pub struct JsObject {
    core: StubCore,
}

impl JsClass {
    /// The class to which the binding `binding` of the Worker leads.
    pub const fn bound(binding: &'static str) -> Self {
        Self {
            remote: Remote {
                app: "",
                class: binding,
                exported: "",
                setting: "",
                service: "",
                binding,
                deliver: super::deliver::deliver_js,
            },
        }
    }

    /// The object with this name (`getByName`).
    pub fn named(&'static self, cx: &impl HasOrigin, name: &str) -> JsObject {
        let core = self.remote.named(cx, name);
        JsObject { core }
    }

    /// The object with this id (`get`).
    pub fn by_id(&'static self, cx: &impl HasOrigin, id: ObjectId) -> JsObject {
        let core = self.remote.by_id(cx, id);
        JsObject { core }
    }
}

impl JsObject {
    /// A request to its `fetch` method: `method`, and a path with its query. Awaited, it answers the response, whatever its
    /// status; bodies of more than 16 MiB are refused. Of redirects none is followed. It counts as a command.
    ///
    /// ```no_run
    /// # use stayput::prelude::*;
    /// # use stayput::remote::JsClass;
    /// use stayput::front::Method;
    ///
    /// # static MAILER: JsClass = JsClass::bound("MAILER");
    /// # #[durable_object] struct Shop {}
    /// # #[durable_object]
    /// # impl Shop {
    /// #[action]
    /// async fn sell(&mut self, cx: &mut Context<Self>, to: String) -> Result<u16> {
    ///     let mailer = MAILER.named(cx, "main");
    ///     let response = mailer.fetch(Method::POST, "/send?now").json(&to).await?;
    ///     Ok(response.status().as_u16())
    /// }
    /// # }
    /// # fn main() {}
    /// ```
    pub fn fetch(&self, method: Method, path: &str) -> JsRequest {
        JsRequest::new(self.core.clone(), method, path)
    }

    /// A call of one of its methods. `args` is a tuple or a list: they are the method's arguments, by position, as JSON
    /// has them; integers that a JavaScript number does not hold are `bigint`. `undefined` as the result is `null`.
    ///
    /// It counts as a command: a query cannot make it. A method that throws is a rejection with the code `js_exception`.
    pub fn call<T>(&self, method: &str, args: &(impl Serialize + ?Sized)) -> Call<T, Error> {
        self.core.call_text(method, Mode::Write, positional(args))
    }
}

/// Arguments as the text of an array.
fn positional(args: &(impl Serialize + ?Sized)) -> Reply {
    let text = encode(args)?;
    match text.first() {
        // `()` is `null`.
        Some(b'[' | b'n') | None => Ok(text),
        _ => {
            let message = "the arguments of a JavaScript method are a tuple or a list: `&(first, second)`, `&(only,)`, `&()`";
            Err(Box::new(WireError::framework(
                Code::InvalidRequest,
                message,
            )))
        }
    }
}

impl fmt::Debug for JsObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_positional() {
        let text = |reply: Reply| reply.map(|text| String::from_utf8_lossy(&text).into_owned());
        assert_eq!(text(positional(&("a", 1))).unwrap(), r#"["a",1]"#);
        assert_eq!(text(positional(&[1, 2])).unwrap(), "[1,2]");
        assert_eq!(
            text(positional(&()))
                .unwrap_or_default()
                .trim_start_matches("null"),
            ""
        );
        for wrong in [positional("a"), positional(&1), positional(&Some("a"))] {
            assert!(wrong.unwrap_err().is(Code::InvalidRequest));
        }
    }
}
