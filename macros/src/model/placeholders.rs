//! The message of an error: its `{field}` placeholders, checked and renamed.

use std::fmt::Write as _;

/// A message whose placeholders name the bindings `__f0`, `__f1` of the fields in `used`.
pub(crate) struct Message {
    /// As the user wrote it.
    pub(crate) text: String,
    pub(crate) format: String,
    /// Indices of the fields that the message shows, in order, each once.
    pub(crate) used: Vec<usize>,
}

/// Plain text without placeholders.
pub(crate) fn plain(text: &str) -> Message {
    Message {
        text: text.to_owned(),
        format: text.replace('{', "{{").replace('}', "}}"),
        used: Vec::new(),
    }
}

/// Reads a message; the error is what is wrong and what to write.
pub(crate) fn parse(text: &str, fields: &[String]) -> Result<Message, (String, String)> {
    let mut message = Message {
        text: text.to_owned(),
        format: String::new(),
        used: Vec::new(),
    };
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '{' | '}' if chars.peek() == Some(&char) => {
                chars.next();
                message.format.push(char);
                message.format.push(char);
            }
            '}' => {
                return Err((
                    "a `}` closes nothing".to_owned(),
                    "write `}}` for a brace".to_owned(),
                ));
            }
            '{' => {
                let mut inside = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(char) => inside.push(char),
                        None => {
                            let help = "write `{field}`, or `{{` for a brace";
                            return Err(("a `{` is never closed".to_owned(), help.to_owned()));
                        }
                    }
                }
                let (name, spec) = match inside.split_once(':') {
                    Some((name, spec)) => (name, format!(":{spec}")),
                    None => (inside.as_str(), String::new()),
                };
                let Some(index) = fields.iter().position(|field| field == name.trim()) else {
                    return Err((format!("there is no field `{name}`"), list(fields)));
                };
                if !message.used.contains(&index) {
                    message.used.push(index);
                }
                // Writing to a String cannot fail.
                let _ = write!(message.format, "{{__f{index}{spec}}}");
            }
            other => message.format.push(other),
        }
    }
    Ok(message)
}

fn list(fields: &[String]) -> String {
    if fields.is_empty() {
        return "it has no fields; write `{{` and `}}` for braces".to_owned();
    }
    let shown: Vec<String> = fields
        .iter()
        .map(|field| format!("`{{{field}}}`"))
        .collect();
    format!("it has {}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{parse, plain};

    #[test]
    fn placeholders_become_bindings_and_braces_stay() {
        let fields = ["max".to_owned(), "0".to_owned()];
        let message = parse("{{holds}} {max:>3} of {0} and {max}", &fields).unwrap();
        assert_eq!(message.format, "{{holds}} {__f0:>3} of {__f1} and {__f0}");
        assert_eq!(message.used, [0, 1]);
        assert!(parse("{mx}", &fields).is_err());
        assert!(parse("{max", &fields).is_err());
        assert!(parse("max}", &fields).is_err());
        assert_eq!(plain("{x}").format, "{{x}}");
    }
}
