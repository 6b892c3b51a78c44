//! Patterns that a backtracking engine could take exponential time for are refused: `RegExp` is one.
//!
//! The pattern becomes its position automaton: a state for each character of the pattern, a step wherever one may follow
//! another. If some text leads from a state back to itself in two ways, each repetition of that text doubles the work.
//! Counts are taken for loops, for `(a?){30}` is as bad as `(a?)*`.

use std::collections::BTreeSet;

use super::{Node, Refused, Set};

/// A pattern of more states than this is not looked at.
const MAX_STATES: usize = 150;

/// What the automaton of a part begins and ends with.
struct Part {
    first: Vec<usize>,
    last: Vec<usize>,
    /// In how many ways it matches nothing: 0, 1, or 2 for more.
    empty: u8,
}

#[derive(Default)]
struct Automaton {
    states: Vec<Set>,
    follow: Vec<BTreeSet<usize>>,
    ambiguous: bool,
}

pub(super) fn check(node: &Node) -> Result<(), Refused> {
    let mut automaton = Automaton::default();
    automaton.add(node, false);
    if automaton.states.len() > MAX_STATES {
        return Err(Refused::new(
            format!("the pattern has more than {MAX_STATES} characters and classes"),
            "write a shorter one",
        ));
    }
    if automaton.ambiguous || automaton.doubles() {
        return Err(Refused::new(
            "some texts match a repeated part in several ways, which takes some engines exponential time",
            "let each repetition begin or end with something of its own, as in `a+(-a+)*`",
        ));
    }
    Ok(())
}

impl Automaton {
    /// Adds a part. `looped`: whether a repetition lies around it.
    fn add(&mut self, node: &Node, looped: bool) -> Part {
        match node {
            Node::One(set) => {
                let state = self.states.len();
                self.states.push(set.clone());
                self.follow.push(BTreeSet::new());
                Part {
                    first: vec![state],
                    last: vec![state],
                    empty: 0,
                }
            }
            Node::Start | Node::End | Node::Boundary => Part::nothing(1),
            Node::Sequence(nodes) => {
                let mut whole = Part::nothing(1);
                for node in nodes {
                    let part = self.add(node, looped);
                    self.connect(&whole.last, &part.first);
                    whole = whole.then(part);
                }
                whole
            }
            Node::Choice(nodes) => {
                let mut whole = Part::nothing(0);
                for node in nodes {
                    let part = self.add(node, looped);
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                    whole.empty = (whole.empty + part.empty).min(2);
                }
                self.ambiguous |= looped && whole.empty > 1;
                whole
            }
            Node::Repeat { node, min, max } => {
                let counted = *max == Some(*min) && width(node).is_some();
                let loops = !counted && *max != Some(1) && *max != Some(0);
                let mut part = self.add(node, looped || loops);
                // Which of the counted rounds match nothing can be chosen freely.
                self.ambiguous |= *min > 1 && part.empty > 0;
                if loops {
                    let (last, first) = (part.last.clone(), part.first.clone());
                    self.connect(&last, &first);
                }
                if *min == 0 {
                    // An optional part that matches nothing is left out: engines do not go in twice.
                    part.empty = 1;
                }
                part
            }
        }
    }

    fn connect(&mut self, from: &[usize], to: &[usize]) {
        for &from in from {
            for &to in to {
                // The second way from one character to the next lies in a loop of a loop.
                let second = !self.follow[from].insert(to);
                self.ambiguous |= second;
            }
        }
    }

    /// Whether some text leads from a state back to it in two ways.
    fn doubles(&self) -> bool {
        let mut precede = vec![BTreeSet::new(); self.states.len()];
        for (from, to) in self.follow.iter().enumerate() {
            for &to in to {
                precede[to].insert(from);
            }
        }
        (0..self.states.len()).any(|state| {
            let (there, back) = (self.reach(state, &self.follow), self.reach(state, &precede));
            let mut round = there.intersection(&back);
            round.any(|(one, other)| one != other)
        })
    }

    /// The pairs of states that the same text leads to, from a state twice.
    fn reach(&self, state: usize, steps: &[BTreeSet<usize>]) -> BTreeSet<(usize, usize)> {
        let mut reached = BTreeSet::new();
        let mut queue = vec![(state, state)];
        while let Some((one, other)) = queue.pop() {
            for &left in &steps[one] {
                for &right in &steps[other] {
                    let same = self.states[left].meets(&self.states[right]);
                    if same && reached.insert((left, right)) {
                        queue.push((left, right));
                    }
                }
            }
        }
        reached
    }
}

impl Part {
    fn nothing(empty: u8) -> Self {
        Self {
            first: Vec::new(),
            last: Vec::new(),
            empty,
        }
    }

    fn then(mut self, next: Self) -> Self {
        if self.empty > 0 {
            self.first.extend(&next.first);
        }
        if next.empty > 0 {
            self.last.extend(&next.last);
        } else {
            self.last = next.last;
        }
        self.empty = (self.empty * next.empty).min(2);
        self
    }
}

/// How many characters a part always has; `None` if that varies.
fn width(node: &Node) -> Option<usize> {
    match node {
        Node::One(_) => Some(1),
        Node::Start | Node::End | Node::Boundary => Some(0),
        Node::Sequence(nodes) => nodes.iter().map(width).sum(),
        Node::Choice(nodes) => {
            let mut widths = nodes.iter().map(width);
            let first = widths.next()??;
            widths.all(|width| width == Some(first)).then_some(first)
        }
        Node::Repeat { node, min, max } => {
            let same = *max == Some(*min);
            width(node).filter(|_| same).map(|width| width * min)
        }
    }
}
