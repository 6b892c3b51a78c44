//! Paths with placeholders: what they are made of, and which requests they mean.

use std::cmp::Ordering;

use super::super::path::decode;

/// A path that routes are for.
#[derive(Debug)]
pub(super) struct Pattern {
    /// As it was written.
    pub(super) text: String,
    segments: Vec<Segment>,
    /// Whether it ends with `/*`.
    pub(super) has_rest: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Word(String),
    Value(String),
}

/// A path that a pattern fits.
#[derive(Debug)]
pub(super) struct Fit<'p> {
    /// Names of placeholders, and the segments in their place, still percent-encoded.
    pub(super) values: Vec<(&'p str, &'p str)>,
    /// What is below, without its first `/`; `None` if nothing is.
    pub(super) rest: Option<&'p str>,
}

impl Pattern {
    /// Reads one, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("the path `{text}` of a route {why}"));
        let Some(path) = text.strip_prefix('/') else {
            return refuse("must begin with `/`");
        };
        let (path, has_rest) = match path.strip_suffix('*') {
            Some("") => ("", true),
            Some(path) => match path.strip_suffix('/') {
                Some(path) => (path, true),
                None => return refuse("has `*` in a segment: it stands alone, at the end"),
            },
            None => (path, false),
        };
        let mut segments = Vec::new();
        for part in path.split('/').filter(|_| !path.is_empty()) {
            let segment = match part
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if is_name(name) => Segment::Value(name.to_owned()),
                Some(_) => return refuse("has a placeholder without a name: write `{name}`"),
                None if part.starts_with('~') => {
                    return refuse(
                        "has a segment that starts with `~`: those are the server's own",
                    );
                }
                None if is_word(part) => Segment::Word(part.to_owned()),
                None => {
                    return refuse(
                        "must consist of words (letters, digits, `-`, `.`, `_`, `~`), `{placeholders}` and a last `*`",
                    );
                }
            };
            if segments.contains(&segment) && matches!(segment, Segment::Value(_)) {
                return refuse("has two placeholders of one name");
            }
            segments.push(segment);
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
            has_rest,
        })
    }

    /// Whether a path, without its first `/`, is one of these.
    pub(super) fn fit<'p>(&'p self, path: &'p str) -> Option<Fit<'p>> {
        let mut values = Vec::new();
        let mut rest = Some(path).filter(|_| !(self.segments.is_empty() && path.is_empty()));
        for segment in &self.segments {
            let (part, below) = match rest?.split_once('/') {
                Some((part, below)) => (part, Some(below)),
                None => (rest?, None),
            };
            rest = below;
            match segment {
                Segment::Word(word) if decode(part).as_deref() == Some(&**word) => {}
                Segment::Word(_) => return None,
                // Platforms resolve these before we see them.
                Segment::Value(_) if matches!(part, "" | "." | "..") => return None,
                Segment::Value(name) => values.push((&**name, part)),
            }
        }
        (rest.is_none() || self.has_rest).then_some(Fit { values, rest })
    }

    /// Which of two that fit the same path says more, from the left: a word more than a placeholder, that more than `*`.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(other.rank())
    }

    /// Whether both mean the same paths.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Segment, &Segment)| match (one, other) {
            (Segment::Value(_), Segment::Value(_)) => true,
            (one, other) => one == other,
        };
        self.has_rest == other.has_rest
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(alike)
    }

    /// The word that it begins with.
    pub(super) fn first_word(&self) -> Option<&str> {
        match self.segments.first() {
            Some(Segment::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// The names of its placeholders.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Value(name) => Some(&**name),
            Segment::Word(_) => None,
        })
    }

    fn rank(&self) -> impl Iterator<Item = u8> {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Word(_) => 3,
            Segment::Value(_) => 2,
        });
        // What ends says more than what may go on.
        segments.chain([u8::from(!self.has_rest)])
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_word(text: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !matches!(text, "" | "." | "..") && text.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::read(text).unwrap()
    }

    #[test]
    fn a_pattern_means_these_paths_and_no_others() {
        for (text, path, fits) in [
            ("/", "", Some(None)),
            ("/", "a", None),
            ("/*", "", Some(None)),
            ("/*", "a/b", Some(Some("a/b"))),
            ("/room/{id}", "room/x", Some(None)),
            ("/room/{id}", "room/x/", None),
            ("/room/{id}", "room/", None),
            ("/room/{id}", "room/..", None),
            ("/room/{id}", "room/x/y", None),
            ("/room/{id}/*", "room/x", Some(None)),
            ("/room/{id}/*", "room/x/", Some(Some(""))),
            ("/room/{id}/*", "room/x/y/z", Some(Some("y/z"))),
            ("/room/{id}/*", "room", None),
            ("/room/{id}/*", "r%6Fom/x", Some(None)),
            ("/room/{id}/*", "Room/x", None),
            ("/room/{id}/*", "r%6/x", None),
        ] {
            let pattern = pattern(text);
            let fit = pattern.fit(path).map(|fit| fit.rest);
            assert_eq!(fit, fits, "{text} {path}");
        }
        let pattern = pattern("/a/{one}/b/{two}");
        let fit = pattern.fit("a/x%2Fy/b/z").unwrap();
        assert_eq!(fit.values, [("one", "x%2Fy"), ("two", "z")]);
    }

    #[test]
    fn what_says_more_goes_first() {
        for (one, other) in [
            ("/a/b", "/a/{x}"),
            ("/a/{x}", "/a/*"),
            ("/a/b/*", "/a/{x}/*"),
            ("/a/b/*", "/a/{x}/c"),
            ("/a", "/a/*"),
            ("/a/{x}/*", "/a/*"),
            ("/a/*", "/{x}/*"),
            ("/{x}", "/*"),
        ] {
            let (one, other) = (pattern(one), pattern(other));
            assert_eq!(one.cmp(&other), Ordering::Greater, "{one:?} {other:?}");
            assert_eq!(other.cmp(&one), Ordering::Less, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_by_name() {
        for (text, word) in [
            ("room", "begin with `/`"),
            ("", "begin with `/`"),
            ("/room*", "stands alone"),
            ("/*/x", "consist of"),
            ("/room//x", "consist of"),
            ("/room/", "consist of"),
            ("/room/..", "consist of"),
            ("/ro om", "consist of"),
            ("/room/{}", "`{name}`"),
            ("/room/{a-b}", "`{name}`"),
            ("/{a}/{a}", "two placeholders"),
            ("/~room", "starts with `~`"),
            ("/x/~events", "starts with `~`"),
        ] {
            let fault = Pattern::read(text).unwrap_err();
            assert!(fault.contains(word), "{text}: {fault}");
        }
    }
}
