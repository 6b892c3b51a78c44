//! Events that are kept, rooms, and messages by type.

use stayput::event::Subscriber;
use stayput::prelude::*;

/// Something was pinned up, for good.
#[event(public, durable, keep = 3)]
pub struct Pinned {
    /// Its number.
    pub number: u64,
    /// What.
    pub text: String,
}

/// Something was scribbled; much of it is kept, though not for long.
#[event(public, durable, keep = 800, keep_hours = 1)]
pub struct Scribbled {
    /// Its number.
    pub number: u64,
}

/// Where somebody points.
#[event(public, latest, key = "who")]
pub struct Pointed {
    /// Who.
    pub who: String,
    /// Where.
    pub at: u32,
}

/// Told in a room; only who is in one hears how loud it was.
#[event(public, view = "Told::heard_by")]
pub struct Told {
    /// What.
    pub text: String,
    /// How loud.
    pub volume: Option<u32>,
}

/// For nobody.
#[event(public, can_subscribe = "nobody")]
pub struct Hidden {}

fn nobody(_: &Subscriber<'_>) -> bool {
    false
}

impl Told {
    fn heard_by(&self, connection: &Connection) -> Option<Self> {
        let volume = self.volume.filter(|_| !connection.rooms().is_empty());
        let text = self.text.clone();
        // What is whispered is for those who are in a room.
        (volume.is_some() || text != "psst").then_some(Self { text, volume })
    }
}

/// A board.
#[durable_object(events(Pinned, Scribbled, Pointed, Told, Hidden))]
#[derive(Debug)]
pub struct Board {
    pinned: u64,
    heard: Vec<String>,
}

#[durable_object]
impl Board {
    #[event(start)]
    fn start(&mut self, cx: &mut Context<Self>, _first: bool) {
        cx.once(|board: &mut Self, _, pointed: Pointed| {
            board.heard.push(format!("once {}", pointed.who));
            Ok(())
        });
    }

    /// Pins something up.
    #[action(public)]
    fn pin(&mut self, cx: &mut Context<Self>, text: String) -> u64 {
        self.pinned += 1;
        let number = self.pinned;
        cx.broadcast(Pinned { number, text });
        number
    }

    /// Scribbles so much.
    #[action(public)]
    fn scribble(&mut self, cx: &mut Context<Self>, count: u64) {
        for number in 1..=count {
            cx.broadcast(Scribbled { number });
        }
    }

    /// What is kept of what was pinned up, by pages: the texts, and where the next one begins.
    #[action(public)]
    fn kept(
        &self,
        cx: &Context<Self>,
        after: Option<Cursor>,
        limit: u32,
    ) -> (Vec<String>, Option<Cursor>) {
        let page = cx.kept::<Pinned>().page(after, limit);
        let texts = page.items.into_iter().map(|kept| kept.event.text);
        (texts.collect(), page.next)
    }

    /// Where somebody points, and how many do.
    #[action(public)]
    fn points(&self, cx: &Context<Self>, who: String) -> (Option<u32>, usize) {
        let kept = cx.kept::<Pointed>();
        (
            kept.get(&who).map(|kept| kept.event.at),
            kept.last(10).len(),
        )
    }

    /// Pins something up and takes it down again.
    #[action(public)]
    fn fumble(&mut self, cx: &mut Context<Self>) -> Result<u64> {
        self.pin(cx, "never".to_owned());
        Err(stayput::Error::msg("fumbled"))
    }

    /// Points somewhere.
    #[action(public)]
    fn point(&mut self, cx: &mut Context<Self>, who: String, at: u32) {
        let pointed = Pointed { who, at };
        cx.emit(pointed.clone());
        cx.broadcast(pointed);
    }

    /// Does not point any more.
    #[action(public)]
    fn unpoint(&mut self, cx: &mut Context<Self>, who: String) -> bool {
        cx.forget::<Pointed>(&who)
    }

    /// Comes into a room, or leaves it; which ones it is in then.
    #[action(public)]
    fn stand(&mut self, cx: &mut Context<Self>, room: String, there: bool) -> Vec<String> {
        let Some(mut connection) = cx.connection() else {
            return Vec::new();
        };
        if there {
            connection.join(cx, &room);
        } else {
            connection.leave(cx, &room);
        }
        connection.rooms().into_iter().map(str::to_owned).collect()
    }

    /// Tells it in a room, or everywhere; how many hear it.
    #[action(public)]
    fn tell(&mut self, cx: &mut Context<Self>, room: Option<String>, text: String) -> usize {
        let volume = Some(7);
        let told = cx.broadcast(Told { text, volume });
        match room {
            Some(room) => told.to(&room).count(),
            None => told.count(),
        }
    }

    /// Has the caller's connection hear what is told, or not; whether it does then.
    #[action(public)]
    fn tune(&mut self, cx: &mut Context<Self>, on: bool) -> usize {
        let Some(connection) = cx.connection() else {
            return 0;
        };
        if on {
            cx.subscribe::<Told>(&connection);
        } else {
            cx.unsubscribe::<Told>(&connection);
        }
        let text = "tuned".to_owned();
        let volume = Some(7);
        let told = cx.broadcast(Told { text, volume });
        told.to_connection(connection.id()).count()
    }

    /// How many are in a room.
    #[action(public)]
    fn there(&self, cx: &Context<Self>, room: String) -> usize {
        cx.connections().in_room(&room).len()
    }

    /// What handlers heard that were added.
    #[action(public)]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }
}

/// What a guest of the parlour may say.
#[derive(Debug, serde::Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Word {
    Add { by: i64 },
    Fail,
}

/// What a guest of the parlour is told first.
#[event(public)]
pub struct Welcome {
    /// The sum.
    pub sum: i64,
}

/// The sum has changed.
#[event(public)]
pub struct Summed {
    /// It.
    pub sum: i64,
}

/// A parlour.
#[durable_object(events(Welcome, Summed))]
#[derive(Debug)]
pub struct Parlour {
    sum: i64,
}

/// Why not.
#[derive(Debug, ActionError)]
#[error(prefix = "parlour")]
pub enum ParlourError {
    /// It was asked for.
    #[error(status = 409, message = "not with {sum}")]
    Not {
        /// The sum.
        sum: i64,
    },
}

#[durable_object]
impl Parlour {
    #[event(message)]
    fn word(&mut self, cx: &mut Context<Self>, word: Word) -> Result<i64, ParlourError> {
        match word {
            Word::Add { by } => {
                self.sum += by;
                let summed = cx.broadcast(Summed { sum: self.sum });
                if by == 0 {
                    summed.to("quiet");
                }
            }
            Word::Fail => {
                self.sum += 1_000;
                return Err(ParlourError::Not { sum: self.sum });
            }
        }
        Ok(self.sum)
    }

    #[event(connect)]
    fn come(
        &mut self,
        cx: &mut Context<Self>,
        mut connection: Connection,
        #[param(max_length = 5)] name: Option<String>,
        #[param(default = 0)] bring: i64,
    ) {
        self.sum += bring;
        let sum = self.sum;
        connection.tell(cx, &Welcome { sum });
        if let Some(name) = name {
            connection.join(cx, &name);
        }
    }

    /// How many have this name.
    #[action(public)]
    fn named(&self, cx: &Context<Self>, name: String) -> usize {
        cx.connections().in_room(&name).len()
    }

    /// The sum.
    #[action(public)]
    fn sum(&self) -> i64 {
        self.sum
    }
}
