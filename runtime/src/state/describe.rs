//! The durable fields of a class, for the manifest.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;

use super::field::Field;
use super::stateful::Stateful;
use crate::manifest::{DESCRIBES, StateManifest};

/// Walks the fields of one class and lists them by path, its mixins' included.
#[derive(Debug)]
pub struct StateDescriber<'a> {
    generator: &'a mut SchemaGenerator,
    state: &'a mut BTreeMap<String, StateManifest>,
    prefix: String,
}

impl<'a> StateDescriber<'a> {
    /// Lists fields in `state`; named types go to `generator`.
    pub fn new(
        generator: &'a mut SchemaGenerator,
        state: &'a mut BTreeMap<String, StateManifest>,
    ) -> Self {
        Self {
            generator,
            state,
            prefix: String::new(),
        }
    }

    /// Lists a field.
    pub fn field<F: Field>(&mut self, name: &str) {
        if !DESCRIBES {
            return;
        }
        let described = F::describe(self.generator);
        self.state.insert([&self.prefix, name].concat(), described);
    }

    /// Lists the fields of the mixin mounted as `name`.
    pub fn mixin<M: Stateful>(&mut self, name: &str) {
        if !DESCRIBES {
            return;
        }
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        M::describe(self);
        self.prefix.truncate(outer);
    }
}
