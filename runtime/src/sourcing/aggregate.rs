//! State that is made of the events of one stream.

use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::ser::Serialize;
use serde_json::value::RawValue;

use super::keys::Keys;
use super::read::Walk;
use super::upcast::Upcast;
use crate::backend::StorageFault;
use crate::state::{decode, encode};

/// State that is made of the events of one stream: what decisions about the next events are made by.
///
/// It is never stored but as a snapshot, which saves reading a stream from its beginning, and which may be missing: what
/// counts are the events. So [`apply`](Self::apply) must be a function of the state and the event alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no aggregate",
    note = "derive `Default`, `Serialize` and `Deserialize` on it, and implement `Aggregate`"
)]
pub trait Aggregate: Default + Serialize + DeserializeOwned {
    /// The events it is made of.
    type Event;

    /// Tells snapshots of several aggregates of one stream apart.
    const NAME: &'static str = "";

    /// To be raised when [`apply`](Self::apply) or the fields change: snapshots of another version are not read any more.
    /// One that cannot be decoded is not read either.
    const VERSION: u32 = 1;

    /// A snapshot is taken by the append after which so many events are in none; 0 is never. A load reads at most so many
    /// events, and a snapshot is one record of at most 2,000,000 bytes.
    const SNAPSHOT_EVERY: u64 = 100;

    /// What an event makes of the state.
    fn apply(&mut self, event: &Self::Event);
}

/// An [`Aggregate`] as its stream made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded<A> {
    /// The state; a default one of a stream without events.
    pub state: A,
    /// The version of the last event in it; 0 without one.
    pub version: u64,
    /// The version of its snapshot; 0 without one.
    snapshot: u64,
}

impl<A> Loaded<A> {
    /// Whether there are no events.
    pub const fn is_new(&self) -> bool {
        self.version == 0
    }
}

/// Of a stream without events.
impl<A: Default> Default for Loaded<A> {
    fn default() -> Self {
        Self {
            state: A::default(),
            version: 0,
            snapshot: 0,
        }
    }
}

impl<A> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

/// From the snapshot, if there is one, and the events behind it.
pub(super) fn load<A>(
    keys: Keys<'_>,
    stream: &str,
    steps: &'static [Upcast],
) -> Result<Loaded<A>, StorageFault>
where
    A: Aggregate,
    A::Event: DeserializeOwned,
{
    let mut loaded = snapshot::<A>(keys, stream)?.unwrap_or_default();
    let mut tail = Walk::new(Some(stream), loaded.version.saturating_add(1));
    while let Some(found) = tail.next(keys)? {
        let event = found.read::<A::Event>(keys, steps)?;
        loaded.state.apply(&event.event);
        loaded.version = event.version;
    }
    Ok(loaded)
}

fn snapshot<A: Aggregate>(keys: Keys<'_>, stream: &str) -> Result<Option<Loaded<A>>, StorageFault> {
    let key = keys.snapshot(stream, A::NAME);
    let Some(bytes) = keys.records().try_get(&key)? else {
        return Ok(None);
    };
    let (form, version, state): (u32, u64, Box<RawValue>) = decode(&key, &bytes)?;
    // It can be made anew: what does not fit is none.
    let state = (form == A::VERSION)
        .then(|| serde_json::from_str(state.get()).ok())
        .flatten();
    Ok(state.map(|state| Loaded {
        state,
        version,
        snapshot: version,
    }))
}

/// Applies what was appended, and takes a snapshot if it is time.
pub(super) fn advance<'e, A>(
    keys: Keys<'_>,
    stream: &str,
    loaded: &mut Loaded<A>,
    events: impl Iterator<Item = &'e A::Event>,
) -> Result<(), StorageFault>
where
    A: Aggregate,
    A::Event: 'e,
{
    for event in events {
        loaded.state.apply(event);
        loaded.version += 1;
    }
    if A::SNAPSHOT_EVERY > 0 && loaded.version - loaded.snapshot >= A::SNAPSHOT_EVERY {
        take(keys, stream, loaded)?;
    }
    Ok(())
}

pub(super) fn take<A: Aggregate>(
    keys: Keys<'_>,
    stream: &str,
    loaded: &mut Loaded<A>,
) -> Result<(), StorageFault> {
    let bytes = encode(keys.path(), &(A::VERSION, loaded.version, &loaded.state))?;
    keys.records()
        .try_put(keys.snapshot(stream, A::NAME), bytes)?;
    loaded.snapshot = loaded.version;
    Ok(())
}
