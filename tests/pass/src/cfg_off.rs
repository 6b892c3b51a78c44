//! What a `cfg` takes away leaves no trace in the expansion.

use stayput::prelude::*;

#[event]
pub(crate) struct Seen;

#[mixin]
pub(crate) struct Part {
    count: u8,
}

#[mixin]
impl Part {
    #[action]
    fn count(&self) -> u8 {
        self.count
    }
}

#[derive(Debug, ActionError)]
#[error(prefix = "cfg")]
pub(crate) enum Fault {
    #[cfg(feature = "absent")]
    Absent {
        thing: NoSuchType,
    },
    Present,
}

#[derive(Debug, Config)]
pub(crate) struct Settings {
    #[cfg(feature = "absent")]
    absent: NoSuchType,
    pub(crate) present: u8,
}

#[durable_object(events(Seen))]
pub(crate) struct Thing {
    value: u64,
    #[cfg(feature = "absent")]
    absent: NoSuchType,
    #[cfg(feature = "absent")]
    #[mixin]
    absent_part: NoSuchMixin,
    #[cfg(not(feature = "absent"))]
    #[mixin]
    part: Part,
    #[cfg_attr(not(feature = "absent"), cfg(feature = "absent"))]
    also_absent: NoSuchType,
}

#[durable_object]
impl Thing {
    #[cfg(feature = "absent")]
    #[action]
    fn absent(&self, of: NoSuchType) -> NoSuchType {
        of
    }

    #[cfg_attr(not(feature = "absent"), cfg(feature = "absent"))]
    #[action]
    fn also_absent(&self, of: NoSuchType) -> NoSuchType {
        of
    }

    #[cfg(feature = "absent")]
    #[action]
    fn value(&self) -> NoSuchType {
        NoSuchType
    }

    #[cfg(not(feature = "absent"))]
    #[action]
    fn value(&self) -> Result<u64, Fault> {
        if self.part.count == 0 {
            Err(Fault::Present)
        } else {
            Ok(self.value)
        }
    }

    #[cfg(feature = "absent")]
    #[event(NoSuchEvent)]
    fn on_absent(&mut self, event: NoSuchEvent) {}

    #[event(Seen)]
    fn on_seen(&mut self) {
        self.value += 1;
    }
}
