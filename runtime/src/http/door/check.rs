//! Refuses lists of routes that mean two things, before anything is served.

use super::super::Front;
use super::super::class::RESERVED;
use super::routes::{Route, Routes, Way};
use crate::error::Code;
use crate::rpc::WireError;

/// Where methods are called.
pub(super) const RPC: &str = "/rpc";

impl Routes {
    /// The first fault of the list.
    pub(super) fn fault(&self, front: &Front) -> Result<(), WireError> {
        let invalid = |message| Err(WireError::framework(Code::ConfigInvalid, message));
        if let Some(fault) = self.faults.first() {
            return invalid(fault.clone());
        }
        if !self.methods.is_empty() && (front.classes().has("rpc") || front.assets().has(RPC)) {
            return invalid(format!(
                "methods are called at `{RPC}`, which is a class's path or an asset's already"
            ));
        }
        for (at, route) in self.all.iter().enumerate() {
            if let Some(other) = self.hidden(route, front) {
                return invalid(format!("the route `{}` would hide {other}", route.label));
            }
            if let Way::To(to) = &route.way
                && !front.classes().has(to.class())
            {
                return invalid(format!(
                    "the route `{}` leads to the class `{}`, which is not in `app!(..)`",
                    route.label,
                    to.class()
                ));
            }
            let same = |other: &&Route| {
                other.method == route.method && other.pattern.is_like(&route.pattern)
            };
            if let Some(other) = self.all[..at].iter().find(same) {
                return invalid(format!(
                    "the routes `{}` and `{}` mean the same requests",
                    other.label, route.label
                ));
            }
        }
        Ok(())
    }

    /// What of the house a route would hide. One that begins with a placeholder hides nothing: what has a name goes first.
    fn hidden(&self, route: &Route, front: &Front) -> Option<String> {
        let path = &route.pattern.text;
        if front.assets().has(path) {
            return Some(format!("the asset `{path}`"));
        }
        let first = route.pattern.first_word()?;
        if RESERVED.contains(&first) {
            return Some(format!("the system path `/{first}`"));
        }
        if front.classes().has(first) {
            return Some(format!("the objects of the class `{first}`"));
        }
        (path == RPC && !self.methods.is_empty()).then(|| format!("the methods at `{RPC}`"))
    }
}
