//! Who is there: derived from open connections, so that nobody stays behind as a ghost.
//!
//! None of them is stored. Each connection carries who uses it, and who is there is read off the connections: after a crash, a
//! lost network or a restart of the server nobody is there who is not. Somebody with several connections is there once, and
//! leaves with the last of them.
//!
//! Who does nothing for [five minutes](IDLE) is idle, and the others hear a [`Changed`]; another one when they do something
//! again. To do something is to call, by any of their connections, an action that is a command, of the object or of any of its
//! mixins, or one that commits by [`Handle::atomic`](crate::prelude::Handle::atomic). Queries are not counted, nor are pings; a
//! `message` handler says that it heard something by `self.presence.active(&mut cx.presence())`. To tell it is what an alarm of
//! the mixin is for, the one record that it stores: set while somebody is there who is not idle, it wakes the object once in
//! five minutes for one of them, and at most five times however many they are. So who comes to an object that does not exist
//! yet brings it to life.
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

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::event::Executed;
use crate::object::{minutes, seconds};
use crate::prelude::*;

mod mixin;

use mixin::presence;

/// How long somebody types who does not say so again.
pub const TYPING: Duration = seconds(5);
/// Who does nothing for so long is idle, if the object says nothing else by `idle_after`.
pub const IDLE: Duration = minutes(5);
/// What somebody does within so long of what they did last is not noted: connections that say much are not written to each time.
const GRAIN: Duration = seconds(1);
/// Into how many parts the time is divided after which somebody is idle: the alarm goes off once in each of them at most.
const SPACES: u32 = 5;
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
    /// Whether they have done nothing for five minutes, or as long as the object says.
    pub idle: bool,
}

/// What a connection carries.
#[data]
struct Guest {
    name: String,
    metadata: Value,
    since: Timestamp,
    /// When they last did something, to the second.
    active: Timestamp,
    typing_until: Option<Timestamp>,
    /// Whether the others were told that they are idle; the same for all connections of one of them.
    told_idle: bool,
}

/// How long somebody does nothing before they are idle.
#[derive(Debug)]
struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(IDLE)
    }
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
fn members(connections: &[Connection], now: Timestamp, patience: &Patience) -> Vec<Member> {
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
        idle: active + patience.0 <= now,
        ..member
    });
    settled.collect()
}

/// Whose time has come to be told idle, and when the next one's comes, if all do nothing.
fn silent(
    connections: &[Connection],
    now: Timestamp,
    patience: &Patience,
) -> (BTreeSet<String>, Option<Timestamp>) {
    let mut active: BTreeMap<String, Timestamp> = BTreeMap::new();
    for guest in connections.iter().filter_map(Connection::state::<Guest>) {
        if !guest.told_idle {
            let latest = active.entry(guest.name).or_insert(guest.active);
            *latest = guest.active.max(*latest);
        }
    }
    let mut next = None;
    active.retain(|_, active| {
        let at = *active + patience.0;
        if at > now {
            next = next.into_iter().chain([at]).min();
        }
        at <= now
    });
    (active.into_keys().collect(), next)
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

presence! {
    /// Who of those who are authenticated is there. Mount it as `#[mixin] presence: Presence`.
}

/// The same for everyone.
pub mod public {
    use std::time::Duration;

    use serde_json::Value;

    use super::{
        GRAIN, Guest, Member, Patience, PresenceError, SPACES, TYPING, check, count, members,
        presence, silent,
    };
    use crate::event::Executed;
    use crate::prelude::*;

    presence! {
        /// Who is there, authenticated or not. Mount it as `#[mixin] presence: Presence`.
        [public]
    }
}
