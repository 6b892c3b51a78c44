//! A configuration in JSON with comments. What is not changed stays byte for byte.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::change::{Change, State, Step};
use super::file::SyntaxFault;

/// What wrangler's own parser takes, and no more.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

pub(super) fn read(text: &str) -> Result<Value, SyntaxFault> {
    let root = CstRootNode::parse(text, &OPTIONS).map_err(|error| SyntaxFault {
        line: error.line_display(),
        column: error.column_display(),
        message: error.kind().to_string(),
    })?;
    Ok(root.to_serde_value().unwrap_or_default())
}

/// The line of a key of the outermost object, from 1.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let parsed = parse_to_ast(text, &CollectOptions::default(), &OPTIONS).ok()?;
    let ast::Value::Object(root) = parsed.value? else {
        return None;
    };
    let member = root
        .properties
        .iter()
        .find(|member| member.name.as_str() == key)?;
    let before = text.get(..member.range().start)?;
    Some(before.matches('\n').count() + 1)
}

/// The text with the changes; none if something in it is of another shape than it was read as.
pub(super) fn apply(text: &str, changes: &[Change]) -> Option<String> {
    let root = CstRootNode::parse(text, &OPTIONS).ok()?;
    let config = root.object_value()?;
    for change in changes {
        edit(&config, change)?;
    }
    Some(root.to_string())
}

fn edit(config: &CstObject, change: &Change) -> Option<()> {
    match change {
        Change::Set { key, value } => {
            config.append(key, value.as_str().into());
        }
        Change::Build { command } => {
            config.append("build", object(&[("command", command)]));
        }
        Change::Bind { name, class } => {
            let objects = config.object_value_or_create("durable_objects")?;
            let bindings = objects.array_value_or_create("bindings")?;
            bindings.append(object(&[("name", name), ("class_name", class)]));
        }
        Change::BindOther {
            name,
            class,
            script,
        } => {
            let objects = config.object_value_or_create("durable_objects")?;
            let bindings = objects.array_value_or_create("bindings")?;
            bindings.append(object(&[
                ("name", name),
                ("class_name", class),
                ("script_name", script),
            ]));
        }
        Change::Rebind { name, class } => {
            binding(config, name)?
                .get("class_name")?
                .set_value(class.as_str().into());
        }
        Change::Unbind { name } => binding(config, name)?.remove(),
        Change::Export { class, state } => {
            export(&config.object_value_or_create("exports")?, class, state)?;
        }
        Change::Migrate(step) => {
            config
                .array_value_or_create("migrations")?
                .append(migration(step));
        }
    }
    Some(())
}

fn binding(config: &CstObject, name: &str) -> Option<CstObject> {
    let bindings = config
        .object_value("durable_objects")?
        .array_value("bindings")?;
    bindings.elements().into_iter().find_map(|element| {
        let binding = element.as_object()?;
        let found = binding.get("name")?.value()?.as_string_lit()?;
        (found.decoded_value().ok()? == name).then_some(binding)
    })
}

/// Of an entry that is there only the members that differ are touched.
fn export(exports: &CstObject, class: &str, state: &State) -> Option<()> {
    let members = state.members();
    if exports.get(class).is_none() {
        exports.append(class, object(&members));
        return Some(());
    }
    let entry = exports.object_value(class)?;
    for member in entry.properties() {
        let name = member.decoded_name()?;
        if !members.iter().any(|(key, _)| *key == name) {
            member.remove();
        }
    }
    for (key, value) in members {
        match entry.get(key) {
            Some(member) => member.set_value(value.into()),
            None => drop(entry.append(key, value.into())),
        }
    }
    Some(())
}

fn object(members: &[(&str, &str)]) -> CstInputValue {
    let members = members
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()));
    CstInputValue::Object(members.collect())
}

fn migration(step: &Step) -> CstInputValue {
    let texts = |texts: &[String]| {
        CstInputValue::Array(texts.iter().map(|text| text.as_str().into()).collect())
    };
    let mut members = vec![("tag".to_owned(), step.tag.as_str().into())];
    if !step.created.is_empty() {
        members.push(("new_sqlite_classes".to_owned(), texts(&step.created)));
    }
    if !step.renamed.is_empty() {
        let pairs = step
            .renamed
            .iter()
            .map(|(from, to)| object(&[("from", from), ("to", to)]));
        members.push((
            "renamed_classes".to_owned(),
            CstInputValue::Array(pairs.collect()),
        ));
    }
    if !step.deleted.is_empty() {
        members.push(("deleted_classes".to_owned(), texts(&step.deleted)));
    }
    CstInputValue::Object(members)
}
