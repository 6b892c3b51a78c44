//! What the client is tried on: a room that talks back, with a mixin, an action that takes its time, and a door.

use std::time::Duration;

use stayput::prelude::*;

/// Someone said something.
#[event(public)]
pub(crate) struct Said {
    pub number: u64,
    pub text: String,
}

/// Something was written down, for good.
#[event(public, durable, keep = 20_000)]
#[derive(PartialEq)]
pub(crate) struct Noted {
    pub number: u64,
}

/// Someone entered.
#[event(public)]
#[derive(PartialEq)]
pub(crate) struct Entered {
    pub name: String,
}

/// Something was told, to some rooms or to everyone.
#[event(public, durable, keep = 20)]
#[derive(PartialEq)]
pub(crate) struct Told {
    pub text: String,
}

/// Why nothing was said.
#[derive(Debug, ActionError)]
#[error(prefix = "room")]
pub(crate) enum RoomError {
    /// It holds no more.
    #[error(status = 409, message = "the room holds {max}", retryable)]
    Full { max: u64 },
}

/// A room.
#[durable_object(events(Said, Noted))]
pub(crate) struct Room {
    said: Log<String>,
    noted: u64,
    #[mixin]
    door: Door,
}

#[durable_object]
impl Room {
    /// Says something.
    #[action(public)]
    fn say(&mut self, cx: &mut Context<Self>, text: String) -> Result<u64, RoomError> {
        if self.said.len() >= 10_000 {
            return Err(RoomError::Full { max: 10_000 });
        }
        let number = self.said.push(text.clone());
        cx.broadcast(Said { number, text });
        Ok(number)
    }

    /// Says so many things at once.
    #[action(public)]
    fn flood(&mut self, cx: &mut Context<Self>, times: u64) {
        for _ in 0..times {
            let number = self.said.push("again".to_owned());
            cx.broadcast(Said {
                number,
                text: "again".to_owned(),
            });
        }
    }

    /// Writes something down, so many times.
    #[action(public)]
    fn note(&mut self, cx: &mut Context<Self>, times: u64) -> u64 {
        for _ in 0..times {
            self.noted += 1;
            cx.broadcast(Noted { number: self.noted });
        }
        self.noted
    }

    /// Ends the room; the next one of its name is another.
    #[action(public)]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }

    /// Fails, always.
    #[action(public)]
    fn fill(&mut self) -> Result<u64, RoomError> {
        Err(RoomError::Full { max: 3 })
    }

    /// How much was said.
    #[action(public)]
    fn count(&self) -> u64 {
        self.said.len()
    }

    /// As long as asked for.
    #[action(public)]
    fn repeat(&self, text: String, times: usize) -> String {
        text.repeat(times)
    }

    /// What it is given.
    #[action(public)]
    fn echo(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }

    /// Numbers that JavaScript has no numbers for.
    #[action(public)]
    fn wide(&self, natural: u64, whole: i64) -> (u64, i64) {
        (natural, whole)
    }

    /// The widest of them.
    #[action(public)]
    fn widest(&self) -> (u64, i64) {
        (u64::MAX, i64::MIN)
    }

    /// Takes its time.
    #[action(public)]
    async fn ponder(&mut self, cx: &mut Context<Self>, millis: u64) -> u64 {
        cx.sleep(Duration::from_millis(millis)).await;
        self.said.push("hm".to_owned())
    }

    /// Takes its time, and changes nothing.
    #[action(public)]
    async fn watch(&self, cx: &Context<Self>, millis: u64) -> u64 {
        cx.sleep(Duration::from_millis(millis)).await;
        self.said.len()
    }

    /// The room itself, as a value.
    #[action(public)]
    fn myself(&self, cx: &Context<Self>) -> RoomStub {
        cx.me()
    }

    /// How many connections there are.
    #[action(public)]
    fn listeners(&self, cx: &Context<Self>) -> usize {
        cx.connections().len()
    }

    /// Ends the connection it is called over.
    #[action(public)]
    fn leave(&mut self, cx: &mut Context<Self>, code: u16) {
        if let Some(connection) = cx.connection() {
            connection.close(cx, code, "out");
        }
    }

    /// Asks another server: its status, or why there is none.
    #[action(public)]
    async fn ask(this: Handle<Self>, cx: ProcessContext<Self>, url: String) -> String {
        drop(this);
        match cx.http().get(&url).send().await {
            Ok(answer) => answer.status().as_str().to_owned(),
            Err(error) => format!("{}: {}", error.code(), error.reason().unwrap_or_default()),
        }
    }

    #[event(connect)]
    fn arriving(
        &mut self,
        cx: &mut Context<Self>,
        _connection: Connection,
    ) -> Result<(), RoomError> {
        match cx.name() {
            Some("full") => Err(RoomError::Full { max: 0 }),
            _ => Ok(()),
        }
    }
}

/// What someone said on coming.
#[data]
#[derive(PartialEq)]
pub(crate) struct Hello {
    pub name: String,
    pub since: Option<u64>,
    pub tags: Vec<String>,
}

/// Asks who comes, and in which rooms they are.
#[durable_object(events(Told))]
pub(crate) struct Desk {
    came: u64,
}

#[durable_object]
impl Desk {
    #[event(connect)]
    fn arriving(
        &mut self,
        cx: &mut Context<Self>,
        mut connection: Connection,
        /// Who comes.
        name: String,
        since: Option<u64>,
        tags: Option<Vec<String>>,
        rooms: Option<Vec<String>>,
    ) {
        self.came += 1;
        for room in rooms.unwrap_or_default() {
            connection.join(cx, &room);
        }
        let tags = tags.unwrap_or_default();
        connection.set_state(cx, &Hello { name, since, tags });
    }

    /// What who asks said on coming.
    #[action(public)]
    fn who(&self, cx: &Context<Self>) -> Option<Hello> {
        cx.connection()?.state()
    }

    /// Tells something to those in any of the rooms, or to everyone.
    #[action(public)]
    fn tell(&mut self, cx: &mut Context<Self>, text: String, rooms: Vec<String>) {
        let told = cx.broadcast(Told { text });
        rooms.iter().fold(told, |told, room| told.to(room));
    }

    /// Ends the connection it is called over.
    #[action(public)]
    fn hang_up(&mut self, cx: &mut Context<Self>) {
        if let Some(connection) = cx.connection() {
            connection.close(cx, 4000, "out");
        }
    }

    /// How often someone came.
    #[action(public)]
    fn came(&self) -> u64 {
        self.came
    }
}

/// Who came in.
#[mixin(events(Entered))]
pub(crate) struct Door {
    names: Set<String>,
}

#[mixin]
impl Door {
    /// Enters.
    #[action(public)]
    pub(crate) fn enter(&mut self, cx: &mut Context<Self>, name: String) -> u64 {
        self.names.insert(&name);
        cx.broadcast(Entered { name });
        self.names.len()
    }
}

stayput::app!(Room, Desk; cbor);
