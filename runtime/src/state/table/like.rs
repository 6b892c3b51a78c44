//! Patterns of `like`: `%` is any text, `_` one character, `\` takes the next one as it is.

/// Whether `text` is like `pattern`. Takes at most as many steps as the product of their lengths.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (parts(pattern), text.chars().collect::<Vec<_>>());
    let (mut at, mut seen) = (0, 0);
    // Where to go on if it comes to nothing: the last `%`, and how much of the text it takes.
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(Part::Any) => {
                retry = Some((at, seen));
                at += 1;
            }
            Some(part) if part.is(text[seen]) => {
                at += 1;
                seen += 1;
            }
            _ => match retry {
                Some((any, taken)) => {
                    retry = Some((any, taken + 1));
                    at = any + 1;
                    seen = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|part| matches!(part, Part::Any))
}

/// What every text begins with that is like `pattern`.
pub(super) fn prefix(pattern: &str) -> String {
    parts(pattern)
        .into_iter()
        .map_while(|part| match part {
            Part::Is(char) => Some(char),
            Part::One | Part::Any => None,
        })
        .collect()
}

enum Part {
    Any,
    One,
    Is(char),
}

impl Part {
    fn is(&self, char: char) -> bool {
        match self {
            Self::Is(this) => *this == char,
            Self::One => true,
            Self::Any => false,
        }
    }
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut chars = pattern.chars();
    let mut parts = Vec::new();
    while let Some(char) = chars.next() {
        parts.push(match char {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Is(chars.next().unwrap_or('\\')),
            char => Part::Is(char),
        });
    }
    parts
}
