//! What the compiler is made to refuse: two things of one object with the same name, and reserved ones.

use super::{Binding, Object};
use crate::state::Stateful;

/// Refuses, at compile time, two things of one object with the same name, and a name of the protocol's own; called in a
/// `const` by the macros.
pub const fn check_class<T: Stateful>() {
    let mut part = 0;
    while part < T::PARTS.len() {
        let actions = T::PARTS[part].actions;
        let mut index = 0;
        while index < actions.len() {
            let name = actions[index].name;
            // Against the actions behind it, in this block and the ones after.
            let (mut other_part, mut other) = (part, index + 1);
            while other_part < T::PARTS.len() {
                while other < T::PARTS[other_part].actions.len() {
                    if same(name, T::PARTS[other_part].actions[other].name) {
                        clash(
                            "two actions have the wire name `",
                            name,
                            "`: rename one with `#[action(name = \"..\")]`",
                        );
                    }
                    other += 1;
                }
                other_part += 1;
                other = 0;
            }
            let mut mount = 0;
            while mount < T::MOUNTS.len() {
                if same(name, T::MOUNTS[mount].name) {
                    clash(
                        "an action and a mounted mixin are both named `",
                        name,
                        "`: rename one",
                    );
                }
                mount += 1;
            }
            index += 1;
        }
        part += 1;
    }
    let mut mount = 0;
    while mount < T::MOUNTS.len() {
        if same(T::MOUNTS[mount].name, "rpc") {
            clash(
                "a mixin cannot be mounted as `",
                T::MOUNTS[mount].name,
                "`: methods that start with `rpc.` are the protocol's own; rename the field",
            );
        }
        mount += 1;
    }
    let mut event = 0;
    while event < T::EVENTS.len() {
        if T::EVENTS[event].objects && !T::DEFERS {
            clash(
                "other objects are told of the event `",
                T::EVENTS[event].name,
                "` by durable sends: say `defers` on the struct that declares it, `#[durable_object(defers, events(..))]`",
            );
        }
        let mut other = event + 1;
        while other < T::EVENTS.len() {
            if same(T::EVENTS[event].name, T::EVENTS[other].name) {
                clash(
                    "two events have the wire name `",
                    T::EVENTS[event].name,
                    "`: rename one with `#[event(name = \"..\")]`",
                );
            }
            other += 1;
        }
        event += 1;
    }
}

/// Refuses, at compile time, a method of a class with SQL that holds the object and waits; called in a `const` by the
/// macros.
pub const fn check_waits<T: Object>(method: &str) {
    if T::SQL.is_some() {
        clash(
            "`",
            method,
            "` holds an object with SQL and is `async`: SQL runs in turns that do not wait. Make it a `fn`, or a process, \
             `async fn(this: Handle<Self>, ..)`, that reaches the object by `this.atomic(|object, cx| ..)`",
        );
    }
}

/// Refuses, at compile time, two classes of one binding; called in a `const` by [`app!`](crate::app).
pub const fn check_bindings(bindings: &[Binding]) {
    let mut index = 0;
    while index < bindings.len() {
        let mut other = index + 1;
        while other < bindings.len() {
            if let (Some(one), Some(two)) = (bindings[index], bindings[other])
                && same(one, two)
            {
                clash("two classes have the binding `", one, "`: rename one");
            }
            other += 1;
        }
        index += 1;
    }
}

/// Ends the compilation with a message that names the culprit; `panic!` in a const takes one text only.
#[expect(
    clippy::panic,
    reason = "runs at compile time: it is the compile error"
)]
const fn clash(before: &str, name: &str, after: &str) -> ! {
    let mut text = [0_u8; 320];
    let mut length = 0;
    let parts = [before.as_bytes(), name.as_bytes(), after.as_bytes()];
    let mut part = 0;
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() && length < text.len() {
            text[length] = parts[part][index];
            length += 1;
            index += 1;
        }
        part += 1;
    }
    match std::str::from_utf8(text.split_at(length).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("two things of this object have the same name"),
    }
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}
