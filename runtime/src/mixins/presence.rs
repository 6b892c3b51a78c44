//! Who is there: derived from open connections, so that nobody stays behind as a ghost.
//!
//! Nothing of it is stored. Each connection carries who uses it, and who is there is read off the connections: after a crash, a
//! lost network or a restart of the server nobody is there who is not. Somebody with several connections is there once, and
//! leaves with the last of them.
//!
//! [`Presence`] is for authenticated callers, who are known by their subject. [`public::Presence`] is the same for everyone;
//! who is not authenticated gives a name.
//!
//! ```
//! use stayput::mixins::presence::{Joined, Presence};
//! use stayput::prelude::*;
//!
//! #[durable_object]
//! struct Room { #[mixin] presence: Presence }
//!
//! #[durable_object]
//! impl Room {}
//!
//! stayput::app!(Room);
//!
//! # fn main() {
//! stayput::testing::run(app(), async |t| {
//!     let room = Room::named(t, "lobby");
//!     let ann = t.as_user("ann").connect(&room).await.unwrap();
//!     let ben = t.as_user("ben").connect(&room).await.unwrap();
//!     ann.subscribe(&["presence.joined"]).await.unwrap();
//!     let there = Room::named(&ben, "lobby").presence().enter(None, None).await.unwrap();
//!     assert_eq!(there.len(), 1);
//!     t.settle().await;
//!     let Joined { member, count } = ann.next().unwrap();
//!     assert_eq!((&*member.name, count), ("ben", 1));
//!     drop(ben);
//!     t.settle().await;
//!     assert_eq!(Room::named(&ann, "lobby").presence().count().await.unwrap(), 0);
//! });
//! # }
//! ```

use std::time::Duration;

use serde_json::Value;

use crate::object::{minutes, seconds};
use crate::prelude::*;

/// How long somebody types who does not say so again.
pub const TYPING: Duration = seconds(5);
/// Who does nothing for so long is idle.
pub const IDLE: Duration = minutes(5);
/// The longest metadata, in bytes of JSON.
pub const MAX_METADATA: usize = 2 << 10;

/// Somebody who is there.
#[data]
#[derive(PartialEq)]
pub struct Member {
    /// Who: the caller's subject, or the name that they gave.
    pub name: String,
    /// What they say of themselves.
    pub metadata: Value,
    /// When they came.
    pub since: Timestamp,
    /// By how many connections they are there.
    pub connections: u32,
    /// Whether they type.
    pub typing: bool,
    /// Whether they have done nothing for five minutes.
    pub idle: bool,
}

/// What a connection carries.
#[data]
struct Guest {
    name: String,
    metadata: Value,
    since: Timestamp,
    /// When they last did something.
    active: Timestamp,
    typing_until: Option<Timestamp>,
}

/// Why nobody could enter.
#[derive(Debug, ActionError)]
#[error(prefix = "presence")]
pub enum PresenceError {
    /// Who is there is known by their connection.
    #[error(
        status = 400,
        message = "who is there is known by their connection: call over a WebSocket"
    )]
    NeedsConnection,
    /// A caller without a subject gives a name.
    #[error(
        status = 400,
        message = "say who you are: `name` has 1 to 100 characters"
    )]
    NeedsName,
    /// Enter first.
    #[error(status = 409, message = "you are not there: call `enter` first")]
    NotThere,
    /// The metadata is too long.
    #[error(
        status = 400,
        message = "the metadata has {bytes} bytes, at most {max} are allowed"
    )]
    TooLong {
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        max: u64,
    },
}

/// Those who are there, in the order they came, each once.
fn members(connections: &[Connection], now: Timestamp) -> Vec<Member> {
    let mut members: Vec<(Member, Timestamp)> = Vec::new();
    for guest in connections.iter().filter_map(Connection::state::<Guest>) {
        let typing = guest.typing_until.is_some_and(|until| until > now);
        match members
            .iter_mut()
            .find(|(member, _)| member.name == guest.name)
        {
            Some((member, active)) => {
                member.connections += 1;
                member.typing |= typing;
                member.metadata = guest.metadata;
                *active = guest.active.max(*active);
            }
            None => members.push((
                Member {
                    name: guest.name,
                    metadata: guest.metadata,
                    since: guest.since,
                    connections: 1,
                    typing,
                    idle: false,
                },
                guest.active,
            )),
        }
    }
    let settled = members.into_iter().map(|(member, active)| Member {
        idle: active + IDLE <= now,
        ..member
    });
    settled.collect()
}

/// How many they are: no more than an object has connections.
fn count(members: &[Member]) -> u32 {
    u32::try_from(members.len()).unwrap_or(u32::MAX)
}

fn check(metadata: &Value) -> Result<(), PresenceError> {
    let bytes = metadata.to_string().len();
    if bytes > MAX_METADATA {
        return Err(PresenceError::TooLong {
            bytes: bytes as u64,
            max: MAX_METADATA as u64,
        });
    }
    Ok(())
}

/// The same mixin for those who are authenticated, and for everyone.
macro_rules! presence {
    ($(#[$doc:meta])* $([$who:ident])?) => {
        /// Somebody came: their first connection.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Joined {
            /// Who.
            pub member: Member,
            /// How many are there now.
            pub count: u32,
        }

        /// Somebody left: their last connection is gone.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Left {
            /// Who.
            pub name: String,
            /// How many are there now.
            pub count: u32,
        }

        /// Somebody says something else of themselves.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Changed {
            /// Who.
            pub member: Member,
        }

        /// Somebody types, or has stopped. It holds until it is said again, or for five seconds.
        #[event($($who)?)]
        #[derive(PartialEq)]
        pub struct Typing {
            /// Who.
            pub name: String,
            /// Whether they do.
            pub active: bool,
            /// Until when, if they say no more.
            pub until: Timestamp,
        }

        $(#[$doc])*
        #[mixin(events(Joined, Left, Changed, Typing))]
        #[derive(Debug)]
        pub struct Presence {}

        #[mixin]
        impl Presence {
            /// Enters by this connection; answers who is there. Entering again says something else of oneself.
            ///
            /// `name` is for callers without a subject; others are known by theirs. `metadata` is any JSON of up to 2 KiB
            /// that others see.
            #[action($($who)?)]
            pub fn enter(
                &mut self,
                cx: &mut Context<Self>,
                name: Option<String>,
                metadata: Option<Value>,
            ) -> Result<Vec<Member>, PresenceError> {
                let mut connection = cx.connection().ok_or(PresenceError::NeedsConnection)?;
                let subject = Some(cx.caller().subject()).filter(|subject| !subject.is_empty());
                let name = subject.map(str::to_owned).or(name).unwrap_or_default();
                if !(1..=100).contains(&name.chars().count()) {
                    return Err(PresenceError::NeedsName);
                }
                let metadata = metadata.unwrap_or_default();
                check(&metadata)?;
                let before = connection.state::<Guest>();
                let was_there = self.list(cx).iter().any(|member| member.name == name);
                let (now, since) = (cx.now(), before.as_ref().map(|guest| guest.since));
                let guest = Guest {
                    name: name.clone(),
                    metadata,
                    since: since.unwrap_or(now),
                    active: now,
                    typing_until: None,
                };
                connection.set_state(cx, &Some(guest));
                if let Some(before) = before.filter(|before| before.name != name) {
                    self.tell_left(cx, before.name);
                }
                let there = self.list(cx);
                if let Some(member) = there.iter().find(|member| member.name == name).cloned() {
                    if was_there {
                        cx.broadcast(Changed { member });
                    } else {
                        let count = count(&there);
                        cx.broadcast(Joined { member, count });
                    }
                }
                Ok(there)
            }

            /// Who is there, in the order they came; each once, however many connections they have.
            #[action($($who)?)]
            pub fn list(&self, cx: &Context<Self>) -> Vec<Member> {
                members(&cx.connections(), cx.now())
            }

            /// How many are there.
            #[action($($who)?)]
            pub fn count(&self, cx: &Context<Self>) -> u32 {
                count(&self.list(cx))
            }

            /// Tells the others that the caller types, or has stopped. Say it again while it lasts: it is over after five
            /// seconds.
            #[action($($who)?)]
            pub fn typing(
                &mut self,
                cx: &mut Context<Self>,
                active: bool,
            ) -> Result<(), PresenceError> {
                let (mut connection, mut guest) = here(cx)?;
                let until = cx.now() + TYPING;
                guest.active = cx.now();
                guest.typing_until = active.then_some(until);
                connection.set_state(cx, &Some(&guest));
                let name = guest.name;
                cx.broadcast(Typing { name, active, until }).except(connection.id());
                Ok(())
            }

            /// Says that the caller is not idle. Typing and entering say so, too.
            #[action($($who)?)]
            pub fn active(&mut self, cx: &mut Context<Self>) -> Result<(), PresenceError> {
                let (mut connection, mut guest) = here(cx)?;
                guest.active = cx.now();
                connection.set_state(cx, &Some(guest));
                Ok(())
            }

            /// Leaves, and stays connected.
            #[action($($who)?)]
            pub fn leave(&mut self, cx: &mut Context<Self>) -> Result<(), PresenceError> {
                let (mut connection, guest) = here(cx)?;
                connection.set_state(cx, &None::<Guest>);
                self.tell_left(cx, guest.name);
                Ok(())
            }

            /// Who uses the connection whose call runs, if they have entered.
            pub fn me(&self, cx: &Context<Self>) -> Option<Member> {
                let guest = cx.connection()?.state::<Guest>()?;
                self.list(cx).into_iter().find(|member| member.name == guest.name)
            }

            #[event(disconnect)]
            fn gone(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
                if let Some(guest) = gone.connection.state::<Guest>() {
                    self.tell_left(cx, guest.name);
                }
            }

            /// Unless they are there by another connection.
            fn tell_left(&self, cx: &mut Context<Self>, name: String) {
                let there = self.list(cx);
                if there.iter().all(|member| member.name != name) {
                    let count = count(&there);
                    cx.broadcast(Left { name, count });
                }
            }
        }

        /// The connection whose call runs, and who uses it.
        fn here(cx: &Context<Presence>) -> Result<(Connection, Guest), PresenceError> {
            let connection = cx.connection().ok_or(PresenceError::NeedsConnection)?;
            let guest = connection.state::<Guest>().ok_or(PresenceError::NotThere)?;
            Ok((connection, guest))
        }
    };
}

presence! {
    /// Who of those who are authenticated is there. Mount it as `#[mixin] presence: Presence`.
}

/// The same for everyone.
pub mod public {
    use serde_json::Value;

    use super::{Guest, Member, PresenceError, TYPING, check, count, members};
    use crate::prelude::*;

    presence! {
        /// Who is there, authenticated or not. Mount it as `#[mixin] presence: Presence`.
        [public]
    }
}
