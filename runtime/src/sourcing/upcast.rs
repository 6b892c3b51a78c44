//! What brings stored events up to date.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// One step: what events of one type and version become when they are read. They stay as they are in store.
///
/// A step is a pure function from JSON to JSON: the content of the variant, `null` for one without, to that of the next
/// version. The first version is 1, and an event that is appended is of the last one that steps lead to.
#[derive(Debug, Clone, Copy)]
pub struct Upcast {
    from: &'static str,
    version: u32,
    to: &'static str,
    becomes: u32,
    step: Step,
}

type Step = fn(Value) -> Result<Value, String>;

impl Upcast {
    /// From this version of a type to the next. What `step` refuses cannot be read: the action fails with
    /// `state.unreadable`.
    pub const fn new(kind: &'static str, version: u32, step: Step) -> Self {
        Self {
            from: kind,
            version,
            to: kind,
            becomes: version.saturating_add(1),
            step,
        }
    }

    /// From this version of a type to the first version of another: for a variant that was renamed.
    pub const fn renamed(kind: &'static str, version: u32, to: &'static str) -> Self {
        Self {
            from: kind,
            version,
            to,
            becomes: 1,
            step: Ok,
        }
    }
}

/// How the stored events of `E` are brought up to date: a type of its own, the third parameter of an
/// [`EventStore`](super::EventStore).
///
/// The list is checked when it is compiled: each version of a type but the last has one step, and no step leads back.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::sourcing::{Upcast, Upcasts};
///
/// #[data]
/// pub enum Paid { Paid { cents: i64, currency: String } }
///
/// pub struct Steps;
///
/// impl Upcasts<Paid> for Steps {
///     const STEPS: &'static [Upcast] = &[Upcast::new("Paid", 1, |mut paid| {
///         // All was paid in euros.
///         paid["currency"] = "EUR".into();
///         Ok(paid)
///     })];
/// }
///
/// #[durable_object]
/// struct Till { events: EventStore<Paid, (), Steps> }
/// # #[durable_object] impl Till {}
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how stored events of `{E}` are brought up to date",
    note = "implement `Upcasts<{E}>` for it, with the list of its steps"
)]
pub trait Upcasts<E>: 'static {
    /// The steps, in any order.
    const STEPS: &'static [Upcast];
}

/// No event has had another form.
#[derive(Debug, Clone, Copy)]
pub enum NoUpcasts {}

impl<E> Upcasts<E> for NoUpcasts {
    const STEPS: &'static [Upcast] = &[];
}

/// Why an event is not brought up to date.
pub(super) enum Fault {
    /// A step refused.
    Step(String),
    /// It is of a version that the program does not know.
    Newer {
        kind: String,
        stored: u32,
        known: u32,
    },
}

/// The version of events of this type that are appended now.
pub(super) fn current(steps: &[Upcast], kind: &str) -> u32 {
    let leads = steps.iter().filter(|step| step.to == kind);
    leads.map(|step| step.becomes).max().unwrap_or(1)
}

pub(super) fn is_current(steps: &[Upcast], kind: &str, version: u32) -> bool {
    if steps.is_empty() {
        return version == 1;
    }
    version == current(steps, kind) && find(steps, kind, version).is_none()
}

fn find<'s>(steps: &'s [Upcast], kind: &str, version: u32) -> Option<&'s Upcast> {
    steps
        .iter()
        .find(|step| step.version == version && step.from == kind)
}

/// The type that events of this one are of when they are read.
pub(super) fn name<'k>(steps: &[Upcast], mut kind: &'k str, mut version: u32) -> &'k str {
    while let Some(step) = find(steps, kind, version) {
        (kind, version) = (step.to, step.becomes);
    }
    kind
}

/// Takes an event through all steps from its version on: its type, and its JSON text, as it is now.
pub(super) fn run(
    steps: &[Upcast],
    mut kind: String,
    mut version: u32,
    data: &RawValue,
) -> Result<(String, String), Fault> {
    let fail = |kind: &str, version: u32, error: &dyn std::fmt::Display| {
        Fault::Step(format!("the event `{kind}` of version {version}: {error}"))
    };
    let mut value: Value =
        serde_json::from_str(data.get()).map_err(|error| fail(&kind, version, &error))?;
    while let Some(step) = find(steps, &kind, version) {
        let (wrapped, content) = unwrap(value, &kind);
        let content = (step.step)(content).map_err(|error| fail(&kind, version, &error))?;
        value = wrap(wrapped, step.to, content);
        step.to.clone_into(&mut kind);
        version = step.becomes;
    }
    let known = current(steps, &kind);
    if version != known {
        return Err(Fault::Newer {
            kind,
            stored: version,
            known,
        });
    }
    Ok((kind, value.to_string()))
}

/// The content of a variant as serde writes it by default, `{"Variant": content}` or `"Variant"`, and whether it was one.
fn unwrap(value: Value, kind: &str) -> (bool, Value) {
    match value {
        Value::String(text) if text == kind => (true, Value::Null),
        Value::Object(mut object) if object.len() == 1 && object.contains_key(kind) => {
            (true, object.remove(kind).unwrap_or_default())
        }
        other => (false, other),
    }
}

fn wrap(wrapped: bool, kind: &str, content: Value) -> Value {
    match content {
        content if !wrapped => content,
        Value::Null => Value::String(kind.to_owned()),
        content => Value::Object(Map::from_iter([(kind.to_owned(), content)])),
    }
}

/// Ends the compilation if the steps are not a way from each version of each type to the last.
pub(super) const fn check(steps: &[Upcast]) {
    let mut at = 0;
    while at < steps.len() {
        let step = &steps[at];
        assert!(step.version > 0, "the first version of an event is 1");
        assert!(
            step.version == 1 || index(steps, step.from, step.version - 1).is_some(),
            "a version of an event has no step: each but the last needs one"
        );
        let again = match index(steps, step.from, step.version) {
            Some(first) => first != at,
            None => false,
        };
        assert!(!again, "two steps begin at the same version of an event");
        // Whoever has gone as many steps as there are, and may go on, goes round.
        let (mut kind, mut version, mut gone) = (step.from, step.version, 0);
        while let Some(next) = index(steps, kind, version) {
            assert!(
                gone < steps.len(),
                "the steps of an event lead back to where they began"
            );
            (kind, version) = (steps[next].to, steps[next].becomes);
            gone += 1;
        }
        at += 1;
    }
}

const fn index(steps: &[Upcast], kind: &str, version: u32) -> Option<usize> {
    let mut at = 0;
    while at < steps.len() {
        if steps[at].version == version && same(steps[at].from, kind) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Whether two texts are equal.
pub(super) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
