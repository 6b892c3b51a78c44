//! Only so many calls a day, for each caller and object, counted on disk.

use std::sync::Arc;

use super::shared::{name_of, unknown_address};
use super::{Invocation, Middleware, Next, Reply};
use crate::action::{InUrl, encode};
use crate::error::{Code, RetryAfter};
use crate::object::{Caller, CallerKind, Envelope, Mode};
use crate::rpc::{WireError, from_utf8};

/// Lets each caller make so many calls of an object a day: `Quota::per_day(1_000)`. More are answered `rate_limited`, with the
/// time to wait. The days are those of UTC.
///
/// What was used is on disk: it outlives restarts. The object mounts [`Quotas`](crate::mixins::Quotas), which keeps it, and each
/// call that is counted is a commit of its own. Counted are calls of clients, also those that fail; not calls by other objects,
/// and not the query of an object that does not exist. Callers are told apart by their names, those without by their addresses.
///
/// All quotas of an object without a [name](Self::named) are one.
///
/// ```
/// use stayput::middleware::Quota;
/// use stayput::mixins::Quotas;
/// use stayput::prelude::*;
///
/// #[durable_object(middleware(Quota::per_day(1_000)))]
/// struct Library {
///     books: Log<String>,
///     #[mixin] quotas: Quotas,
/// }
///
/// #[durable_object]
/// impl Library {
///     #[action(public)]
///     fn add(&mut self, book: String) -> u64 { self.books.push(book) }
///
///     /// All there is: twice a day.
///     #[action(public, middleware(Quota::per_day(2).named("exports")))]
///     fn export(&self) -> Vec<String> { self.books.last(1_000) }
/// }
///
/// stayput::app!(Library);
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let library = Library::named(&t.as_user("ann"), "main");
///     library.add("Emma").await.unwrap();
///     library.export().await.unwrap();
///     library.export().await.unwrap();
///     let refused = library.export().await.unwrap_err();
///     assert_eq!(refused.rejection().unwrap().code(), "rate_limited");
///     assert_eq!(library.quotas().used("exports").await.unwrap(), 2);
/// });
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Quota {
    name: &'static str,
    mount: &'static str,
    limit: u64,
}

impl Quota {
    /// So many calls a day.
    pub const fn per_day(calls: u64) -> Self {
        Self {
            name: "calls",
            mount: "quotas",
            limit: calls,
        }
    }

    /// One that is counted by itself.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Counted by the [`Quotas`](crate::mixins::Quotas) of this field, if it is not called `quotas`; by those of a mixin
    /// (`"shop.quotas"`), within that.
    #[must_use]
    pub const fn mounted(mut self, field: &'static str) -> Self {
        self.mount = field;
        self
    }

    /// Uses one, if there is one left.
    async fn take(&self, call: &Invocation) -> Result<(), Box<WireError>> {
        let who = name_of(call.caller()).ok_or_else(|| Box::new(unknown_address()))?;
        let envelope = Envelope {
            action: format!("{}.take", self.mount).into(),
            params: encode(&(self.name, who, self.limit))?,
            in_url: InUrl::NONE,
            caller: Arc::new(Caller::system()),
            key: None,
            stream: None,
            owed: None,
            connection: None,
            ..call.envelope.clone()
        };
        let reply = call.environment().call(envelope).await;
        let millis = match reply {
            Ok(reply) => from_utf8::<u64>(&reply).map_err(|fault| {
                Box::new(WireError::framework(Code::BadReply, fault.to_string()))
            })?,
            Err(error) if error.is(Code::MethodNotFound) => return Err(self.not_mounted()),
            Err(error) => return Err(error),
        };
        if millis == 0 {
            return Ok(());
        }
        let message = format!("all {} `{}` of the day are used", self.limit, self.name);
        let error = WireError::framework(Code::RateLimited, message);
        Err(Box::new(error.details(&RetryAfter::millis(millis))))
    }

    fn not_mounted(&self) -> Box<WireError> {
        let mount = self.mount;
        let message = format!(
            "a `Quota` has nothing that keeps it: mount `stayput::mixins::Quotas` as `#[mixin] {mount}: Quotas`"
        );
        Box::new(WireError::framework(Code::ConfigInvalid, message))
    }
}

impl Middleware for Quota {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        if call.caller().kind() == CallerKind::System || !call.is_from_outside() {
            return next.run(call).await;
        }
        if call.exists() || self.limit == 0 {
            self.take(call).await?;
            return next.run(call).await;
        }
        // To count would bring it to life, which is for the call to do.
        let reply = next.run(call).await;
        if call.exists() && call.mode() != Mode::Read {
            // What was done is done, whether or not it can be counted.
            let _ = self.take(call).await;
        }
        reply
    }
}
