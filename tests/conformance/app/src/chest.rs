//! An object for the limits of what is kept, the environment, and parameters that may be left out.

use stayput::prelude::*;

/// Settings, as the app reads them.
#[derive(Debug, Config)]
pub struct Settings {
    /// A text with quotes and an umlaut in it.
    pub conformance_text: String,
    /// A number.
    pub conformance_number: u32,
    /// Not there.
    pub conformance_missing: Option<String>,
}

/// Keeps as much as fits.
#[durable_object]
#[derive(Debug)]
pub struct Chest {
    items: Map<String, String>,
    plain: String,
}

#[durable_object]
impl Chest {
    /// Puts something under a key of so many bytes.
    #[action(public)]
    fn fill_key(&mut self, length: usize) -> u64 {
        self.items.insert("k".repeat(length), "x".to_owned());
        self.items.len()
    }

    /// Keeps texts of these lengths, all in one commit.
    #[action(public)]
    fn fill_all(&mut self, lengths: Vec<usize>) -> u64 {
        for (number, length) in lengths.into_iter().enumerate() {
            self.items
                .insert(format!("item-{number}"), "x".repeat(length));
        }
        self.items.len()
    }

    /// The lengths of keys and values.
    #[action(public)]
    fn lengths(&self) -> Vec<(usize, usize)> {
        self.items
            .iter()
            .map(|(key, value)| (key.len(), value.len()))
            .collect()
    }

    /// Keeps so many texts in one commit, or takes all away.
    #[action(public)]
    fn crowd(&mut self, count: usize) -> u64 {
        for number in 0..count {
            self.items.insert(format!("{number}"), number.to_string());
        }
        if count == 0 {
            self.items.clear();
        }
        self.items.len()
    }

    /// Keeps a text of so many bytes in a plain field.
    #[action(public)]
    fn fill_plain(&mut self, bytes: usize) -> usize {
        self.plain = "x".repeat(bytes);
        bytes
    }

    /// How long that is.
    #[action(public)]
    fn plain(&self) -> usize {
        self.plain.len()
    }

    /// Answers with so many bytes.
    #[action(public)]
    fn answer(&self, bytes: usize) -> String {
        "x".repeat(bytes)
    }

    /// A variable.
    #[action(public)]
    fn variable(&self, cx: &Context<Self>, name: String) -> Option<String> {
        cx.env(&name)
    }

    /// The settings, or what is wrong with them.
    #[action(public)]
    fn settings(&self, cx: &Context<Self>) -> String {
        match cx.config::<Settings>() {
            Ok(settings) => format!("{settings:?}"),
            Err(error) => error.to_string(),
        }
    }

    /// Parameters that may be left out.
    #[action(public)]
    fn options(
        &self,
        first: Option<u32>,
        #[param(default = 7)] second: u32,
        third: Option<String>,
    ) -> (Option<u32>, u32, Option<String>) {
        (first, second, third)
    }

    /// One that may not.
    #[action(public)]
    fn echo(&self, value: String) -> String {
        value
    }

    /// Nothing.
    #[action(public)]
    fn nothing(&self) {}
}
