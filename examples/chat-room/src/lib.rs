//! A chat room with side rooms. Messages survive restarts; who is there, and in which side room, is known from the open
//! connections, so nobody stays behind as a ghost; who types is told and never kept.

mod presence;
mod rooms;

use stayput::prelude::*;

pub use presence::{Joined, Left, Presence, PresenceError};
pub use rooms::{Moved, SideRoom};

/// A message of the room.
#[data]
#[derive(PartialEq)]
pub struct Message {
    /// Its number: 1 for the first, always higher than all before of the same side room.
    pub id: u64,
    /// The side room it was said in; none for what everyone hears.
    pub room: Option<String>,
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
    /// In which side room; none for what everyone sees.
    pub room: Option<String>,
    /// Whether they do.
    pub active: bool,
}

/// Why nothing was said, or nobody came in.
#[derive(Debug, ActionError)]
#[error(prefix = "chat")]
pub enum ChatError {
    /// Who is in a side room is there by a connection: come in over a WebSocket.
    #[error(
        status = 400,
        message = "who is in a side room is there by a connection: come in over a WebSocket"
    )]
    NeedsConnection,
    /// Only those in a side room talk there.
    #[error(status = 403, message = "you are not in this side room: join it first")]
    NotIn,
}

/// A chat room whose messages survive restarts.
#[durable_object(events(Said, Typing, Moved))]
#[derive(Debug)]
pub struct ChatRoom {
    messages: Log<Stored>,
    /// What was said in side rooms, by the room and the message's number there.
    aside: Map<(String, u64), Stored>,
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
    /// Posts a message to everyone, or to those in a side room that the caller is in, and returns its number.
    #[action(public)]
    fn say(
        &mut self,
        cx: &mut Context<Self>,
        /// What to say.
        #[param(min_length = 1, max_length = 4096)]
        text: String,
        /// In which side room.
        room: Option<String>,
    ) -> Result<u64, ChatError> {
        let stored = Stored {
            from: self.presence.name(&cx.presence()),
            text,
            at: cx.now(),
        };
        let Some(room) = room else {
            let id = self.messages.push(stored.clone());
            let message = stored.numbered(id, None);
            cx.broadcast(Said { message });
            return Ok(id);
        };
        rooms::check_in(cx, &room)?;
        let last = self.aside.prefix(&room).next_back();
        let id = last.map_or(0, |((_, id), _)| id) + 1;
        self.aside.set(&(room.clone(), id), &stored);
        let message = stored.numbered(id, Some(room.clone()));
        cx.broadcast(Said { message }).to(&room);
        Ok(id)
    }

    /// Comes into a side room, which there is as long as somebody is in it. Answers who is there then.
    #[action(public)]
    fn join(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min_length = 1, max_length = 40)] room: String,
    ) -> Result<Vec<String>, ChatError> {
        let name = self.presence.name(&cx.presence());
        rooms::enter(cx, &room, name)
    }

    /// Leaves a side room, and stays connected.
    #[action(public)]
    fn leave(&mut self, cx: &mut Context<Self>, room: String) -> Result<(), ChatError> {
        rooms::leave(cx, &room)
    }

    /// The side rooms that somebody is in, by name.
    #[action(public)]
    fn rooms(&self, cx: &Context<Self>) -> Vec<SideRoom> {
        rooms::list(cx)
    }

    #[event(disconnect)]
    fn gone(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
        rooms::tell_gone(cx, &gone);
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
        /// Of which side room.
        room: Option<String>,
    ) -> Vec<Message> {
        if let Some(room) = room {
            return self.said_aside(room, limit as usize, after);
        }
        if let Some(next) = after.map(|after| after.saturating_add(1)) {
            let page = self.messages.range(next.., limit);
            return page
                .into_iter()
                .map(|(id, stored)| stored.numbered(id, None))
                .collect();
        }
        let newest = self.messages.iter().rev().take(limit as usize);
        let mut newest: Vec<_> = newest
            .map(|(id, stored)| stored.numbered(id, None))
            .collect();
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
        /// In which side room.
        room: Option<String>,
    ) {
        let name = self.presence.name(&cx.presence());
        let typist = cx.connection().map(|connection| connection.id());
        let mut broadcast = cx.broadcast(Typing {
            name,
            room: room.clone(),
            active,
        });
        if let Some(room) = room {
            broadcast = broadcast.to(&room);
        }
        if let Some(typist) = typist {
            broadcast.except(typist);
        }
    }

    /// The newest of a side room, or the next ones after a number; oldest first.
    fn said_aside(&self, room: String, limit: usize, after: Option<u64>) -> Vec<Message> {
        let numbered =
            |((room, id), stored): ((String, u64), Stored)| stored.numbered(id, Some(room));
        if let Some(after) = after {
            let next = (room.clone(), after.saturating_add(1))..=(room, u64::MAX);
            return self.aside.range(next).take(limit).map(numbered).collect();
        }
        let newest = self.aside.prefix(&room).rev().take(limit);
        let mut newest: Vec<_> = newest.map(numbered).collect();
        newest.reverse();
        newest
    }
}

impl Stored {
    fn numbered(self, id: u64, room: Option<String>) -> Message {
        let Self { from, text, at } = self;
        Message {
            id,
            room,
            from,
            text,
            at,
        }
    }
}

stayput::app!(
    ChatRoom;
    assets(
        "/" = "../web/index.html",
        "/style.css" = "../web/style.css",
        "/main.js" = "../web/dist/main.js",
        "/room.js" = "../web/dist/room.js",
        "/client/index.js" = "../web/dist/client/index.js",
        "/client/client.js" = "../web/dist/client/client.js",
        "/client/live.js" = "../web/dist/client/live.js",
        "/client/stayput.js" = "../web/dist/client/stayput.js",
    )
);
