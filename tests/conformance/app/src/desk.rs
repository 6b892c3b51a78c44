//! An object whose actions have paths of their own.

use stayput::prelude::*;

/// Keeps letters.
#[durable_object]
#[derive(Debug)]
pub struct Desk {
    letters: Map<u64, String>,
    newest: u64,
}

/// A letter and its number.
#[data]
#[derive(Debug)]
pub struct Letter {
    id: u64,
    text: String,
}

#[durable_object]
impl Desk {
    /// All letters that begin so.
    #[action(public, get = "/letters")]
    fn letters(&self, #[param(default = "")] begin: String) -> Vec<Letter> {
        let all = self.letters.iter().map(|(id, text)| Letter { id, text });
        all.filter(|letter| letter.text.starts_with(&begin))
            .collect()
    }

    /// One letter.
    #[action(public, get = "/letters/{id}")]
    fn letter(&self, id: u64) -> Option<Letter> {
        self.letters.get(&id).map(|text| Letter { id, text })
    }

    /// The newest letter.
    #[action(public, get = "/letters/newest", none = 200)]
    fn newest(&self) -> Option<Letter> {
        self.letter(self.newest)
    }

    /// Writes a letter.
    #[action(public, post = "/outbox", status = 201, location = "/letters/{id}")]
    fn write(&mut self, text: String) -> Letter {
        self.newest += 1;
        let id = self.newest;
        self.letters.insert(id, text.clone());
        Letter { id, text }
    }

    /// Writes a letter anew.
    #[action(public, put = "/letters/{id}/{text}")]
    fn rewrite(&mut self, text: String, id: u64, #[param(default = "")] more: String) -> Letter {
        let text = text + &more;
        self.letters.insert(id, text.clone());
        Letter { id, text }
    }

    /// Burns a letter.
    #[action(public, delete = "/letters/{id}", status = 204)]
    fn burn(&mut self, id: u64) {
        self.letters.discard(&id);
    }

    /// Burns all letters.
    #[action(scope = "desk:clear", delete = "/letters")]
    fn burn_all(&mut self) {
        self.letters.clear();
    }
}
