//! Reading a pattern.

use std::iter::Peekable;
use std::str::Chars;

use super::{Node, Refused, Set};

/// How deep groups may lie in each other.
const MAX_DEPTH: usize = 50;

const SYNTAX: &str = "^$\\.*+?()[]{}|/";
const ESCAPE: &str = "write a backslash before it";

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: usize,
}

pub(super) fn parse(source: &str) -> Result<Node, Refused> {
    let mut parser = Parser {
        rest: source.chars().peekable(),
        depth: 0,
    };
    let node = parser.choice()?;
    match parser.rest.next() {
        None => Ok(node),
        Some(_) => Err(Refused::new(
            "there is a `)` without its `(`",
            "write `\\)` for the character",
        )),
    }
}

impl Parser<'_> {
    fn eat(&mut self, char: char) -> bool {
        self.rest.next_if_eq(&char).is_some()
    }

    fn choice(&mut self) -> Result<Node, Refused> {
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node::Choice(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, Refused> {
        let mut nodes = Vec::new();
        while let Some(&next) = self.rest.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let node = self.item()?;
            nodes.push(self.repeated(node)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn item(&mut self) -> Result<Node, Refused> {
        Ok(match self.rest.next() {
            Some('^') => Node::Start,
            Some('$') => Node::End,
            Some('.') => Node::One(Set::any()),
            Some('(') => self.group()?,
            Some('[') => Node::One(self.class()?),
            Some('\\') if self.eat('b') => Node::Boundary,
            Some('\\') => Node::One(self.escape(false)?),
            Some(char @ ('*' | '+' | '?')) => {
                let message = format!("`{char}` repeats nothing here");
                return Err(Refused::new(message, ESCAPE));
            }
            Some(char @ ('{' | '}' | ']')) => {
                let message =
                    format!("a lone `{char}` means different things to different engines");
                return Err(Refused::new(message, ESCAPE));
            }
            Some(char) => Node::One(Set::one(char)),
            // The caller has seen a character.
            None => Node::Sequence(Vec::new()),
        })
    }

    fn group(&mut self) -> Result<Node, Refused> {
        if self.eat('?') && !self.eat(':') {
            return Err(match self.rest.next() {
                Some('=' | '!') => look_around(),
                Some('<') if matches!(self.rest.peek(), Some('=' | '!')) => look_around(),
                Some('<' | 'P') => Refused::new(
                    "the group has a name, which engines write differently",
                    "write `(?:..)`: nothing is captured",
                ),
                _ => Refused::new(
                    "the group has flags, which schemas do not know",
                    "write the characters that you mean, for example `[a-zA-Z]`",
                ),
            });
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("groups lie deeper than {MAX_DEPTH} in each other");
            return Err(Refused::new(message, "write fewer groups"));
        }
        let node = self.choice()?;
        self.depth -= 1;
        if self.eat(')') {
            return Ok(node);
        }
        Err(Refused::new(
            "there is a `(` without its `)`",
            "close the group, or write `\\(` for the character",
        ))
    }

    fn repeated(&mut self, node: Node) -> Result<Node, Refused> {
        let (min, max) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                return self.counted(node);
            }
            _ => return Ok(node),
        };
        self.rest.next();
        self.repeat(node, min, max)
    }

    /// `{2}`, `{2,}` or `{2,4}`, behind its brace.
    fn counted(&mut self, node: Node) -> Result<Node, Refused> {
        let fault = || {
            Refused::new(
                "`{` begins no count",
                "write `{2}`, `{2,}` or `{2,4}`, or `\\{` for the character",
            )
        };
        let min = self.count().ok_or_else(fault)?;
        let max = if self.eat(',') {
            if self.rest.peek() == Some(&'}') {
                None
            } else {
                Some(self.count().ok_or_else(fault)?)
            }
        } else {
            Some(min)
        };
        if !self.eat('}') {
            return Err(fault());
        }
        if max.is_some_and(|max| max < min) {
            return Err(Refused::new(
                "the greatest count is less than the least",
                "swap them",
            ));
        }
        self.repeat(node, min, max)
    }

    fn count(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok()
    }

    fn repeat(&mut self, node: Node, min: usize, max: Option<usize>) -> Result<Node, Refused> {
        if matches!(node, Node::Start | Node::End | Node::Boundary) {
            return Err(Refused::new(
                "a place cannot be repeated",
                "leave the count away",
            ));
        }
        // Lazy or not, the same texts match.
        self.eat('?');
        match self.rest.peek() {
            Some('*' | '+' | '?' | '{') => Err(Refused::new(
                "a repetition cannot be repeated",
                "put it into a group: `(?:a+)?`",
            )),
            _ => Ok(Node::Repeat {
                node: Box::new(node),
                min,
                max,
            }),
        }
    }

    /// `[a-z]`, behind its bracket.
    fn class(&mut self) -> Result<Set, Refused> {
        let inverse = self.eat('^');
        let mut sets = Vec::new();
        loop {
            let first = match self.rest.next() {
                None => {
                    return Err(Refused::new(
                        "there is a `[` without its `]`",
                        "close the class, or write `\\[` for the character",
                    ));
                }
                Some(']') => break,
                Some(char) => self.member(char)?,
            };
            if self.rest.peek() != Some(&'-') {
                sets.push(first);
                continue;
            }
            self.rest.next();
            match self.rest.next_if(|&char| char != ']') {
                // A hyphen at the end is one.
                None => sets.extend([first, Set::one('-')]),
                Some(char) => {
                    let last = self.member(char)?;
                    sets.push(range(&first, &last)?);
                }
            }
        }
        let set = Set::union(sets);
        let set = if inverse { set.inverse() } else { set };
        if set.is_empty() || inverse && set == Set::union([]).inverse() {
            return Err(Refused::new(
                "an empty class means different things to different engines",
                "list its characters, for example `[a-z]`; write `[\\s\\S]` for any character",
            ));
        }
        Ok(set)
    }

    fn member(&mut self, char: char) -> Result<Set, Refused> {
        match char {
            '\\' => self.escape(true),
            '[' => Err(Refused::new(
                "a `[` in a class begins another class for some engines",
                ESCAPE,
            )),
            char => Ok(Set::one(char)),
        }
    }

    /// An escape, behind its backslash.
    fn escape(&mut self, in_class: bool) -> Result<Set, Refused> {
        let Some(char) = self.rest.next() else {
            return Err(Refused::new(
                "the pattern ends in a backslash",
                "write `\\\\` for the character",
            ));
        };
        if let Some(set) = Set::class(char) {
            return Ok(set);
        }
        let char = match char {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'v' => '\u{b}',
            'x' => self.code(2)?,
            'u' if self.eat('{') => {
                let mut digits = String::new();
                while let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit) {
                    digits.push(digit);
                }
                let closed = self.eat('}');
                character(&digits).filter(|_| closed).ok_or_else(no_code)?
            }
            'u' => self.code(4)?,
            '-' if in_class => '-',
            char if SYNTAX.contains(char) => char,
            '0'..='9' | 'k' => {
                return Err(Refused::new(
                    format!("`\\{char}` refers back, which linear engines cannot"),
                    "write the part out again",
                ));
            }
            'p' | 'P' => {
                return Err(Refused::new(
                    format!("`\\{char}` depends on the engine's version of Unicode"),
                    "list the characters, for example `[a-zäöüß]`",
                ));
            }
            char => {
                return Err(Refused::new(
                    format!("`\\{char}` means different things to different engines"),
                    "leave the backslash away, or write the character as `\\u{..}`",
                ));
            }
        };
        Ok(Set::one(char))
    }

    fn code(&mut self, length: usize) -> Result<char, Refused> {
        let mut digits = String::new();
        while digits.len() < length
            && let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit)
        {
            digits.push(digit);
        }
        let whole = digits.len() == length;
        character(&digits).filter(|_| whole).ok_or_else(no_code)
    }
}

fn character(hex: &str) -> Option<char> {
    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)
}

fn no_code() -> Refused {
    Refused::new(
        "the escape is no character",
        "write `\\x41`, `\\u0041` or `\\u{1F600}`",
    )
}

fn look_around() -> Refused {
    Refused::new(
        "the pattern looks around, which linear engines cannot",
        "say it in the body of the action, and answer an error of your own",
    )
}

fn range(first: &Set, last: &Set) -> Result<Set, Refused> {
    let single = |set: &Set| match set.ranges() {
        [(from, to)] if from == to => char::from_u32(*from),
        _ => None,
    };
    match (single(first), single(last)) {
        (Some(first), Some(last)) if first <= last => Ok(Set::range(first, last)),
        (Some(_), Some(_)) => Err(Refused::new(
            "a range in a class ends before it begins",
            "swap its ends",
        )),
        _ => Err(Refused::new(
            "a range in a class needs a character at each end",
            "write `\\-` for the character",
        )),
    }
}
