//! Tests of the state: against models, against golden bytes, and one by one.

mod collections;
mod encoding;
mod fields;
mod keys;
mod model;
mod overlay;
mod pages;

use std::marker::PhantomData;
use std::rc::Rc;

use super::testing::MemoryStore;
use crate::action::Table;
use crate::event::EventInfo;
use crate::object::{Mount, NoMounts, Stub, StubCore};

use super::{FieldCache, Loader, Log, Map, Records, Saver, Set, StateDescriber, Stateful};

/// What the macros make of a class with plain fields, collections and a mixin.
pub(super) struct Room {
    pub(super) topic: String,
    pub(super) limit: u32,
    pub(super) messages: Log<String>,
    pub(super) scores: Map<String, i64>,
    pub(super) presence: Presence,
    pub(super) average: f64,
}

/// A mixin.
pub(super) struct Presence {
    pub(super) joins: u64,
    pub(super) members: Set<(i32, String)>,
}

/// What the macros make besides; nothing here is called from outside.
pub(super) struct StubOf<T>(StubCore, PhantomData<T>);

impl<T: Stateful> Stub for StubOf<T> {
    type Of = T;

    fn from_core(core: StubCore) -> Self {
        Self(core, PhantomData)
    }

    fn core(&self) -> &StubCore {
        &self.0
    }
}

impl Stateful for Room {
    type Mounts = NoMounts;
    type Stub = StubOf<Self>;
    const TYPE_NAME: &'static str = "Room";
    const DOCS: &'static str = "";
    const EVENTS: &'static [EventInfo] = &[];
    const MOUNTS: &'static [Mount<Self>] = &[];
    const PARTS: &'static [&'static Table<Self>] = &[];

    fn load(l: &mut Loader<'_>) -> Self {
        Self {
            topic: l.field("topic", &["title", "subject"], String::new),
            limit: l.field("limit", &[], || 5),
            messages: l.field("messages", &["posts"], Log::default),
            scores: l.field("scores", &[], Map::default),
            presence: l.mixin("presence"),
            average: l.field("average", &[], || 0.0),
        }
    }

    fn reload(&mut self, l: &mut Loader<'_>) {
        l.reload("topic", &["title", "subject"], &mut self.topic, String::new);
        l.reload("limit", &[], &mut self.limit, || 5);
        l.reload("messages", &["posts"], &mut self.messages, Log::default);
        l.reload("scores", &[], &mut self.scores, Map::default);
        l.reload_mixin("presence", &mut self.presence);
        l.reload("average", &[], &mut self.average, || 0.0);
    }

    fn save(&self, s: &mut Saver<'_>) {
        s.field("topic", &self.topic);
        s.field("limit", &self.limit);
        s.field("messages", &self.messages);
        s.field("scores", &self.scores);
        s.mixin("presence", &self.presence);
        s.field("average", &self.average);
    }

    fn describe(d: &mut StateDescriber<'_>) {
        d.field::<String>("topic");
        d.field::<u32>("limit");
        d.field::<Log<String>>("messages");
        d.field::<Map<String, i64>>("scores");
        d.mixin::<Presence>("presence");
        d.field::<f64>("average");
    }
}

impl Stateful for Presence {
    type Mounts = NoMounts;
    type Stub = StubOf<Self>;
    const TYPE_NAME: &'static str = "Presence";
    const DOCS: &'static str = "";
    const EVENTS: &'static [EventInfo] = &[];
    const MOUNTS: &'static [Mount<Self>] = &[];
    const PARTS: &'static [&'static Table<Self>] = &[];

    fn load(l: &mut Loader<'_>) -> Self {
        Self {
            joins: l.field("joins", &["visits"], || 0),
            members: l.field("members", &[], Set::default),
        }
    }

    fn reload(&mut self, l: &mut Loader<'_>) {
        l.reload("joins", &["visits"], &mut self.joins, || 0);
        l.reload("members", &[], &mut self.members, Set::default);
    }

    fn save(&self, s: &mut Saver<'_>) {
        s.field("joins", &self.joins);
        s.field("members", &self.members);
    }

    fn describe(d: &mut StateDescriber<'_>) {
        d.field::<u64>("joins");
        d.field::<Set<(i32, String)>>("members");
    }
}

/// A live room, as a host keeps one.
pub(super) struct Live {
    pub(super) store: Rc<MemoryStore>,
    pub(super) records: Records,
    pub(super) cache: FieldCache,
    pub(super) room: Room,
}

impl Live {
    pub(super) fn wake(store: &Rc<MemoryStore>) -> Self {
        let records = store.open();
        let mut cache = FieldCache::new();
        let room = Room::load(&mut Loader::new(&records, &mut cache));
        Self {
            store: Rc::clone(store),
            records,
            cache,
            room,
        }
    }

    pub(super) fn new() -> Self {
        Self::wake(&MemoryStore::new())
    }

    /// Saves the fields into the innermost layer.
    pub(super) fn save(&mut self) {
        let mut saver = Saver::new(&self.records, &mut self.cache);
        self.room.save(&mut saver);
        saver.accept();
    }

    pub(super) fn save_without_accepting(&mut self) {
        self.room
            .save(&mut Saver::new(&self.records, &mut self.cache));
    }

    pub(super) fn reload(&mut self) {
        self.room
            .reload(&mut Loader::new(&self.records, &mut self.cache));
    }

    /// Ends an action well; says how many records were written.
    pub(super) fn commit(&mut self) -> usize {
        self.save();
        assert_eq!(self.records.fault(), None);
        self.store.accept(&self.records)
    }

    /// Ends an action with an error.
    pub(super) fn fail(&mut self) {
        self.records.undo();
        self.records.cure();
        self.reload();
    }
}
