//! As much of JSON as a manifest needs; numbers stay text.

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the text.
    Object(Vec<(String, Json)>),
}

/// Where a text is no JSON, from 1, and what was expected there.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) expected: &'static str,
}

/// No manifest is nested deeper.
const MAX_DEPTH: usize = 128;

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0).and_then(|value| {
            parser.space();
            let ended = parser.at == text.len();
            ended.then_some(value).ok_or("the end of the text")
        });
        value.map_err(|expected| {
            let before = text.get(..parser.at).unwrap_or_default();
            Fault {
                line: before.matches('\n').count() + 1,
                column: before
                    .chars()
                    .rev()
                    .take_while(|&char| char != '\n')
                    .count()
                    + 1,
                expected,
            }
        })
    }

    /// A member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let (_, value) = self.members().iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a member, empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.get(name).and_then(Self::text).unwrap_or_default()
    }

    pub(crate) fn number(&self) -> Option<&str> {
        match self {
            Self::Number(text) => Some(text),
            _ => None,
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn space(&mut self) {
        let rest = self.rest();
        let kept = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.at += rest.len() - kept.len();
    }

    fn value(&mut self, depth: usize) -> Result<Json, &'static str> {
        if depth > MAX_DEPTH {
            return Err("JSON of at most 128 levels");
        }
        self.space();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Json::Text),
            Some('-' | '0'..='9') => self.digits(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => Err("a JSON value"),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, &'static str> {
        self.take("{");
        let mut members = Vec::new();
        self.space();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return Err("a name in quotes");
            }
            let name = self.string()?;
            self.space();
            if !self.take(":") {
                return Err("`:`");
            }
            members.push((name, self.value(depth + 1)?));
            self.space();
            if self.take("}") {
                return Ok(Json::Object(members));
            }
            if !self.take(",") {
                return Err("`,` or `}`");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, &'static str> {
        self.take("[");
        let mut items = Vec::new();
        self.space();
        if self.take("]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take("]") {
                return Ok(Json::List(items));
            }
            if !self.take(",") {
                return Err("`,` or `]`");
            }
        }
    }

    fn digits(&mut self) -> Result<Json, &'static str> {
        let rest = self.rest();
        let end = rest.find(|char: char| !char.is_ascii_digit() && !"+-.eE".contains(char));
        let number = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if number.parse::<f64>().is_err() {
            return Err("a number");
        }
        let number = number.to_owned();
        self.at += number.len();
        Ok(Json::Number(number))
    }

    fn string(&mut self) -> Result<String, &'static str> {
        self.take("\"");
        let mut text = String::new();
        loop {
            let Some(char) = self.peek() else {
                return Err("the end of a string");
            };
            self.at += char.len_utf8();
            match char {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                char if char < ' ' => return Err("no control character in a string"),
                char => text.push(char),
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        let char = self.peek().ok_or("the end of an escape")?;
        self.at += char.len_utf8();
        Ok(match char {
            '"' | '\\' | '/' => char,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit).ok_or("a whole character");
                }
                if !self.take("\\u") {
                    return Err("the second half of a character");
                }
                let low = self.unit()?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err("the second half of a character");
                }
                let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                char::from_u32(code).ok_or("a whole character")?
            }
            _ => return Err("an escape that JSON has"),
        })
    }

    fn unit(&mut self) -> Result<u32, &'static str> {
        let digits = self.rest().get(..4).ok_or("four hex digits")?;
        let unit = u32::from_str_radix(digits, 16).map_err(|_| "four hex digits")?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_says_is_read() {
        let text = r#" {"a": [1, -2.5e3, true, null], "b\n\u00e4\ud83d\ude00": {"c": ""}} "#;
        let value = Json::parse(text).expect("it is JSON");
        assert_eq!(value.get("a").map(|list| list.items().len()), Some(4));
        let (name, inner) = &value.members()[1];
        assert_eq!(name, "b\nä😀");
        assert_eq!(inner.text_of("c"), "");
        assert_eq!(
            value.get("a").and_then(|list| list.items()[1].number()),
            Some("-2.5e3")
        );
    }

    #[test]
    fn what_is_no_json_is_named_by_its_place() {
        for (text, line, column, expected) in [
            ("", 1, 1, "a JSON value"),
            ("{\n \"a\" 1}", 2, 6, "`:`"),
            ("[1 2]", 1, 4, "`,` or `]`"),
            ("[1] x", 1, 5, "the end of the text"),
            ("{a: 1}", 1, 2, "a name in quotes"),
            ("\"\\ud83d\"", 1, 8, "the second half of a character"),
            ("\"abc", 1, 5, "the end of a string"),
            ("1e", 1, 1, "a number"),
        ] {
            let fault = Json::parse(text).expect_err(text);
            assert_eq!(
                (fault.line, fault.column, fault.expected),
                (line, column, expected),
                "{text}"
            );
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(Json::parse(&deep).is_err());
    }
}
