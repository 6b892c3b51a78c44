//! An object that takes parameters of every kind and with every constraint.

use stayput::__private::serde_json::Value;
use stayput::prelude::*;

/// Takes parameters.
#[durable_object]
#[derive(Debug)]
pub struct Form {}

#[durable_object]
impl Form {
    /// What it is given.
    #[action(public)]
    fn echo(&self, value: Value) -> Value {
        value
    }

    /// Integers of 64 bits.
    #[action(public)]
    fn wide(&self, by: i64, up: u64) -> (i64, u64) {
        (by, up)
    }

    /// Numbers.
    #[action(public)]
    fn numbers(
        &self,
        #[param(min = 1, max = 9007199254740993, multiple_of = 2)] even: Option<i64>,
        #[param(min = 0, max = 1, exclusive)] share: Option<f64>,
        #[param(multiple_of = 0.01, example = 4.35)] price: Option<f64>,
    ) -> bool {
        even.is_some() || share.is_some() || price.is_some()
    }

    /// Texts.
    #[action(public)]
    fn texts(
        &self,
        #[param(min_length = 2, max_length = 8, pattern = "^[a-z\\d]+(-[a-z\\d]+)*$")] slug: Option<
            String,
        >,
        #[param(pattern = "^.\\s\\w\\b")] marks: Option<String>,
        #[param(one_of = ["red", "green"])] color: Option<String>,
    ) -> bool {
        slug.is_some() || marks.is_some() || color.is_some()
    }

    /// Texts with a format.
    #[action(public)]
    #[expect(clippy::too_many_arguments, reason = "one a format")]
    fn formats(
        &self,
        #[param(format = "date")] date: Option<String>,
        #[param(format = "time")] time: Option<String>,
        #[param(format = "date-time")] moment: Option<String>,
        #[param(format = "email")] email: Option<String>,
        #[param(format = "uri")] uri: Option<String>,
        #[param(format = "uuid")] uuid: Option<String>,
        #[param(format = "ipv4")] ipv4: Option<String>,
        #[param(format = "ipv6")] ipv6: Option<String>,
        #[param(format = "hostname")] host: Option<String>,
    ) -> usize {
        let all = [date, time, moment, email, uri, uuid, ipv4, ipv6, host];
        all.iter().flatten().count()
    }

    /// Lists.
    #[action(public)]
    fn lists(
        &self,
        #[param(min_items = 1, max_items = 3, unique)] tags: Vec<Value>,
        #[param(default = 3, max = 5)] limit: u8,
    ) -> usize {
        tags.len().min(limit.into())
    }
}
