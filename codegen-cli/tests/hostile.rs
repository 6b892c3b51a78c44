//! No input makes the command panic: what is no manifest is a typed error that says where the fault is.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod mutate;

use mutate::{Chance, mutate};
use serde_json::Value;
use stayput_cli::{Error, Format, TypeScriptOptions, export, read_manifest, typescript};

const FORMATS: [Format; 5] = [
    Format::JsonSchema,
    Format::Openrpc,
    Format::Mcp,
    Format::Openai,
    Format::Anthropic,
];

fn input(name: &str) -> String {
    std::fs::read_to_string(format!("golden/{name}.json")).unwrap()
}

/// Does everything that can be done with a text; the errors on the way, in order.
fn everything(text: &str) -> Vec<Error> {
    let manifest = match read_manifest(text, "x.json") {
        Ok(manifest) => manifest,
        Err(error) => return vec![error],
    };
    let mut errors = Vec::new();
    for bigint in [false, true] {
        errors.extend(typescript(&manifest, TypeScriptOptions { bigint }).err());
    }
    for format in FORMATS {
        errors.extend(export(&manifest, format, None).err());
    }
    errors
}

/// Everything before the last segment of a fault's pointer must be in the document.
fn assert_points_somewhere(document: &Value, pointer: &str) {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    assert!(
        pointer.starts_with('/') && document.pointer(parent).is_some(),
        "{pointer} leads nowhere in {document}"
    );
}

#[test]
fn mutated_manifests_are_read_or_refused_with_a_place() {
    let (mut sound, mut refused) = (0, 0);
    for name in ["counter", "rich"] {
        let original: Value = serde_json::from_str(&input(name)).unwrap();
        for seed in 0..3_000 {
            let mut chance = Chance::new(seed);
            let mut document = original.clone();
            let times = 1 + chance.below(4);
            mutate(&mut document, &mut chance, times);
            let errors = everything(&document.to_string());
            if errors.is_empty() {
                sound += 1;
            } else {
                refused += 1;
            }
            for error in errors {
                assert_eq!(error.exit_code(), 2, "seed {seed}: {error}");
                assert!(error.help().is_some());
                match &error {
                    Error::Manifest { pointer, .. } | Error::VendorName { pointer, .. } => {
                        assert_points_somewhere(&document, pointer);
                    }
                    // 60 levels within those there are may be one too many for the reader of JSON.
                    Error::Major { .. } | Error::Syntax { .. } => {}
                    other => panic!("seed {seed}: {other:?}"),
                }
            }
        }
    }
    // Neither half of the test is empty.
    assert!(
        sound > 500 && refused > 500,
        "{sound} sound, {refused} refused"
    );
}

#[test]
fn truncated_and_damaged_texts_are_refused_with_line_and_column() {
    let text = input("rich");
    let whole = text.trim_end().len();
    for end in (0..whole).filter(|&end| text.is_char_boundary(end)) {
        let fault = read_manifest(&text[..end], "x.json").unwrap_err();
        assert!(
            matches!(&fault, Error::Syntax { line, .. } if *line <= text.lines().count()),
            "{end}: {fault}"
        );
    }
    let mut chance = Chance::new(7);
    for _ in 0..2_000 {
        let mut bytes = text.clone().into_bytes();
        let at = chance.below(bytes.len());
        bytes[at] = b"\"\\{}[],:0e\n "[chance.below(12)];
        everything(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn depth_and_breadth_are_bounded() {
    for text in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000)] {
        assert!(matches!(
            read_manifest(&text, "x"),
            Err(Error::Syntax { .. })
        ));
    }
    let counter = input("counter");
    let dots = counter.replace(
        "\"increment\": {",
        &format!("\"{}\": {{", "a.".repeat(100_000)),
    );
    let fault = everything(&dots).remove(0).to_string();
    assert!(fault.contains("segments"), "{}", &fault[fault.len() - 80..]);

    // Each type holds the next twice: put in place without a bound, that would be 2^200 nodes.
    let doubling = |index: usize| {
        let next = format!("{{\"$ref\":\"#/components/schemas/T{:04}\"}}", index + 1);
        format!(
            "\"T{index:04}\":{{\"type\":\"object\",\"properties\":{{\"a\":{next},\"b\":{next}}},\"required\":[\"a\"]}}"
        )
    };
    let types: Vec<String> = (0..200)
        .map(doubling)
        .chain(["\"T0200\":{\"type\":\"null\"}".to_owned()])
        .collect();
    let text = counter
        .replace(
            "\"schemas\": {}",
            &format!("\"schemas\": {{{}}}", types.join(",")),
        )
        .replace(
            "\"result\": { \"type\": \"null\" }",
            "\"result\": { \"$ref\": \"#/components/schemas/T0000\" }",
        );
    assert!(everything(&text).is_empty());
    let mcp = export(&read_manifest(&text, "x").unwrap(), Format::Mcp, None).unwrap();
    assert!(
        mcp.contains("#/$defs/T") && mcp.len() < 4_000_000,
        "{}",
        mcp.len()
    );
}

#[test]
fn faults_name_the_file_and_the_place() {
    let said = |from: &str, to: &str| {
        let text = input("rich");
        assert!(text.contains(from), "{from}");
        everything(&text.replacen(from, to, 1))
            .remove(0)
            .to_string()
    };
    for (from, to, expected) in [
        (
            "\"manifest\": 1",
            "\"manifest\": 2",
            "x.json: at /stayput/manifest: the manifest is of version 2",
        ),
        (
            "\"manifest\": 1",
            "\"manifest\": \"1\"",
            "x.json: at /stayput/manifest: expected the number",
        ),
        (
            "\"name\": \"rich\"",
            "\"name\": 5",
            "x.json: at /app/name: expected a string, found a number",
        ),
        (
            "\"receiver\": \"process\"",
            "\"receiver\": []",
            "x.json: at /classes/chat-room/actions/await/receiver: ",
        ),
        (
            "\"name\": \"max-wait\"",
            "\"name\": \"class\"",
            "x.json: at /classes/chat-room/actions/await/params/1/name: ",
        ),
        (
            "schemas/string\"",
            "schemas/strong\"",
            "x.json: at /classes/chat-room/actions/await/params/0/schema/$ref: there is no type",
        ),
        (
            "\"type\": \"boolean\"",
            "\"type\": \"bool\"",
            "x.json: at /classes/chat-room/actions/delete/result/type: expected one of",
        ),
        (
            "\"type\": \"string\", \"description\": \"A name",
            "\"$ref\": \"#/components/schemas/Promise\", \"description\": \"A name",
            "x.json: at /components/schemas/Promise: the type refers to itself",
        ),
    ] {
        let said = said(from, to);
        assert!(said.starts_with(expected), "{said}");
    }
}
