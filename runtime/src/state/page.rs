//! A part of a collection, and where the next one begins: as actions read it and as it travels.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;

/// Some items of a collection and a [`Cursor`] to ask for more with; on the wire
/// `{"items": [..], "next": "opaque"}`, where `next` is `null` on the last page.
///
/// [`Log`](super::Log), [`Map`](super::Map) and [`Set`](super::Set) read one by `page` (lowest key first) and `page_back`
/// (highest first). An action takes the cursor from its caller and returns the page:
///
/// ```
/// use stayput::prelude::*;
///
/// #[data]
/// struct Message {
///     id: u64,
///     text: String,
/// }
///
/// #[durable_object]
/// struct Room {
///     messages: Log<String>,
/// }
///
/// #[durable_object]
/// impl Room {
///     #[action]
///     fn say(&mut self, text: String) -> u64 {
///         self.messages.push(text)
///     }
///
///     /// The messages, oldest first.
///     #[action]
///     fn messages(
///         &self,
///         after: Option<Cursor>,
///         #[param(min = 1, max = 200, default = 50)] limit: u32,
///     ) -> Page<Message> {
///         self.messages
///             .page(after, limit)
///             .map(|(id, text)| Message { id, text })
///     }
/// }
///
/// stayput::app!(Room);
/// # fn main() {
///
/// // All messages, by pages of two.
/// stayput::testing::run(app(), async |t| {
///     let room = Room::named(t, "lobby");
///     for text in ["one", "two", "three"] {
///         room.say(text).await.unwrap();
///     }
///     let (mut after, mut texts) = (None, Vec::new());
///     loop {
///         let page = room.messages(after, 2).await.unwrap();
///         texts.extend(page.items.into_iter().map(|message| message.text));
///         after = page.next;
///         if after.is_none() {
///             break;
///         }
///     }
///     assert_eq!(texts, ["one", "two", "three"]);
/// });
/// # }
/// ```
///
/// A walk sees every item that is there all the time, each once, in order, whatever is added or removed between its
/// pages: a page begins strictly beyond the last key of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` if there is nothing more. What is added later may follow nevertheless.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page with `change` applied to every item.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// let page = Page { items: vec![(1, "one"), (2, "two")], next: None };
    /// assert_eq!(page.map(|(id, _)| id).items, [1, 2]);
    /// ```
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// No items, and nothing more.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }
}

impl<T: JsonSchema> JsonSchema for Page<T> {
    /// `PageOfMessage`, `PageOfString`: what generated clients call it.
    fn schema_name() -> Cow<'static, str> {
        let mut name = String::from("PageOf");
        for word in T::schema_name().split('_') {
            let mut chars = word.chars();
            name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
            name.push_str(chars.as_str());
        }
        name.into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("{}::Page<{}>", module_path!(), T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Not derived: a derived one would let `next` be left out, and it never is.
        json_schema!({
            "description": "Some items of a list, and where the next page begins.",
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": generator.subschema_for::<T>(),
                },
                "next": next_schema(generator),
            },
            "required": ["items", "next"],
        })
    }
}

fn next_schema(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<Option<Cursor>>();
    schema.insert(
        "description".to_owned(),
        "Where the next page begins; null if there is nothing more.".into(),
    );
    schema
}
