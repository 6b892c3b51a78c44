//! What stored values survive, and what not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};

use super::{Verdict, compare, line};
use crate::document::{Manifest, read};

fn manifest(classes: &Value, schemas: &Value) -> Manifest {
    let document = json!({
        "stayput": { "manifest": 1 },
        "app": { "name": "app", "version": "1.0.0" },
        "classes": classes,
        "components": { "schemas": schemas },
    });
    read(&document.to_string(), "test").unwrap()
}

fn class(state: &Value) -> Value {
    json!({ "type": "Shop", "actions": {}, "state": state })
}

/// What is found when a field of one schema gets the other.
fn field(old: &Value, new: &Value) -> Vec<String> {
    let of = |schema: &Value| {
        let state = json!({ "x": { "kind": "field", "schema": schema } });
        manifest(&json!({ "shop": class(&state) }), &json!({}))
    };
    compare(&of(old), &of(new)).iter().map(line).collect()
}

#[test]
fn values_that_are_read_as_before_are_passed_over() {
    let text = json!({ "type": "string" });
    let point = |extra: &Value| json!({ "type": "object", "properties": { "x": { "type": "integer", "format": "int32" }, "y": extra }, "required": ["x"] });
    let tagged = |names: &[&str]| {
        let variants = names.iter().map(|name| {
            json!({ "type": "object", "properties": { "kind": { "const": name } }, "required": ["kind"] })
        });
        json!({ "oneOf": variants.collect::<Vec<_>>() })
    };
    for (old, new) in [
        (text.clone(), text.clone()),
        (text.clone(), json!({ "type": ["string", "null"] })),
        (
            text.clone(),
            json!({ "anyOf": [text.clone(), { "type": "null" }] }),
        ),
        (text.clone(), json!(true)),
        (
            json!({ "type": "integer", "format": "uint32" }),
            json!({ "type": "integer", "format": "int64" }),
        ),
        (
            json!({ "type": "integer", "format": "int64" }),
            json!({ "type": "number", "format": "double" }),
        ),
        (
            json!({ "type": "string", "enum": ["a", "b"] }),
            json!({ "type": "string", "enum": ["a", "b", "c"] }),
        ),
        (json!({ "type": "string", "enum": ["a"] }), text.clone()),
        (point(&text), point(&json!({ "type": ["string", "null"] }))),
        (tagged(&["a", "b"]), tagged(&["b", "c", "a"])),
        (
            json!({ "type": "array", "items": { "type": "integer", "format": "uint8" } }),
            json!({ "type": "array", "items": { "type": "integer", "format": "uint16" } }),
        ),
    ] {
        assert_eq!(field(&old, &new), Vec::<String>::new(), "{old} -> {new}");
    }
}

#[test]
fn values_that_are_not_are_told() {
    let object = |properties: &Value, required: &[&str]| json!({ "type": "object", "properties": properties, "required": required });
    let number = json!({ "type": "number", "format": "double" });
    let variants = |names: &[&str]| json!({ "oneOf": names.iter().map(|name| json!({ "type": "string", "const": name })).collect::<Vec<_>>() });
    for (old, new, told) in [
        (
            number.clone(),
            json!({ "type": "integer", "format": "uint64" }),
            "was `double`, is `uint64`",
        ),
        (
            json!({ "type": "integer", "format": "int64" }),
            json!({ "type": "integer", "format": "uint64" }),
            "was `int64`, is `uint64`",
        ),
        (
            json!({ "type": ["string", "null"] }),
            json!({ "type": "string" }),
            "was `null or string`, is `string`",
        ),
        (
            json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
            json!({ "type": "string" }),
            "was `null`, is `string`",
        ),
        (
            json!({ "type": "string", "enum": ["a", "b"] }),
            json!({ "type": "string", "enum": ["a"] }),
            "does not know \"b\" any more",
        ),
        (
            variants(&["a", "b"]),
            variants(&["a"]),
            "has no form for \"b\" any more",
        ),
        (
            object(&json!({ "x": number }), &["x"]),
            object(&json!({ "x": number, "y": number }), &["x", "y"]),
            "`y` is asked for, and stored values may lack it: give it `#[serde(default)]`",
        ),
        (
            object(
                &json!({ "x": { "type": "object", "properties": { "y": number } } }),
                &[],
            ),
            object(
                &json!({ "x": { "type": "object", "properties": { "y": { "type": "string" } } } }),
                &[],
            ),
            "`x.y` was `double`, is `string`",
        ),
        (
            json!({ "type": "array", "items": number }),
            json!({ "type": "array", "items": { "type": "string" } }),
            "`[]` was `double`, is `string`",
        ),
        (
            json!({ "type": "array", "prefixItems": [number] }),
            json!({ "type": "array", "prefixItems": [number, number] }),
            "has another number of members",
        ),
    ] {
        let found = field(&old, &new);
        let expected = format!(
            "breaks: shop: x: {told} (raise the `version`, and add the step that leads to it)"
        );
        assert_eq!(found, [expected], "{old} -> {new}");
    }
}

#[test]
fn types_that_hold_themselves_come_to_an_end() {
    let state =
        json!({ "tree": { "kind": "field", "schema": { "$ref": "#/components/schemas/Tree" } } });
    let tree = |leaf: &str| {
        json!({ "Tree": { "type": "object", "properties": {
            "leaf": { "type": leaf },
            "sub": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } },
        }, "required": ["leaf", "sub"] } })
    };
    let of = |leaf: &str| manifest(&json!({ "shop": class(&state) }), &tree(leaf));
    assert_eq!(compare(&of("string"), &of("string")), []);
    let found: Vec<String> = compare(&of("string"), &of("boolean"))
        .iter()
        .map(line)
        .collect();
    assert!(
        found.len() == 1 && found[0].contains("`leaf` was `string`, is `boolean`"),
        "{found:?}"
    );
}

#[test]
fn kinds_keys_and_classes_count_too() {
    let text = json!({ "type": "string" });
    let old = manifest(
        &json!({
            "shop": class(&json!({
                "a": { "kind": "log", "item": text },
                "b": { "kind": "map", "key": "u32", "value": text },
                "c": { "kind": "map", "key": "u32", "value": text },
                "d": { "kind": "set", "key": "String" },
                "e": { "kind": "table", "key": { "column": "id", "type": "u64", "auto": true }, "row": text, "indexes": [] },
            })),
            "gone": class(&json!({})),
            "moved": class(&json!({ "x": { "kind": "field", "schema": text } })),
        }),
        &json!({}),
    );
    let new = manifest(
        &json!({
            "shop": class(&json!({
                "a": { "kind": "queue", "item": text },
                "b": { "kind": "map", "key": "u64", "value": text },
                "c": { "kind": "map", "key": "i64", "value": text },
                "e": { "kind": "table", "key": { "column": "id", "type": "String", "auto": false }, "row": text, "indexes": [] },
                "f": { "kind": "set", "key": "String" },
            })),
            "here": { "type": "Here", "was": ["moved"], "actions": {}, "state": { "x": { "kind": "field", "schema": { "type": "null" } } } },
        }),
        &json!({}),
    );
    let found = compare(&old, &new);
    let short: Vec<(Verdict, &str, &str)> = found
        .iter()
        .map(|finding| {
            (
                finding.verdict,
                finding.class.as_str(),
                finding.path.as_str(),
            )
        })
        .collect();
    assert_eq!(
        short,
        [
            (Verdict::Breaks, "gone", ""),
            (Verdict::Breaks, "moved", "x"),
            (Verdict::Breaks, "shop", "a"),
            (Verdict::Breaks, "shop", "c"),
            (Verdict::Note, "shop", "d"),
            (Verdict::Breaks, "shop", "e"),
        ]
    );
}

#[test]
fn a_higher_version_sees_to_it_and_a_lower_one_breaks() {
    let of = |class_version: u64, mixin_version: u64, ty: &str| {
        let state = json!({
            "own": { "kind": "field", "schema": { "type": ty } },
            "part.count": { "kind": "field", "schema": { "type": ty } },
        });
        let class = json!({
            "type": "Shop", "version": class_version, "actions": {}, "state": state,
            "mixins": { "part": { "type": "Part", "version": mixin_version } },
        });
        manifest(&json!({ "shop": class }), &json!({}))
    };
    let verdicts = |old: &Manifest, new: &Manifest| -> Vec<Verdict> {
        compare(old, new)
            .iter()
            .map(|finding| finding.verdict)
            .collect()
    };
    let first = of(1, 1, "string");
    assert_eq!(
        verdicts(&first, &of(2, 1, "boolean")),
        [Verdict::Upgraded, Verdict::Breaks]
    );
    assert_eq!(
        verdicts(&first, &of(1, 2, "boolean")),
        [Verdict::Breaks, Verdict::Upgraded]
    );
    assert_eq!(
        verdicts(&of(2, 2, "string"), &of(1, 2, "string")),
        [Verdict::Breaks]
    );
}

#[test]
fn a_handler_that_is_gone_is_told_of() {
    let of = |reactions: &Value, subscribes: &[&str]| {
        let class = json!({ "type": "Shop", "actions": {}, "state": {}, "reactions": reactions, "subscribes": subscribes });
        manifest(&json!({ "shop": class }), &json!({}))
    };
    let old = of(
        &json!({ "mail": "sold", "desk.file": "sold" }),
        &["moved", "renamed"],
    );
    let new = of(&json!({ "desk.file": "sold" }), &["renamed"]);
    let found: Vec<String> = compare(&old, &new).iter().map(line).collect();
    let expected = [
        "note: shop: mail: the async handler is gone: events `sold` that wait for it become dead letters",
        "note: shop: subscribes to `moved` no more: what its objects are still told of it becomes dead letters of those who tell",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_action_that_is_gone_is_told_of_unless_it_was_renamed() {
    let of = |actions: &Value| {
        let class = json!({ "type": "Shop", "actions": actions, "state": {} });
        manifest(&json!({ "shop": class }), &json!({}))
    };
    let action = |was: &[&str]| json!({ "receiver": "command", "auth": { "kind": "internal" }, "params": [], "result": { "type": "null" }, "errors": [], "was": was });
    let old = of(&json!({ "close": action(&[]), "tidy": action(&[]) }));
    let new = of(&json!({ "shut": action(&["close"]) }));
    let found: Vec<String> = compare(&old, &new).iter().map(line).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("note: shop: tidy: the action is gone"),
        "{found:?}"
    );
}

#[test]
fn what_clients_say_when_they_connect_is_compared() {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer", "format": "uint32" });
    let param = |name: &str, required: bool, schema: &Value| json!({ "name": name, "required": required, "schema": schema });
    let found = |old: &[Value], new: &[Value]| -> Vec<String> {
        let of = |connect: &[Value]| {
            let mut class = class(&json!({}));
            class["connect"] = json!(connect);
            manifest(&json!({ "shop": class }), &json!({}))
        };
        compare(&of(old), &of(new)).iter().map(line).collect()
    };
    let old = [param("name", true, &text), param("room", false, &text)];
    // What may be said, and what need not be said any more, is no matter.
    assert!(found(&old, &old).is_empty());
    let wider = [
        param("name", false, &text),
        param("room", false, &json!({ "type": ["string", "null"] })),
        param("color", false, &text),
    ];
    assert!(found(&old, &wider).is_empty(), "{:?}", found(&old, &wider));
    let tells = "connections of clients made earlier are refused";
    assert_eq!(
        found(&old, &[param("room", true, &text)]),
        [
            format!("note: shop: connect: name: is gone: {tells}"),
            format!("note: shop: connect: room: must be said now: {tells}"),
        ]
    );
    let other = found(
        &old,
        &[param("name", true, &number), param("room", false, &text)],
    );
    assert_eq!(other.len(), 1);
    assert!(
        other[0].starts_with("note: shop: connect: name: "),
        "{other:?}"
    );
}
