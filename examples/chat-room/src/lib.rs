//! A chat room. Messages survive restarts; who is there is known from the open connections, so nobody stays behind as a
//! ghost; who types is told and never kept.

mod presence;

use stayput::prelude::*;

pub use presence::{Joined, Left, Presence, PresenceError};

/// A message of the room.
#[data]
#[derive(PartialEq)]
pub struct Message {
    /// Its number: 1 for the first, always higher than all before.
    pub id: u64,
    /// Who wrote it.
    pub from: String,
    /// What they wrote.
    pub text: String,
    /// When, in milliseconds since 1970.
    pub at: Timestamp,
}

/// Someone said something. The last 1,000 are kept: who loses the connection for a while hears what was said meanwhile.
#[event(public, durable)]
pub struct Said {
    /// What.
    pub message: Message,
}

/// Someone types, or has stopped.
#[event(public)]
pub struct Typing {
    /// Who.
    pub name: String,
    /// Whether they do.
    pub active: bool,
}

/// A chat room whose messages survive restarts.
#[durable_object(events(Said, Typing))]
#[derive(Debug)]
pub struct ChatRoom {
    messages: Log<Stored>,
    #[mixin]
    presence: Presence,
}

/// A message as it is kept: its number is the record's.
#[data]
struct Stored {
    from: String,
    text: String,
    at: Timestamp,
}

#[durable_object]
impl ChatRoom {
    /// Posts a message to everyone in the room and returns its number.
    #[action(public)]
    fn say(
        &mut self,
        cx: &mut Context<Self>,
        /// What to say.
        #[param(min_length = 1, max_length = 4096)]
        text: String,
    ) -> u64 {
        let stored = Stored {
            from: self.presence.name(&cx.presence()),
            text,
            at: cx.now(),
        };
        let id = self.messages.push(stored.clone());
        cx.broadcast(Said {
            message: stored.numbered(id),
        });
        id
    }

    /// The newest messages, oldest first; or, after the message with a given number, the next ones.
    #[action(public)]
    fn history(
        &self,
        /// How many at most.
        #[param(min = 1, max = 1000, default = 50)]
        limit: u32,
        /// The number of the last message that is known.
        after: Option<u64>,
    ) -> Vec<Message> {
        if let Some(next) = after.map(|after| after.saturating_add(1)) {
            let page = self.messages.range(next.., limit);
            return page
                .into_iter()
                .map(|(id, stored)| stored.numbered(id))
                .collect();
        }
        let newest = self.messages.iter().rev().take(limit as usize);
        let mut newest: Vec<_> = newest.map(|(id, stored)| stored.numbered(id)).collect();
        newest.reverse();
        newest
    }

    /// Tells the others that the caller types, or has stopped.
    #[action(public)]
    fn typing(
        &mut self,
        cx: &mut Context<Self>,
        /// Whether they do.
        active: bool,
    ) {
        let name = self.presence.name(&cx.presence());
        let typist = cx.connection().map(|connection| connection.id());
        let broadcast = cx.broadcast(Typing { name, active });
        if let Some(typist) = typist {
            broadcast.except(typist);
        }
    }
}

impl Stored {
    fn numbered(self, id: u64) -> Message {
        let Self { from, text, at } = self;
        Message { id, from, text, at }
    }
}

stayput::app!(
    ChatRoom;
    assets(
        "/" = "../web/index.html",
        "/style.css" = "../web/style.css",
        "/main.js" = "../web/dist/main.js",
        "/client/index.js" = "../web/dist/client/index.js",
        "/client/client.js" = "../web/dist/client/client.js",
        "/client/live.js" = "../web/dist/client/live.js",
        "/client/stayput.js" = "../web/dist/client/stayput.js",
    )
);
