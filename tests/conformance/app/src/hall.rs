//! An object with connections.

use std::time::Duration;

use stayput::prelude::*;

/// Something was said.
#[event(public)]
pub struct Heard {
    /// By whom.
    pub from: String,
    /// What.
    pub text: String,
}

/// Somebody went.
#[event(public)]
pub struct Went {
    /// The code of the good-bye.
    pub code: u16,
    /// Its reason.
    pub reason: String,
    /// Whether there was one.
    pub clean: bool,
    /// Who is still there.
    pub left: usize,
}

/// Why nobody comes in.
#[derive(Debug, ActionError)]
#[error(prefix = "hall")]
pub enum HallError {
    /// Never.
    #[error(status = 403, message = "the hall is closed")]
    Closed,
    /// Not now.
    #[error(status = 503, message = "the hall is full", retryable)]
    Full,
}

/// What a connection carries.
#[data]
struct Guest {
    name: String,
}

/// A hall.
#[durable_object(events(Heard, Went))]
#[derive(Debug)]
pub struct Hall {
    said: Log<String>,
    #[transient]
    awake: u32,
}

#[durable_object]
impl Hall {
    /// Says something to everyone who listens, but for the speaker.
    #[action(public)]
    fn say(&mut self, cx: &mut Context<Self>, text: String) -> u64 {
        let speaker = cx.connection();
        let from = speaker.as_ref().and_then(Connection::state::<Guest>);
        let from = from.map_or_else(|| "somebody".to_owned(), |guest| guest.name);
        let number = self.said.push(text.clone());
        let broadcast = cx.broadcast(Heard { from, text });
        if let Some(speaker) = speaker {
            broadcast.except(speaker.id());
        }
        number
    }

    /// Says something, then fails.
    #[action(public)]
    fn regret(&mut self, cx: &mut Context<Self>, text: String) -> Result<u64, HallError> {
        self.say(cx, text);
        Err(HallError::Closed)
    }

    /// Gives the connection a name.
    #[action(public)]
    fn enter(&mut self, cx: &mut Context<Self>, name: String) -> Vec<String> {
        if let Some(mut connection) = cx.connection() {
            connection.set_state(cx, &Guest { name });
        }
        self.who(cx)
    }

    /// The names of those who are there, in the order they came.
    #[action(public)]
    fn who(&self, cx: &Context<Self>) -> Vec<String> {
        let name = |one: &Connection| match one.state() {
            Some(Guest { name }) => name,
            None => "somebody".to_owned(),
        };
        cx.connections().iter().map(name).collect()
    }

    /// How much was said.
    #[action(public)]
    fn count(&self) -> u64 {
        self.said.len()
    }

    /// Waits, then says how much was said.
    #[action(public)]
    async fn linger(&self, cx: &Context<Self>, millis: u64) -> u64 {
        cx.sleep(Duration::from_millis(millis)).await;
        self.said.len()
    }

    /// How often it was asked since it woke.
    #[action(public)]
    fn awake(&mut self) -> u32 {
        self.awake += 1;
        self.awake
    }

    /// Panics after it has said something.
    #[action(public)]
    fn collapse(&mut self, cx: &mut Context<Self>) -> u64 {
        self.say(cx, "never".to_owned());
        panic!("the roof came down")
    }

    /// Panics after a while.
    #[action(public)]
    async fn crumble(&mut self, cx: &mut Context<Self>, millis: u64) {
        cx.sleep(Duration::from_millis(millis)).await;
        panic!("stone by stone")
    }

    /// Gives the connection a name of so many bytes.
    #[action(public)]
    fn mark(&mut self, cx: &mut Context<Self>, bytes: usize) -> usize {
        self.enter(cx, "x".repeat(bytes));
        bytes
    }

    /// How long the connection's name is.
    #[action(public)]
    fn marked(&self, cx: &Context<Self>) -> Option<usize> {
        let state = cx.connection()?.state::<Guest>()?;
        Some(state.name.len())
    }

    /// Ends the connection that asks for it, in the caller's words, and says something more, which is not heard.
    #[action(public)]
    fn part(&mut self, cx: &mut Context<Self>, code: u16, reason: String) -> u64 {
        if let Some(connection) = cx.connection() {
            connection.close(cx, code, &reason);
            connection.send(cx, "never heard");
        }
        self.said.push(reason)
    }

    /// Sends the connection that asks for it a frame of so many bytes.
    #[action(public)]
    fn frame(&mut self, cx: &mut Context<Self>, bytes: usize) -> u64 {
        if let Some(connection) = cx.connection() {
            connection.send(cx, vec![7; bytes]);
        }
        self.said.push("a frame".to_owned())
    }

    /// Sends a text to the connection that asks for it, then panics or fails.
    #[action(public)]
    fn whisper(&mut self, cx: &mut Context<Self>, panic: bool) -> Result<u64, HallError> {
        if let Some(connection) = cx.connection() {
            connection.send(cx, "never heard");
        }
        assert!(!panic, "overheard");
        Err(HallError::Closed)
    }

    /// Ends every connection.
    #[action(public)]
    fn clear(&mut self, cx: &mut Context<Self>) {
        for connection in cx.connections() {
            connection.close(cx, 4321, "out");
        }
    }

    #[event(connect)]
    async fn arriving(
        &mut self,
        cx: &mut Context<Self>,
        connection: Connection,
    ) -> Result<(), HallError> {
        match cx.name() {
            Some("closed") => return Err(HallError::Closed),
            Some("full") => return Err(HallError::Full),
            Some("ruin") => panic!("the floor gave way"),
            Some("greeting") => connection.send(cx, "welcome"),
            _ => {}
        }
        cx.sleep(Duration::from_millis(5)).await;
        Ok(())
    }

    #[event(disconnect)]
    fn leaving(&mut self, cx: &mut Context<Self>, gone: Disconnect) {
        assert_ne!(cx.name(), Some("quicksand"), "swallowed");
        let left = cx.connections().len();
        let Disconnect {
            code,
            reason,
            clean,
            ..
        } = gone;
        cx.broadcast(Went {
            code,
            reason,
            clean,
            left,
        });
    }
}

/// Answers frames with themselves: a protocol of its own.
#[durable_object(jurisdiction = "eu")]
#[derive(Debug)]
pub struct Mirror {
    frames: u64,
}

#[durable_object]
impl Mirror {
    /// How many frames came.
    #[action(public)]
    fn frames(&self) -> u64 {
        self.frames
    }

    #[event(message)]
    async fn reflect(
        &mut self,
        cx: &mut Context<Self>,
        message: Incoming,
    ) -> Result<(), HallError> {
        self.frames += 1;
        match message.frame.as_text() {
            Some("crack") => {
                cx.sleep(Duration::from_millis(300)).await;
                panic!("slowly")
            }
            Some("bye") => message.connection.close(cx, 1000, "bye"),
            Some("break") => panic!("seven years"),
            Some("refuse") => {
                message.connection.send(cx, "never heard");
                return Err(HallError::Full);
            }
            _ => message.connection.send(cx, message.frame),
        }
        Ok(())
    }
}
