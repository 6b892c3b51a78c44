//! Deferred work: calls that are made later, or handed over to be made surely.
//!
//! * `call.after(cx, minutes(5))`, `call.at(cx, time)`: once, then.
//! * `cx.schedule("digest", call)`: under a name, which may be registered again; [`every`](Schedule::every) so often, or as a
//!   [`cron`](Schedule::cron) expression says.
//! * `call.send(cx)`: now, but surely: the call is kept with the commit of the action that sends it, and made until the
//!   other object has taken it, in the order of sending.
//!
//! * `cx.post("https://..").json(&value).send()`: likewise to a server that is no object.
//!
//! A class or mixin that does so says it: `#[durable_object(defers)]`, `#[mixin(defers)]`; of the last, `webhooks`.
//!
//! All of them are records of the object that asks for them, so they are committed and undone with everything else, and the
//! platform's one alarm is set for the earliest. See `docs/time.md`.

mod backoff;
mod call;
mod context;
#[cfg(feature = "cron")]
mod cron;
mod dead;
mod defer;
mod defers;
mod history;
mod index;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
pub(crate) mod left;
mod outbox;
mod owed;
mod pass;
mod post;
mod schedule;
mod schedules;
mod sends;
mod stored;
mod when;

pub use backoff::Backoff;
pub use dead::{DeadLetter, DeadLetters, DeadLettersMut};
pub use defers::{Defers, Webhooks};
pub use history::Run;
pub use outbox::SendId;
pub use owed::Owed;
pub use post::Post;
pub use schedule::Schedule;
pub use schedules::{Scheduled, Schedules, SchedulesMut};
pub use sends::{Outbox, OutboxMut, Pending};
pub use when::{Missed, Overlap};

pub(crate) use call::Parts;
pub(crate) use call::StoredCall;
pub(crate) use index::{BEHIND as INDEX_END, earliest, earliest_stored};
pub(crate) use outbox::{Delivered, Failed, Head, Lane, head, is_waiting, note, push};
pub(crate) use pass::{Begun, Keeper, Pass, begin};
pub(crate) use stored::{RunOf, done, failed};
