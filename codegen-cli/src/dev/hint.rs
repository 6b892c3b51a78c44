//! One call to try: the first action that changes something and can be called without much thought.

use serde_json::Value;

use crate::document::{Action, Manifest, Param, Receiver};
use crate::schema;

/// A whole command line, or `None` if the app has no action for anybody outside.
pub(super) fn call_to_try(manifest: &Manifest) -> Option<String> {
    let (class, wire, action) = manifest
        .classes
        .iter()
        .flat_map(|(class, described)| {
            described
                .exported()
                .map(move |(wire, action)| (class, wire, action))
        })
        .min_by_key(|(_, _, action)| effort(action))?;
    // Of params that may be left out the first is shown: it tells how they are written.
    let shown = action
        .params
        .iter()
        .enumerate()
        .filter(|(index, param)| param.required || *index == 0);
    let mut line = format!(
        "stayput call {} {}",
        quote(&format!("{class}/home")),
        quote(wire)
    );
    for (_, param) in shown {
        line.push(' ');
        line.push_str(&quote(&pair(manifest, param)));
    }
    Some(line)
}

fn effort(action: &Action) -> (usize, bool, bool) {
    let required = action.params.iter().filter(|param| param.required).count();
    // One with a param shows more than one without.
    (
        required,
        action.receiver != Receiver::Command,
        action.params.is_empty(),
    )
}

fn pair(manifest: &Manifest, param: &Param) -> String {
    let value = sample(manifest, &param.schema, 4);
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("{}={value}", param.name)
}

/// Some value of this schema; not for every schema the right one, but of the right shape.
fn sample(manifest: &Manifest, schema: &Value, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    for keyword in ["default", "const"] {
        if let Some(value) = schema.get(keyword).filter(|value| !value.is_null()) {
            return value.clone();
        }
    }
    if let Some(value) = schema.get("enum").and_then(|values| values.get(0)) {
        return value.clone();
    }
    if let Some(name) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(schema::component)
    {
        return manifest
            .schemas
            .get(&name)
            .map_or(Value::Null, |schema| sample(manifest, schema, depth));
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(choice) = schema.get(keyword).and_then(|choices| choices.get(0)) {
            return sample(manifest, choice, depth);
        }
    }
    let ty = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().find_map(Value::as_str),
        ty => ty.and_then(Value::as_str),
    };
    match ty {
        Some("string") => "hello".into(),
        Some("integer") => schema
            .get("minimum")
            .filter(|low| low.as_i64() > Some(1))
            .cloned()
            .unwrap_or_else(|| 1.into()),
        Some("number") => 1.5.into(),
        Some("boolean") => true.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => {
            let required = schema
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let members = required.filter_map(Value::as_str).filter_map(|name| {
                let schema = schema.get("properties")?.get(name)?;
                Some((name.to_owned(), sample(manifest, schema, depth)))
            });
            Value::Object(members.collect())
        }
        _ => Value::Null,
    }
}

/// Quotes a word for a POSIX shell, if it needs that.
fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_safe_in_a_shell() {
        assert_eq!(quote("by=2"), "by=2");
        assert_eq!(quote("it's; $(x)"), "'it'\\''s; $(x)'");
    }

    #[test]
    fn the_easiest_command_is_offered() {
        let manifest =
            crate::document::read(include_str!("../../golden/counter.json"), "counter").unwrap();
        assert_eq!(
            call_to_try(&manifest).unwrap(),
            "stayput call counter/home increment by=1"
        );
    }
}
