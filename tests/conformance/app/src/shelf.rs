//! Values and collections of every kind, a mixin mounted twice, events, processes: what an object keeps.

use std::collections::BTreeMap;
use std::time::Duration;

use stayput::prelude::*;

use crate::Tally;

/// A value of each kind.
#[data]
#[derive(PartialEq)]
pub struct Everything {
    /// Beyond 2^53.
    pub signed: i64,
    /// Beyond 2^63.
    pub unsigned: u64,
    /// Whole or not.
    pub float: f64,
    /// There or not.
    pub maybe: Option<String>,
    /// Nothing.
    pub unit: (),
    /// Bytes.
    pub bytes: Vec<u8>,
    /// Any text.
    pub text: String,
    /// By name.
    pub map: BTreeMap<String, i32>,
    /// One of several.
    pub kind: Kind,
}

/// One of several.
#[data]
#[derive(PartialEq)]
pub enum Kind {
    /// Nothing in it.
    Bare,
    /// A tuple.
    Pair(i8, bool),
    /// Members.
    Named {
        /// One.
        x: char,
    },
}

/// Something was added.
#[event]
pub struct Added {
    /// What.
    pub text: String,
    /// Whether the handler fails.
    pub fail: bool,
}

/// A counter of its own, wherever it is mounted.
#[mixin]
#[derive(Debug)]
pub struct Meter {
    count: u32,
    marks: Log<String>,
}

#[mixin]
impl Meter {
    /// Counts.
    #[action(public)]
    fn tick(&mut self, mark: String) -> u32 {
        self.marks.push(mark);
        self.count += 1;
        self.count
    }

    /// All marks.
    #[action(public)]
    fn marks(&self) -> Vec<String> {
        self.marks.iter().map(|(_, mark)| mark).collect()
    }
}

/// A shelf.
#[durable_object(events(Added))]
#[derive(Debug)]
pub struct Shelf {
    everything: Option<Everything>,
    float: f64,
    texts: Map<String, String>,
    numbers: Set<i64>,
    log: Log<String>,
    handled: Vec<String>,
    starts: u32,
    #[transient]
    memory: u32,
    #[mixin]
    left: Meter,
    #[mixin]
    right: Meter,
}

#[durable_object]
impl Shelf {
    /// Keeps a value of each kind.
    #[action(public)]
    fn keep(&mut self, everything: Everything) -> bool {
        self.everything = Some(everything);
        true
    }

    /// What is kept.
    #[action(public)]
    fn kept(&self) -> Option<Everything> {
        self.everything.clone()
    }

    /// A float that is no number cannot be kept.
    #[action(public)]
    fn keep_nan(&mut self) {
        self.float = f64::NAN;
    }

    /// Puts a text of so many bytes under a key.
    #[action(public)]
    fn fill(&mut self, key: String, bytes: usize) -> usize {
        self.texts.insert(key, "x".repeat(bytes));
        bytes
    }

    /// The text under a key.
    #[action(public)]
    fn text(&self, key: String) -> Option<String> {
        self.texts.get(&key)
    }

    /// How long the text under a key is.
    #[action(public)]
    fn length(&self, key: String) -> Option<usize> {
        self.texts.get(&key).map(|text| text.len())
    }

    /// A value as deep as asked for.
    #[action(public)]
    fn deep(&mut self, levels: usize) -> bool {
        self.texts
            .insert("deep".to_owned(), "[".repeat(levels) + &"]".repeat(levels));
        true
    }

    /// Puts texts under keys.
    #[action(public)]
    fn put(&mut self, texts: Vec<(String, String)>) -> u64 {
        for (key, text) in texts {
            self.texts.insert(key, text);
        }
        self.texts.len()
    }

    /// Takes keys away; answers which were there.
    #[action(public)]
    fn take(&mut self, keys: Vec<String>) -> Vec<bool> {
        keys.iter()
            .map(|key| self.texts.remove(key).is_some())
            .collect()
    }

    /// The keys in their order, or backwards.
    #[action(public)]
    fn keys(&self, reverse: bool, limit: usize) -> Vec<String> {
        if reverse {
            self.texts
                .iter()
                .rev()
                .take(limit)
                .map(|(key, _)| key)
                .collect()
        } else {
            self.texts.iter().take(limit).map(|(key, _)| key).collect()
        }
    }

    /// The keys of a range.
    #[action(public)]
    fn between(&self, from: String, to: String) -> Vec<String> {
        self.texts.range(from..to).map(|(key, _)| key).collect()
    }

    /// Adds numbers; answers all, in their order.
    #[action(public)]
    fn number(&mut self, add: Vec<i64>) -> Vec<i64> {
        for number in add {
            self.numbers.insert(&number);
        }
        self.numbers.iter().collect()
    }

    /// Reads its own writes, before and after they are committed, then fails or not.
    #[action(public)]
    fn overlay(&mut self, fail: bool) -> Result<Vec<String>> {
        self.texts.insert("b".to_owned(), "new".to_owned());
        self.texts.remove("a");
        let seen = self
            .texts
            .iter()
            .map(|(key, text)| format!("{key}={text}"))
            .collect();
        if fail {
            return Err(stayput::Error::msg("on purpose"));
        }
        Ok(seen)
    }

    /// Appends, and forgets the oldest; answers ids and texts. An id is never used again.
    #[action(public)]
    fn roll(&mut self, text: String, keep: u64) -> Vec<(u64, String)> {
        self.log.push(text);
        while self.log.len() > keep {
            let oldest = self.log.iter().next().map(|(id, _)| id);
            if let Some(oldest) = oldest {
                self.log.remove(oldest);
            }
        }
        self.log.iter().collect()
    }

    /// Emits an event whose handler may fail.
    #[action(public)]
    fn add(&mut self, cx: &mut Context<Self>, text: String, fail: bool) -> usize {
        self.handled.push(format!("before {text}"));
        cx.emit(Added { text, fail });
        self.handled.len()
    }

    /// What was handled.
    #[action(public)]
    fn handled(&self) -> Vec<String> {
        self.handled.clone()
    }

    #[event(Added)]
    fn on_added(&mut self, added: Added) -> Result<()> {
        self.handled.push(added.text);
        if added.fail {
            return Err(stayput::Error::msg("the handler fails"));
        }
        Ok(())
    }

    /// How often it started, and what is in memory.
    #[action(public)]
    fn memory(&mut self) -> (u32, u32) {
        self.memory += 1;
        (self.starts, self.memory)
    }

    #[event(start)]
    fn started(&mut self, first: bool) {
        self.starts += if first { 1 } else { 100 };
    }

    /// Both mixins.
    #[action(public)]
    fn both(&self) -> (u32, u32) {
        (self.left.count, self.right.count)
    }

    /// Holds nothing while it waits; looks and changes in between.
    #[action(public)]
    async fn process(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        millis: u64,
    ) -> Result<(u64, u64)> {
        let before = this.read(|shelf| shelf.log.len()).await?;
        cx.sleep(Duration::from_millis(millis)).await;
        let after = this
            .atomic(|shelf: &mut Self, _| {
                shelf.log.push("by the process".to_owned());
                Ok::<_, std::convert::Infallible>(shelf.log.len())
            })
            .await?;
        Ok((before, after))
    }

    /// Panics.
    #[action(public)]
    fn topple(&mut self) {
        self.starts += 1;
        panic!("it was not fixed to the wall")
    }

    /// A query that would have another object changed.
    #[action(public)]
    async fn sneak(&self, cx: &Context<Self>, to: String) -> Result<String> {
        match Tally::named(cx, &to).increment(1).await {
            Ok(value) => Ok(value.to_string()),
            Err(error) => Ok(error
                .rejection()
                .map_or("failed", |one| one.code())
                .to_owned()),
        }
    }

    /// Who calls, under which name, and who it is.
    #[action(public)]
    fn whoami(&self, cx: &Context<Self>) -> (Option<String>, bool, String) {
        let name = cx.name().map(str::to_owned);
        (name, cx.caller().is_authenticated(), cx.id().to_string())
    }

    /// For those who are known.
    #[action]
    fn secret(&self, cx: &Context<Self>) -> String {
        cx.caller().subject().to_owned()
    }

    /// One moment all through a commit.
    #[action(public)]
    fn moment(&self, cx: &Context<Self>) -> bool {
        cx.now() == cx.now() && cx.random() != cx.random() && cx.uuid() != cx.uuid()
    }
}
