//! A walk through the document that knows where it is, so that every fault has its JSON Pointer.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::schema;

/// A value of the document and where it stands.
pub(super) struct Node<'v> {
    pub(super) value: &'v Value,
    pub(super) pointer: String,
    pub(super) origin: &'v str,
}

impl<'v> Node<'v> {
    pub(super) fn fault_at(&self, below: &str, message: impl Into<String>) -> Error {
        let pointer = format!("{}{below}", self.pointer);
        let pointer = if pointer.is_empty() {
            "/".to_owned()
        } else {
            pointer
        };
        Error::Manifest {
            origin: self.origin.to_owned(),
            pointer,
            message: message.into(),
        }
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> Error {
        self.fault_at("", message)
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        self.fault(format!("expected {what}, found {found}"))
    }

    fn child(&self, name: &str, value: &'v Value) -> Node<'v> {
        Node {
            value,
            pointer: format!("{}/{}", self.pointer, schema::escape(name)),
            origin: self.origin,
        }
    }

    /// A member that may be missing; `null` counts as missing.
    pub(super) fn optional(&self, name: &str) -> Result<Option<Node<'v>>, Error> {
        let members = self
            .value
            .as_object()
            .ok_or_else(|| self.expected("an object"))?;
        Ok(members
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| self.child(name, value)))
    }

    pub(super) fn member(&self, name: &str) -> Result<Node<'v>, Error> {
        self.optional(name)?
            .ok_or_else(|| self.fault(format!("the member `{name}` is missing")))
    }

    pub(super) fn number(&self) -> Result<u64, Error> {
        let number = self.value.as_u64();
        number.ok_or_else(|| self.expected("a whole number"))
    }

    pub(super) fn text(&self) -> Result<String, Error> {
        self.value
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.expected("a string"))
    }

    pub(super) fn flag(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.expected("true or false"))
    }

    pub(super) fn schema(&self) -> Result<Value, Error> {
        match self.value {
            Value::Object(_) | Value::Bool(_) => Ok(self.value.clone()),
            _ => Err(self.expected("a JSON Schema (an object, true or false)")),
        }
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<String, Error> {
        self.optional(name)?
            .map_or_else(|| Ok(String::new()), |node| node.text())
    }

    pub(super) fn map<T>(
        &self,
        read: impl Fn(&str, &Node<'v>) -> Result<T, Error>,
    ) -> Result<BTreeMap<String, T>, Error> {
        let members = self
            .value
            .as_object()
            .ok_or_else(|| self.expected("an object"))?;
        let entries = members.iter();
        entries
            .map(|(key, value)| Ok((key.clone(), read(key, &self.child(key, value))?)))
            .collect()
    }

    pub(super) fn optional_map<T>(
        &self,
        name: &str,
        read: impl Fn(&str, &Node<'v>) -> Result<T, Error>,
    ) -> Result<BTreeMap<String, T>, Error> {
        self.optional(name)?
            .map_or_else(|| Ok(BTreeMap::new()), |node| node.map(read))
    }

    pub(super) fn optional_list<T>(
        &self,
        name: &str,
        read: impl Fn(&Node<'v>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let Some(list) = self.optional(name)? else {
            return Ok(Vec::new());
        };
        let items = list
            .value
            .as_array()
            .ok_or_else(|| list.expected("an array"))?;
        items
            .iter()
            .enumerate()
            .map(|(index, value)| read(&list.child(&index.to_string(), value)))
            .collect()
    }
}
