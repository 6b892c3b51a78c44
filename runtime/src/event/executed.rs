//! What the runtime itself tells handlers, within the transaction of an action.

use crate::prelude::event;

/// An action has done its work and is about to be committed: the method of a command has returned `Ok`, or a closure of
/// [`Handle::atomic`](crate::prelude::Handle::atomic). Its handlers write into the same transaction: a row for the audit, a
/// check of what must always hold. With `required` a handler's error undoes the action as well.
///
/// The object's handlers hear it and those of its mixins, so an audit can be a mixin that many classes mount. It is told
/// of actions only, not of `start`, alarms and handlers, and never to clients.
///
/// ```
/// use stayput::event::Executed;
/// use stayput::prelude::*;
///
/// #[mixin]
/// struct Audit { rows: Log<String> }
///
/// #[mixin]
/// impl Audit {
///     #[event(Executed, required)]
///     fn note(&mut self, cx: &mut Context<Self>, executed: Executed) {
///         self.rows.push(format!("{} {}{}", cx.caller().subject(), executed.action, executed.params));
///     }
///
///     #[action(scope = "audit")]
///     fn rows(&self) -> Vec<String> { self.rows.last(100) }
/// }
///
/// #[durable_object]
/// struct Till { cents: i64, #[mixin] audit: Audit }
///
/// #[durable_object]
/// impl Till {
///     #[action]
///     fn pay(&mut self, cents: i64) -> i64 { self.cents += cents; self.cents }
///
///     /// Whatever was done, there is no less than nothing in it.
///     #[event(Executed, required)]
///     fn holds(&mut self) -> Result<()> {
///         if self.cents < 0 { return Err(stayput::Error::msg("less than nothing")); }
///         Ok(())
///     }
/// }
///
/// stayput::app!(Till);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let till = Till::named(&t.as_user("ada"), "front");
///     till.pay(500).await.unwrap();
///     till.pay(-600).await.unwrap_err();
///     assert_eq!(Till::named(t, "front").audit().rows().await.unwrap(), ["ada pay[500]"]);
/// });
/// # }
/// ```
#[event(name = "stayput.executed")]
pub struct Executed {
    /// The action's wire name.
    pub action: String,
    /// Its parameters as they came, JSON text: an object or an array; empty if there were none.
    pub params: String,
    /// What it answers, JSON text; nothing for a closure.
    pub result: Option<String>,
}
