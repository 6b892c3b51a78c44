//! Manifests that nobody would write: a real one, changed at random places by a seed.

use serde_json::{Map, Value, json};

/// xorshift64*: the same numbers for the same seed, everywhere.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end.max(1)
    }
}

/// Texts that mean something in a comment, a literal, a name, a path or a pointer.
pub(crate) const HOSTILE: &[&str] = &[
    "",
    "*/",
    "/*",
    "//",
    "</script>",
    "${x}",
    "`",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\n",
    "\r\n",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\u{7f}",
    "\u{feff}",
    "\u{202e}",
    "__proto__",
    "constructor",
    "then",
    "prototype",
    "toString",
    "class",
    "string",
    "Promise",
    "App",
    "$",
    "$target",
    "$call",
    "a.b",
    "..",
    ".",
    "a..b",
    "~",
    "~0",
    "/",
    "%",
    "%zz",
    "#",
    " ",
    "0",
    "1a",
    "ünïcödé",
    "\u{1f600}",
    "Counter",
    "ChatRoom",
    "CounterIncrementParams",
    "@ts-ignore",
    "@ts-nocheck",
    "//# sourceMappingURL=x",
    "*\u{0}/",
    "**/",
    "*/*/",
    "\\u002a/",
    "#/components/schemas/Tree",
    "object",
    "null",
    "integer",
    "array",
    "uint64",
    "object-id",
    "internal",
    "query",
    "${`",
    "}]);//",
];

/// Changes `times` places of a document.
pub(crate) fn mutate(document: &mut Value, chance: &mut Chance, times: usize) {
    for _ in 0..times {
        let count = count(document);
        let mut index = chance.below(count);
        change(document, &mut index, chance);
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value that comes `index`th in the document.
fn change(value: &mut Value, index: &mut usize, chance: &mut Chance) -> bool {
    if *index == 0 {
        replace(value, chance);
        return true;
    }
    *index -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| change(item, index, chance)),
        Value::Object(members) => members
            .values_mut()
            .any(|member| change(member, index, chance)),
        _ => false,
    }
}

fn replace(value: &mut Value, chance: &mut Chance) {
    let text = HOSTILE[chance.below(HOSTILE.len())];
    match (value, chance.below(4)) {
        (Value::Object(members), 0) => {
            let name = members.keys().nth(chance.below(members.len())).cloned();
            if let Some(name) = name {
                members.remove(&name);
            }
        }
        (Value::Object(members), 1) => {
            let name = members.keys().nth(chance.below(members.len())).cloned();
            let moved = name
                .and_then(|name| members.remove(&name))
                .unwrap_or(Value::Null);
            members.insert(text.to_owned(), moved);
        }
        (Value::Object(members), 2) => {
            members.insert(text.to_owned(), any(chance, text));
        }
        (Value::Array(items), 0 | 1) => {
            let copy = items
                .get(chance.below(items.len()))
                .cloned()
                .unwrap_or_default();
            items.push(copy);
        }
        (Value::String(found), 0..=2) => {
            let at = (0..=chance.below(found.len() + 1))
                .rev()
                .find(|&at| found.is_char_boundary(at));
            found.insert_str(at.unwrap_or(0), text);
        }
        (value, _) => *value = any(chance, text),
    }
}

fn any(chance: &mut Chance, text: &str) -> Value {
    match chance.below(16) {
        0 => Value::Null,
        1 => false.into(),
        2 => true.into(),
        3 => (-1).into(),
        4 => u64::MAX.into(),
        5 => 1e300.into(),
        6 => json!([]),
        7 => json!({}),
        8 => json!({ "$ref": "#/components/schemas/Tree" }),
        9 => json!({ "$ref": format!("#/components/schemas/{text}") }),
        10 => {
            json!({ "type": ["object", "null", "array", "integer"], "properties": { text: { "const": text } } })
        }
        11 => json!({ "enum": [text, 1, null, 2.5, u64::MAX, { text: [text] }, true] }),
        12 => {
            json!({ "oneOf": [{ "$ref": "#/components/schemas/Entry", "properties": { text: true } }, { "const": text }] })
        }
        13 => deep(text),
        14 => {
            json!({ "type": "array", "prefixItems": [false, { "format": "uint64", "type": "integer" }], "items": { "$ref": "#/components/schemas/Message" } })
        }
        _ => text.into(),
    }
}

fn deep(text: &str) -> Value {
    (0..60).fold(json!({ "type": text }), |below, _| {
        Value::Object(Map::from_iter([
            ("items".to_owned(), below),
            ("type".to_owned(), "array".into()),
        ]))
    })
}
