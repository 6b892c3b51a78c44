//! The words after a command: flags and what they are not.

use std::path::PathBuf;

use super::Failure;

/// Words that are still to be taken.
pub(super) struct Flags {
    words: Vec<String>,
    named: Vec<(String, Option<String>)>,
}

/// Flags that have a value.
const WITH_VALUE: &[&str] = &["as", "data", "every", "keep", "salvage", "then"];

impl Flags {
    /// Reads `--flag VALUE`, `--flag=VALUE`, `--flag` and other words.
    pub(super) fn read(words: &[String]) -> Result<Self, Failure> {
        let mut flags = Self {
            words: Vec::new(),
            named: Vec::new(),
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                flags.words.push(word.clone());
                continue;
            };
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if WITH_VALUE.contains(&name) => {
                    let value = words.next().cloned();
                    let value =
                        value.ok_or_else(|| Failure::Usage(format!("`--{name}` needs a value")))?;
                    (name, Some(value))
                }
                None => (name, None),
            };
            flags.named.push((name.to_owned(), value));
        }
        Ok(flags)
    }

    /// Takes the value of a flag.
    pub(super) fn value(&mut self, name: &str) -> Option<String> {
        let at = self
            .named
            .iter()
            .position(|(given, value)| given == name && value.is_some())?;
        self.named.swap_remove(at).1
    }

    /// Takes a flag without a value; whether it was there.
    pub(super) fn has(&mut self, name: &str) -> bool {
        let at = self
            .named
            .iter()
            .position(|(given, value)| given == name && value.is_none());
        at.map(|at| self.named.swap_remove(at)).is_some()
    }

    /// The data folder: `--data`, `STAYPUT_DATA` or `.stayput`.
    pub(super) fn data(&mut self) -> PathBuf {
        let variable = || std::env::var_os("STAYPUT_DATA").filter(|value| !value.is_empty());
        match self.value("data") {
            Some(data) => data.into(),
            None => variable().map_or_else(|| ".stayput".into(), PathBuf::from),
        }
    }

    /// The other words, if they are as many and nothing else is left; else how the command is used.
    pub(super) fn rest<const N: usize>(&mut self, usage: &str) -> Result<[String; N], Failure> {
        if let Some((name, _)) = self.named.first() {
            return Err(Failure::Usage(format!(
                "`--{name}` is no flag here; usage: {usage}"
            )));
        }
        let words = std::mem::take(&mut self.words);
        words
            .try_into()
            .map_err(|_| Failure::Usage(format!("usage: {usage}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &[&str]) -> Flags {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        match Flags::read(&words) {
            Ok(flags) => flags,
            Err(Failure::Usage(text) | Failure::Failed(text)) => panic!("{words:?}: {text}"),
        }
    }

    #[test]
    fn flags_and_words_come_in_any_order() {
        for words in [
            ["--as", "a/b", "file", "--replace"],
            ["file", "--replace", "--as", "a/b"],
        ] {
            let mut flags = flags(&words);
            assert_eq!(flags.value("as").as_deref(), Some("a/b"));
            assert!(flags.has("replace") && !flags.has("replace"));
            let rest = flags.rest::<1>("import FILE");
            assert!(matches!(rest, Ok([file]) if file == "file"));
        }
    }

    #[test]
    fn what_is_left_over_is_refused() {
        for words in [
            &["a", "b"][..],
            &[],
            &["a", "--colour"],
            &["a", "--colour=red"],
        ] {
            assert!(
                matches!(flags(words).rest::<1>("x FILE"), Err(Failure::Usage(_))),
                "{words:?}"
            );
        }
        assert!(Flags::read(&["--data".to_owned()]).is_err());
    }
}
