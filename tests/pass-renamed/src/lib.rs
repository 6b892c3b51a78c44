//! Every macro with `crate = path`: no expansion may say `stayput`.

#![allow(clippy::needless_pass_by_value, reason = "a handler owns its event")]

use elsewhere::prelude::*;

/// Sent around.
#[data(crate = elsewhere)]
pub struct Note {
    /// What it says.
    pub text: String,
}

/// A note was taken.
#[event(crate = ::elsewhere)]
pub struct Taken {
    /// The note.
    pub note: Note,
}

/// What goes wrong.
#[derive(Debug, ActionError)]
#[error(prefix = "pad", crate = ::elsewhere)]
pub enum PadError {
    /// The pad holds no more.
    #[error(status = 409, message = "the pad holds {max}")]
    Full {
        /// How many.
        max: usize,
    },
}

/// Settings.
#[derive(Debug, Config)]
#[config(crate = elsewhere)]
pub struct Settings {
    /// How many notes.
    #[config(default = 9)]
    pub max: usize,
    /// A title.
    pub title: Option<String>,
    /// An owner.
    pub owner: String,
}

/// Counts.
#[mixin(crate = elsewhere)]
#[derive(Debug)]
pub struct Tally {
    count: u64,
}

#[mixin(crate = elsewhere)]
impl Tally {
    /// The count.
    #[action(public)]
    fn count(&self) -> u64 {
        self.count
    }
}

/// Takes notes.
#[durable_object(events(Taken), crate = ::elsewhere)]
#[derive(Debug)]
pub struct Pad {
    notes: Vec<Note>,
    #[mixin]
    tally: Tally,
}

#[durable_object(crate = ::elsewhere)]
impl Pad {
    /// Takes a note.
    #[action(public)]
    fn take(&mut self, cx: &mut Context<Self>, note: Note) -> Result<usize, PadError> {
        if self.notes.len() > 8 {
            return Err(PadError::Full { max: 9 });
        }
        self.notes.push(note.clone());
        self.tally.count += 1;
        cx.emit(Taken { note });
        Ok(self.notes.len())
    }

    /// Shown to who comes, refused to who is too many.
    #[event(connect)]
    fn arriving(&mut self, cx: &mut Context<Self>, _: Connection) -> Result<(), PadError> {
        match cx.connections().len() {
            0..9 => Ok(()),
            _ => Err(PadError::Full { max: 9 }),
        }
    }

    #[event(message)]
    async fn hears(&mut self, cx: &mut Context<Self>, message: Incoming) {
        message.connection.send(cx, message.frame);
    }

    #[event(disconnect)]
    fn leaving(&mut self, _: Disconnect) {
        self.notes.clear();
    }

    #[event(Taken)]
    fn on_taken(&mut self, event: Taken) {
        self.notes.retain(|note| note.text != event.note.text);
    }
}

elsewhere::app!(Pad);
