//! Reading the text of statements as far as the rules about it go: where each ends, how it begins, and its parameters.

use super::{MAX_PARAMS, MAX_TEXT, SqlFault};

/// One statement of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    /// The first words, in capitals: enough to know what it is.
    words: Vec<String>,
    /// What a statement that begins with `WITH` does.
    after_with: Option<String>,
    /// Parameters: where they stand, and which value each gets, counted from 0.
    params: Vec<(std::ops::Range<usize>, usize)>,
    /// Names of parameters that have some, by value.
    names: Vec<(String, usize)>,
    /// How many values it takes.
    pub(super) values: usize,
}

/// How many words are kept.
const WORDS: usize = 4;

/// Pragmas that tell of tables. All others set something, for longer than the turn, or tell of what is not the object's.
const PRAGMAS: &[&str] = &[
    "FOREIGN_KEY_CHECK",
    "FOREIGN_KEY_LIST",
    "INDEX_INFO",
    "INDEX_LIST",
    "INDEX_XINFO",
    "QUICK_CHECK",
    "TABLE_INFO",
    "TABLE_LIST",
    "TABLE_XINFO",
];

/// Reads a text and refuses what no object may run. Nothing in it is known to be right.
pub(super) fn read(text: &str) -> Result<Vec<Statement>, SqlFault> {
    if text.len() > MAX_TEXT {
        return Err(SqlFault::TooLarge(format!(
            "the statement has {} bytes, {MAX_TEXT} are the limit",
            text.len()
        )));
    }
    if text.contains('\0') {
        return Err(SqlFault::Invalid(
            "the statement contains U+0000".to_owned(),
        ));
    }
    let statements = split(text);
    let Some((last, earlier)) = statements.split_last() else {
        return Err(SqlFault::Invalid("there is no statement".to_owned()));
    };
    for statement in &statements {
        statement.check()?;
    }
    if earlier.iter().any(|statement| statement.values > 0) {
        let reason = "of several statements only the last may have parameters";
        return Err(SqlFault::Invalid(reason.to_owned()));
    }
    if last.values > MAX_PARAMS {
        return Err(SqlFault::TooLarge(format!(
            "the statement has {} parameters, {MAX_PARAMS} are the limit",
            last.values
        )));
    }
    Ok(statements)
}

/// The text with every parameter that is an integer as `+CAST(? AS INTEGER)`: where numbers are bound as floats, integers
/// are bound as texts. By the `+` it has no affinity, as a parameter has none.
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) fn exact_integers(text: &str, is_integer: impl Fn(usize) -> bool) -> String {
    let mut exact = String::with_capacity(text.len() + 64);
    let mut copied = 0;
    let statements = split(text);
    let params = statements.last().map(|last| last.params.as_slice());
    for (place, value) in params.unwrap_or_default() {
        if !is_integer(*value) {
            continue;
        }
        exact.push_str(&text[copied..place.start]);
        exact.push_str("+CAST(?");
        // By number, wherever it is repeated.
        exact.push_str(&(value + 1).to_string());
        exact.push_str(" AS INTEGER)");
        copied = place.end;
    }
    exact.push_str(&text[copied..]);
    exact
}

impl Statement {
    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    fn verb(&self) -> &str {
        match self.word(0) {
            "WITH" => self.after_with.as_deref().unwrap_or_default(),
            word => word,
        }
    }

    /// Whether it writes nothing. Of the pragmas only those are left that ask.
    pub(super) fn reads(&self) -> bool {
        matches!(self.verb(), "SELECT" | "VALUES" | "EXPLAIN" | "PRAGMA")
    }

    /// Whether it changes rows, and so can be asked how many.
    pub(super) fn changes_rows(&self) -> bool {
        matches!(self.verb(), "INSERT" | "UPDATE" | "DELETE" | "REPLACE")
    }

    fn check(&self) -> Result<(), SqlFault> {
        let refuse = |reason: &str| Err(SqlFault::Refused(format!("`{}` {reason}", self.word(0))));
        match self.word(0) {
            "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => refuse(
                "is the runtime's: an action is a transaction, and `cx.attempt` a part of one that can fail alone",
            ),
            "ATTACH" | "DETACH" => refuse("is not for objects: each has one database of its own"),
            "VACUUM" => refuse("cannot be run inside of a transaction, as every action is"),
            "PRAGMA" => {
                let name = match self.word(1) {
                    "MAIN" => self.word(2),
                    name => name,
                };
                if PRAGMAS.contains(&name) {
                    return Ok(());
                }
                refuse("is for asking about tables only, such as `PRAGMA table_info(users)`")
            }
            "CREATE" if matches!(self.word(1), "TEMP" | "TEMPORARY") => refuse(
                "of temporary tables is not for objects: they would go with the object's memory",
            ),
            _ => Ok(()),
        }
    }

    fn push_verb(&mut self, word: &str) {
        const VERBS: &[&str] = &["SELECT", "VALUES", "INSERT", "UPDATE", "DELETE", "REPLACE"];
        if self.word(0) == "WITH" && self.after_with.is_none() {
            let verb = VERBS.iter().find(|verb| verb.eq_ignore_ascii_case(word));
            self.after_with = verb.map(|verb| (*verb).to_owned());
        }
    }

    fn push_word(&mut self, word: &str) {
        if self.words.len() < WORDS {
            self.words.push(word.to_ascii_uppercase());
        }
    }

    fn push_param(&mut self, place: std::ops::Range<usize>, name: &str) {
        let value = match name.strip_prefix('?') {
            Some("") => self.values,
            Some(number) => number
                .parse::<usize>()
                .unwrap_or(usize::MAX)
                .saturating_sub(1),
            None => {
                let known = self.names.iter().find(|(known, _)| known == name);
                let known = known.map(|(_, value)| *value);
                known.unwrap_or_else(|| {
                    self.names.push((name.to_owned(), self.values));
                    self.values
                })
            }
        };
        self.values = self.values.max(value.saturating_add(1));
        self.params.push((place, value));
    }

    fn is_trigger(&self) -> bool {
        self.word(0) == "CREATE" && self.words[1..].iter().take(2).any(|word| word == "TRIGGER")
    }
}

fn split(text: &str) -> Vec<Statement> {
    let bytes = text.as_bytes();
    let mut statements = Vec::new();
    let mut current = Statement::default();
    // Whether anything but white space and comments came, whether a semicolon came last, and whether END came after that.
    let (mut begun, mut after_semicolon, mut ends) = (false, false, false);
    // How many parentheses are open.
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &text[at..];
        let length = token_length(rest);
        let token = &rest[..length];
        match byte {
            byte if byte.is_ascii_whitespace() => {}
            b'-' if token.starts_with("--") => {}
            b'/' if token.starts_with("/*") => {}
            b';' if !begun => {}
            // The statements in a trigger are ended by semicolons, the trigger by `END;`.
            b';' if current.is_trigger() && !ends => after_semicolon = true,
            b';' => {
                statements.push(std::mem::take(&mut current));
                (begun, after_semicolon, ends, depth) = (false, false, false, 0);
            }
            b'?' | b':' | b'@' | b'$' if length > 1 || byte == b'?' => {
                (begun, after_semicolon, ends) = (true, false, false);
                current.push_param(at..at + length, token);
            }
            _ => {
                begun = true;
                let is_word = is_word(byte);
                match byte {
                    b'(' => depth += 1,
                    b')' => depth = depth.saturating_sub(1),
                    _ if is_word && depth == 0 => current.push_verb(token),
                    _ => {}
                }
                // That of a `CASE` comes after something else.
                ends = after_semicolon && token.eq_ignore_ascii_case("END");
                after_semicolon = false;
                if is_word || matches!(byte, b'"' | b'`' | b'[' | b'\'') {
                    let unquoted =
                        token.trim_matches(|c| matches!(c, '"' | '`' | '[' | ']' | '\''));
                    current.push_word(unquoted);
                }
            }
        }
        at += length;
    }
    if begun {
        statements.push(current);
    }
    statements
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The length of the token that the text begins with, at least one character.
fn token_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let while_word = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest
            .iter()
            .take_while(|byte| is_word(**byte) || **byte == b'$')
            .count()
    };
    let through = |end: &str| {
        let skip = end.len();
        text[1..].find(end).map_or(text.len(), |at| at + 1 + skip)
    };
    match bytes.first().copied().unwrap_or_default() {
        b'-' if bytes.get(1) == Some(&b'-') => text.find('\n').unwrap_or(text.len()),
        b'/' if bytes.get(1) == Some(&b'*') => text[2..].find("*/").map_or(text.len(), |at| at + 4),
        quote @ (b'\'' | b'"' | b'`') => quoted(bytes, quote),
        b'[' => through("]"),
        b'?' => {
            let digits = bytes[1..].iter().take_while(|byte| byte.is_ascii_digit());
            1 + digits.count()
        }
        b':' | b'@' | b'$' => while_word(1),
        byte if is_word(byte) => while_word(0),
        _ => 1,
    }
}

/// The length of what is quoted; the quote twice is one inside of it.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == quote {
            if bytes.get(at) != Some(&quote) {
                return at;
            }
            at += 1;
        }
    }
    bytes.len()
}
