//! Who is there: a mixin that any object may mount.
//!
//! Nothing of it is stored. Each open connection carries the name of whoever uses it, and who is there is read off the
//! connections: a crash, a lost network or a restart leaves nobody behind.

use stayput::prelude::*;

/// Someone came.
#[event(public)]
pub struct Joined {
    /// Who.
    pub name: String,
}

/// Someone left: their last connection is gone.
#[event(public)]
pub struct Left {
    /// Who.
    pub name: String,
}

/// Who is there.
#[mixin(events(Joined, Left))]
#[derive(Debug)]
pub struct Presence {}

/// What a connection carries.
#[data]
struct Guest {
    name: String,
}

/// Why nobody could enter.
#[derive(Debug, ActionError)]
#[error(prefix = "presence")]
pub enum PresenceError {
    /// A name lasts as long as a connection: enter over a WebSocket.
    #[error(
        status = 400,
        message = "a name lasts as long as a connection: enter over a WebSocket"
    )]
    NeedsConnection,
}

#[mixin]
impl Presence {
    /// Says who uses this connection. Answers who is there.
    #[action(public)]
    pub fn enter(
        &mut self,
        cx: &mut Context<Self>,
        /// The name that others see.
        #[param(min_length = 1, max_length = 40)]
        name: String,
    ) -> Result<Vec<String>, PresenceError> {
        let mut connection = cx.connection().ok_or(PresenceError::NeedsConnection)?;
        let before = connection.state::<Guest>().map(|guest| guest.name);
        let known = self.list(cx);
        connection.set_state(cx, &Guest { name: name.clone() });
        let now = self.list(cx);
        if let Some(before) = before.filter(|before| !now.contains(before)) {
            cx.broadcast(Left { name: before });
        }
        if !known.contains(&name) {
            cx.broadcast(Joined { name });
        }
        Ok(now)
    }

    /// Who is there, in the order they came; each name once, however many connections it has.
    #[action(public)]
    pub fn list(&self, cx: &Context<Self>) -> Vec<String> {
        let mut names = Vec::new();
        for guest in cx
            .connections()
            .iter()
            .filter_map(Connection::state::<Guest>)
        {
            if !names.contains(&guest.name) {
                names.push(guest.name);
            }
        }
        names
    }

    #[event(disconnect)]
    fn gone(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
        let guest = gone.connection.state::<Guest>();
        if let Some(Guest { name }) = guest.filter(|guest| !self.list(cx).contains(&guest.name)) {
            cx.broadcast(Left { name });
        }
    }

    /// The name of the caller: that of its connection, else its own.
    pub fn name(&self, cx: &Context<Self>) -> String {
        let guest = cx.connection().and_then(|connection| connection.state());
        match guest {
            Some(Guest { name }) => name,
            None if cx.caller().is_authenticated() => cx.caller().subject().to_owned(),
            None => "somebody".to_owned(),
        }
    }
}
