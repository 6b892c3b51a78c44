//! A configuration in TOML. What is not changed stays byte for byte, line ends included.

use serde_json::Value;
use toml_edit::{
    Array, ArrayOfTables, Document, DocumentMut, InlineTable, Item, RawString, Table, TableLike,
    value,
};

use super::change::{Change, State, Step};
use super::file::SyntaxFault;

pub(super) fn read(text: &str) -> Result<Value, SyntaxFault> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        SyntaxFault {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            message: error.message().replace('\n', ", "),
        }
    })?;
    Ok(json(document.as_item()))
}

/// The line of a key of the root table, from 1.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    let document = Document::parse(text).ok()?;
    let span = document.as_table().get(key)?.span()?;
    Some(text.get(..span.start)?.matches('\n').count() + 1)
}

/// As the JSON that wrangler would take in its place.
fn json(item: &Item) -> Value {
    if let Some(table) = item.as_table_like() {
        let members = table.iter().map(|(key, item)| (key.to_owned(), json(item)));
        return Value::Object(members.collect());
    }
    if let Some(tables) = item.as_array_of_tables() {
        let tables = tables.iter().map(|table| json(&Item::Table(table.clone())));
        return Value::Array(tables.collect());
    }
    if let Some(array) = item.as_array() {
        let values = array.iter().map(|value| json(&Item::Value(value.clone())));
        return Value::Array(values.collect());
    }
    // Numbers and dates matter only in that they are no texts.
    item.as_str()
        .map(Value::from)
        .or_else(|| item.as_bool().map(Value::from))
        .unwrap_or_else(|| Value::from(0))
}

/// The text with the changes; none if something in it is of another shape than it was read as, or if the rest would
/// not stay as it is.
pub(super) fn apply(text: &str, changes: &[Change]) -> Option<String> {
    // The editor ends lines in one way only.
    let windows = text.contains("\r\n");
    let plain = if windows {
        text.replace("\r\n", "\n")
    } else {
        text.to_owned()
    };
    let back = |text: String| {
        if windows {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    };
    let document: DocumentMut = plain.parse().ok()?;
    if back(document.to_string()) != text {
        return None;
    }
    let mut edited = plain;
    for change in changes {
        edited = apply_one(&edited, change)?;
    }
    Some(back(edited))
}

fn apply_one(text: &str, change: &Change) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    edit(document.as_table_mut(), change)?;
    let edited = document.to_string();
    // A comment at the end of the file belongs to what it follows, so what is new comes after it.
    let end = document.trailing().as_str().unwrap_or_default();
    let (before, new) = (text.strip_suffix(end)?, edited.strip_suffix(end)?);
    Some(match new.strip_prefix(before) {
        Some(new) if end.ends_with('\n') => format!("{before}{end}{new}"),
        _ => edited,
    })
}

fn edit(config: &mut Table, change: &Change) -> Option<()> {
    match change {
        Change::Set { key, value: text } => {
            config.insert(key, value(text));
        }
        Change::Build { command } => {
            config.insert("build", Item::Table(table(&[("command", command)])));
        }
        Change::Bind { name, class } => {
            let objects = config.entry("durable_objects").or_insert_with(implicit);
            push(
                objects,
                "bindings",
                table(&[("name", name), ("class_name", class)]),
            )?;
        }
        Change::BindOther {
            name,
            class,
            script,
        } => {
            let objects = config.entry("durable_objects").or_insert_with(implicit);
            let members = [
                ("name", name.as_str()),
                ("class_name", class),
                ("script_name", script),
            ];
            push(objects, "bindings", table(&members))?;
        }
        Change::Rebind { name, class } => {
            let (mut bindings, index) = find_binding(config, name)?;
            rewrite(bindings.get(index)?, "class_name", class);
        }
        Change::Unbind { name } => {
            let (bindings, index) = find_binding(config, name)?;
            bindings.remove(index);
        }
        Change::Export { class, state } => {
            let exports = config.entry("exports").or_insert_with(implicit);
            export(exports, class, state)?;
        }
        Change::Migrate(step) => {
            let list = config
                .entry("migrations")
                .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
            append(list, migration(step))?;
        }
    }
    Some(())
}

/// A table without a header of its own.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn table(members: &[(&str, &str)]) -> Table {
    members
        .iter()
        .map(|(key, text)| (*key, value(*text)))
        .collect()
}

/// Appends to a list under a key of an object, in the form that both have.
fn push(parent: &mut Item, key: &str, new: Table) -> Option<()> {
    let inline = parent.is_inline_table();
    let list = parent.as_table_like_mut()?.entry(key).or_insert_with(|| {
        if inline {
            value(Array::new())
        } else {
            Item::ArrayOfTables(ArrayOfTables::new())
        }
    });
    append(list, new)
}

fn append(list: &mut Item, new: Table) -> Option<()> {
    if let Some(tables) = list.as_array_of_tables_mut() {
        tables.push(new);
        return Some(());
    }
    let array = list.as_array_mut()?;
    let mut new = toml_edit::Value::InlineTable(new.into_inline_table());
    let text = |raw: Option<&RawString>| {
        raw.and_then(RawString::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let (commas, trailing) = (array.trailing_comma(), text(Some(array.trailing())));
    let Some(item) = array.iter_mut().last() else {
        array.push(new);
        return Some(());
    };
    let prefix = text(item.decor().prefix());
    // What follows the last item: behind its comma, or where its comma is to be. A comment there is the item's.
    let after = if commas {
        trailing
    } else {
        let after = text(item.decor().suffix());
        item.decor_mut().set_suffix("");
        after
    };
    let (comment, end) = after.split_at(after.rfind('\n').unwrap_or(0));
    // On a line of its own if the one before it is.
    let start = match prefix.rfind('\n') {
        Some(line_end) => &prefix[line_end..],
        None if comment.is_empty() => " ",
        None => "\n",
    };
    new.decor_mut().set_prefix(format!("{comment}{start}"));
    if commas {
        array.set_trailing(end);
    } else {
        new.decor_mut().set_suffix(end);
    }
    array.push_formatted(new);
    Some(())
}

/// The list of bindings, in either form.
enum Bindings<'t> {
    Tables(&'t mut ArrayOfTables),
    Array(&'t mut Array),
}

impl Bindings<'_> {
    fn get(&mut self, index: usize) -> Option<&mut dyn TableLike> {
        match self {
            Self::Tables(tables) => Some(tables.get_mut(index)?),
            Self::Array(array) => Some(array.get_mut(index)?.as_inline_table_mut()?),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Tables(tables) => tables.len(),
            Self::Array(array) => array.len(),
        }
    }

    fn remove(self, index: usize) {
        match self {
            Self::Tables(tables) => drop(tables.remove(index)),
            Self::Array(array) => drop(array.remove(index)),
        }
    }
}

fn find_binding<'t>(config: &'t mut Table, name: &str) -> Option<(Bindings<'t>, usize)> {
    let objects = config.get_mut("durable_objects")?.as_table_like_mut()?;
    let list = objects.get_mut("bindings")?;
    let mut bindings = if list.is_array_of_tables() {
        Bindings::Tables(list.as_array_of_tables_mut()?)
    } else {
        Bindings::Array(list.as_array_mut()?)
    };
    let index = (0..bindings.len()).find(|&index| {
        bindings
            .get(index)
            .and_then(|binding| binding.get("name"))
            .and_then(Item::as_str)
            == Some(name)
    })?;
    Some((bindings, index))
}

/// Of an entry that is there only the members that differ are touched.
fn export(exports: &mut Item, class: &str, state: &State) -> Option<()> {
    let members = state.members();
    let headed = exports.as_table().is_some_and(|table| {
        table.iter().any(|(_, item)| item.is_table()) || table.is_implicit() && table.is_empty()
    });
    let exports = exports.as_table_like_mut()?;
    let Some(entry) = exports.get_mut(class) else {
        let new = table(&members);
        let new = if headed {
            Item::Table(new)
        } else {
            let new: InlineTable = new.into_inline_table();
            value(new)
        };
        exports.insert(class, new);
        return Some(());
    };
    let entry = entry.as_table_like_mut()?;
    let other: Vec<String> = entry
        .iter()
        .map(|(key, _)| key.to_owned())
        .filter(|key| !members.iter().any(|(member, _)| member == key))
        .collect();
    for key in other {
        entry.remove(&key);
    }
    for (key, text) in members {
        rewrite(entry, key, text);
    }
    Some(())
}

/// Sets a text; what stands around the one before it stays.
fn rewrite(table: &mut dyn TableLike, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) if old.as_str() == Some(text) => {}
        Some(old) => {
            let decor = old.decor().clone();
            *old = text.into();
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(text));
        }
    }
}

fn migration(step: &Step) -> Table {
    let texts = |texts: &[String]| value(texts.iter().collect::<Array>());
    let mut new = table(&[("tag", &step.tag)]);
    if !step.created.is_empty() {
        new.insert("new_sqlite_classes", texts(&step.created));
    }
    if !step.renamed.is_empty() {
        let pairs = step.renamed.iter().map(|(from, to)| {
            let pair = table(&[("from", from), ("to", to)]);
            toml_edit::Value::InlineTable(pair.into_inline_table())
        });
        new.insert("renamed_classes", value(pairs.collect::<Array>()));
    }
    if !step.deleted.is_empty() {
        new.insert("deleted_classes", texts(&step.deleted));
    }
    new
}
