//! What is generated, byte for byte. After a wanted change: `EXPECTORATE=overwrite cargo test -p stayput-cli`, and read
//! the difference.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use stayput_cli::{Format, Manifest, TypeScriptOptions, export, read_manifest, typescript};

fn input(name: &str) -> Manifest {
    let text = std::fs::read_to_string(format!("golden/{name}.json")).unwrap();
    read_manifest(&text, name).unwrap()
}

fn assert_client(name: &str, folder: &str, bigint: bool) {
    for (file, text) in typescript(&input(name), TypeScriptOptions { bigint }).unwrap() {
        // The same for every app, and its own source.
        if !["cbor.ts", "stayput.ts"].contains(&file) {
            expectorate::assert_contents(format!("golden/{folder}/{file}"), &text);
        }
    }
}

#[test]
fn typescript_clients() {
    assert_client("counter", "counter", false);
    assert_client("rich", "rich", false);
    assert_client("rich", "rich-bigint", true);
}

#[test]
fn exports() {
    for name in ["counter", "rich"] {
        for (format, file) in [
            (Format::JsonSchema, "json-schema"),
            (Format::Openrpc, "openrpc"),
            (Format::Mcp, "mcp"),
            (Format::Openai, "openai"),
            (Format::Anthropic, "anthropic"),
            (Format::Access, "access"),
            (Format::Errors, "errors"),
        ] {
            let text = export(&input(name), format, None).unwrap();
            expectorate::assert_contents(format!("golden/{name}/{file}.json"), &text);
        }
        let tables = export(&input(name), Format::AccessMarkdown, None).unwrap();
        expectorate::assert_contents(format!("golden/{name}/access.md"), &tables);
        let page = export(&input(name), Format::ErrorsMarkdown, None).unwrap();
        expectorate::assert_contents(format!("golden/{name}/errors.md"), &page);
    }
}

#[test]
fn the_same_manifest_gives_the_same_bytes_whatever_its_order() {
    let text = std::fs::read_to_string("golden/rich.json").unwrap();
    // A second reading of the sorted, compact form.
    let sorted = serde_json::from_str::<serde_json::Value>(&text)
        .unwrap()
        .to_string();
    let generate = |text: &str| {
        let manifest = read_manifest(text, "rich").unwrap();
        typescript(&manifest, TypeScriptOptions::default()).unwrap()
    };
    assert_eq!(generate(&text), generate(&sorted));
}

#[test]
fn nothing_internal_is_exported() {
    for format in [
        Format::JsonSchema,
        Format::Openrpc,
        Format::Mcp,
        Format::Openai,
        Format::Anthropic,
        Format::Errors,
        Format::ErrorsMarkdown,
    ] {
        assert!(
            !export(&input("counter"), format, None)
                .unwrap()
                .contains("tidy"),
            "{format:?}"
        );
    }
    let client = typescript(&input("counter"), TypeScriptOptions::default()).unwrap();
    assert!(client.iter().all(|(_, text)| !text.contains("tidy")));
}

#[test]
fn one_class_can_be_exported_alone() {
    let text = export(&input("rich"), Format::Openrpc, Some("ledger")).unwrap();
    assert!(text.contains("\"name\": \"post\"") && !text.contains("\"say\""));
    let fault = export(&input("rich"), Format::Openrpc, Some("ledgers")).unwrap_err();
    assert_eq!(fault.help().unwrap(), "the classes are: chat-room, ledger");
}
