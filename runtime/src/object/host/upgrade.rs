//! Bringing stored state up to date: the steps from its version to the program's, before anything else is done with it.
//!
//! Only programs with such steps link any of this.

use std::sync::Arc;

use super::{Host, storage_error};
use crate::backend::StorageFault;
use crate::error::Error;
use crate::object::Object;
use crate::object::contain::{Stop, caught};
use crate::rpc::WireError;
use crate::state::{META_KEY, Meta, Upgrade, UpgradeStep};

impl<T: Object> Host<T> {
    /// Writes what the steps make of the state into the overlay. Loading it commits that.
    pub(super) fn upgrade(&self) -> Result<(), Box<WireError>> {
        let told = |fault: StorageFault| storage_error(&fault);
        let records = &self.core.records;
        let meta = records.try_get(META_KEY).map_err(told)?;
        let meta = meta.unwrap_or_default();
        let mut reached = Vec::new();
        for (mount, steps) in &self.class.upgrades {
            let stored = Meta::version(&meta, mount).map_err(told)?;
            // The first step leads from version 1 to 2.
            let done =
                usize::try_from(stored).map_or(usize::MAX, |stored| stored.saturating_sub(1));
            let Some(steps) = steps.get(done..).filter(|steps| !steps.is_empty()) else {
                continue;
            };
            for (step, from) in steps.iter().zip(stored..) {
                self.step(mount, from, *step).inspect_err(|error| {
                    self.core
                        .environment
                        .report(&format!("{}: {}", self.core.identity, error.message));
                })?;
            }
            reached.push((
                mount.clone(),
                self.class.known_version(mount).unwrap_or(stored),
            ));
        }
        if reached.is_empty() {
            return Ok(());
        }
        let meta = Meta::with_versions(&meta, &reached).map_err(told)?;
        records.try_put(META_KEY.to_owned(), meta).map_err(told)
    }

    fn step(&self, mount: &Arc<str>, from: u32, step: UpgradeStep) -> Result<(), Box<WireError>> {
        let prefix = if mount.is_empty() {
            String::new()
        } else {
            [mount, "."].concat()
        };
        let failed = |reason: String| {
            let of = if mount.is_empty() {
                String::new()
            } else {
                format!(" of `{mount}`")
            };
            storage_error(&StorageFault::Migration {
                name: format!("from version {from}{of} to {}", from.saturating_add(1)),
                reason,
            })
        };
        let mut upgrade = Upgrade::new(&self.core.records, &prefix);
        // A mixin that was mounted later has nothing to be changed.
        let absent =
            !mount.is_empty() && upgrade.is_empty().map_err(|fault| storage_error(&fault))?;
        if absent {
            return Ok(());
        }
        match caught(|| step(&mut upgrade)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(said(&error))),
            Err(Stop::Panic(text)) => Err(failed(format!("it panicked: {text}"))),
            Err(Stop::Deadline) => Err(failed("it did not end".to_owned())),
        }
    }
}

/// What a step has to say for itself.
fn said(error: &Error) -> String {
    format!("{error}: correct the step; nothing was changed")
}
