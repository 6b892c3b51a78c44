//! Mixins as fields: how a host reaches the mixin inside it.

use std::sync::Arc;

use super::class::{
    AlarmEntry, DeclaredEvent, Entry, EventEntry, HookEntry, ReactionEntry, StartEntry, lift,
};
use crate::event::HeardEvent;
use crate::manifest::MixinManifest;
use crate::state::{Stateful, UpgradeStep};

/// From a host to a part of it. The macros implement it for a marker type per field.
pub trait Project<H: 'static>: 'static {
    /// The part's type.
    type Part: Stateful;
    /// The part.
    fn get(host: &H) -> &Self::Part;
    /// The part.
    fn get_mut(host: &mut H) -> &mut Self::Part;
}

/// A mounted mixin, as data.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what is linked for it, each for itself"
)]
pub struct Mount<H: Stateful> {
    /// The mount's name: the field's.
    pub name: &'static str,
    pub(super) collect: fn(prefix: &str, into: &mut Collected<H>),
    pub(super) describe: fn() -> MixinManifest,
    /// Wire names inside, for the check of duplicates.
    pub(super) part_type: &'static str,
    /// Whether the mixin has jobs.
    jobs: bool,
    /// Whether the mixin, or one in it, has had other versions.
    upgrades: bool,
    /// Whether the mixin, or one in it, defers calls.
    defers: bool,
    /// Whether the mixin, or one in it, has events of which something is kept.
    keeps: bool,
    /// Whether the mixin, or one in it, sends webhooks.
    posts: bool,
    /// Whether the mixin, or one in it, has events that other objects may subscribe to.
    tells: bool,
    /// Whether the mixin, or one in it, subscribes to events of other objects.
    hears: bool,
}

/// Whether an object or a mixin in it has events of which something is kept: what reads them is only linked into programs
/// that do.
pub(super) const fn has_kept<T: Stateful>() -> bool {
    let mut event = 0;
    while event < T::EVENTS.len() {
        if T::EVENTS[event].kept.is_any() {
            return true;
        }
        event += 1;
    }
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].keeps {
            return true;
        }
        mount += 1;
    }
    false
}

/// Whether an object or a mixin in it defers calls.
pub(super) const fn has_deferred<T: Stateful>() -> bool {
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].defers {
            return true;
        }
        mount += 1;
    }
    T::DEFERS
}

/// Whether an object or a mixin in it has events that other objects may subscribe to.
pub(super) const fn has_told<T: Stateful>() -> bool {
    let mut event = 0;
    while event < T::EVENTS.len() {
        if T::EVENTS[event].objects {
            return true;
        }
        event += 1;
    }
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].tells {
            return true;
        }
        mount += 1;
    }
    false
}

/// Whether an object or a mixin in it subscribes to events of other objects.
pub(super) const fn has_heard<T: Stateful>() -> bool {
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].hears {
            return true;
        }
        mount += 1;
    }
    !T::HEARS.is_empty()
}

/// Whether an object or a mixin in it sends webhooks.
pub(super) const fn has_webhooks<T: Stateful>() -> bool {
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].posts {
            return true;
        }
        mount += 1;
    }
    T::POSTS
}

/// Whether an object or a mixin in it has had other versions: what brings state up to date is only linked into programs
/// that do.
pub(super) const fn has_upgrades<T: Stateful>() -> bool {
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].upgrades {
            return true;
        }
        mount += 1;
    }
    !T::UPGRADES.is_empty()
}

/// Whether an object or a mixin in it has jobs: what runs them is only linked into programs that do.
pub(super) const fn has_jobs<T: Stateful>() -> bool {
    let mut part = 0;
    while part < T::PARTS.len() {
        let actions = T::PARTS[part].actions;
        let mut index = 0;
        while index < actions.len() {
            if actions[index].job.is_some() {
                return true;
            }
            index += 1;
        }
        part += 1;
    }
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if T::MOUNTS[mount].jobs {
            return true;
        }
        mount += 1;
    }
    false
}

/// Everything callable of an object, its mixins' included.
pub(super) struct Collected<T: Stateful> {
    pub(super) entries: Vec<Entry<T>>,
    pub(super) starts: Vec<StartEntry<T>>,
    pub(super) alarms: Vec<AlarmEntry<T>>,
    pub(super) hooks: Vec<HookEntry<T>>,
    pub(super) events: Vec<EventEntry<T>>,
    pub(super) reactions: Vec<ReactionEntry>,
    pub(super) declared: Vec<DeclaredEvent>,
    /// Those of other objects.
    pub(super) heard: Vec<&'static HeardEvent>,
    pub(super) mixins: Vec<(String, MixinManifest)>,
    /// Mounts that have had other versions, the object's own under the empty path, and their steps.
    pub(super) upgrades: Vec<(Arc<str>, &'static [UpgradeStep])>,
}

impl<T: Stateful> Default for Collected<T> {
    fn default() -> Self {
        Self {
            entries: vec![],
            starts: vec![],
            alarms: vec![],
            hooks: vec![],
            events: vec![],
            reactions: vec![],
            declared: vec![],
            heard: vec![],
            mixins: vec![],
            upgrades: vec![],
        }
    }
}

/// The version of state that these steps lead to.
pub(crate) fn version_after(steps: &[UpgradeStep]) -> u32 {
    u32::try_from(steps.len()).map_or(u32::MAX, |steps| steps.saturating_add(1))
}

impl<H: Stateful> Mount<H> {
    /// The mixin `M` in the field that `P` projects to.
    pub const fn of<M: Stateful, P: Project<H, Part = M>>(name: &'static str) -> Self {
        Self {
            name,
            collect: |prefix, into| lift::<H, P>(prefix, into),
            describe: || MixinManifest {
                r#type: M::TYPE_NAME.to_owned(),
                version: version_after(M::UPGRADES),
                description: M::DOCS.to_owned(),
            },
            part_type: M::TYPE_NAME,
            jobs: has_jobs::<M>(),
            upgrades: has_upgrades::<M>(),
            defers: has_deferred::<M>(),
            keeps: has_kept::<M>(),
            posts: has_webhooks::<M>(),
            tells: has_told::<M>(),
            hears: has_heard::<M>(),
        }
    }
}

impl<H: Stateful> std::fmt::Debug for Mount<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.part_type)
    }
}
