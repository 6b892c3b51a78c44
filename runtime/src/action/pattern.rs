//! Matching a text with the pattern of a parameter: by the `regex` crate natively, by the platform's `RegExp` on Workers,
//! so that the wasm has no engine in it. The macros admit only what both read alike.

use std::cell::RefCell;
use std::collections::HashMap;

/// A pattern in the writing of each engine.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// For people, schemas and `RegExp`.
    pub(crate) source: &'static str,
    /// For the `regex` crate, where `.`, `\d`, `\w` and `\s` mean more than in a schema.
    #[cfg_attr(
        target_arch = "wasm32",
        allow(dead_code, reason = "read natively only")
    )]
    native: &'static str,
    /// The longest text it is looked for in, in characters.
    longest: u64,
}

impl Pattern {
    /// A pattern, as the macros read it.
    pub const fn new(source: &'static str, native: &'static str, longest: u64) -> Self {
        Self {
            source,
            native,
            longest,
        }
    }

    /// Whether it is looked for in a text of this length. `RegExp` may take the square of the length; that a text is too
    /// long another bound says.
    pub(super) const fn takes(&self, length: u64) -> bool {
        length <= self.longest
    }

    /// Whether it is found in a text. Compiled once a thread and kept; none that does not compile passes the macros, and
    /// nothing would match it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        thread_local! {
            static COMPILED: RefCell<HashMap<(usize, usize), Option<engine::Compiled>>> = RefCell::default();
        }
        COMPILED.with_borrow_mut(|compiled| {
            // Patterns are constants: the place of one says which it is.
            let compiled = compiled
                .entry((self.source.as_ptr() as usize, self.source.len()))
                .or_insert_with(|| engine::compile(self));
            compiled
                .as_ref()
                .is_some_and(|compiled| engine::is_match(compiled, text))
        })
    }
}

#[cfg(target_arch = "wasm32")]
mod engine {
    use wasm_bindgen::prelude::*;

    use super::Pattern;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_name = RegExp)]
        pub(super) type Compiled;

        #[wasm_bindgen(constructor, catch, js_class = "RegExp")]
        fn new(source: &str, flags: &str) -> Result<Compiled, JsValue>;

        #[wasm_bindgen(method, catch, js_class = "RegExp")]
        fn test(this: &Compiled, text: &str) -> Result<bool, JsValue>;
    }

    pub(super) fn compile(pattern: &Pattern) -> Option<Compiled> {
        Compiled::new(pattern.source, "u").ok()
    }

    pub(super) fn is_match(compiled: &Compiled, text: &str) -> bool {
        compiled.test(text) == Ok(true)
    }
}

#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod engine {
    use super::Pattern;

    pub(super) use regex::Regex as Compiled;

    pub(super) fn compile(pattern: &Pattern) -> Option<Compiled> {
        Compiled::new(pattern.native).ok()
    }

    pub(super) fn is_match(compiled: &Compiled, text: &str) -> bool {
        compiled.is_match(text)
    }
}

/// A program without a backend runs no action.
#[cfg(not(any(feature = "native", target_arch = "wasm32")))]
mod engine {
    use super::Pattern;

    pub(super) struct Compiled;

    pub(super) fn compile(pattern: &Pattern) -> Option<Compiled> {
        (!pattern.native.is_empty()).then_some(Compiled)
    }

    pub(super) fn is_match(_: &Compiled, _: &str) -> bool {
        true
    }
}
