//! What a client most likely meant by a name that is none.

/// At most 64 bytes of what a client sent, for a message.
pub(crate) fn shorten(text: &str) -> &str {
    let end = (0..=text.len().min(64))
        .rev()
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(0);
    &text[..end]
}

/// The candidate most like `text`, if any is alike.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // Nobody mistypes by more than a name's length, and the work stays bounded.
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    let limit = text.chars().count().div_ceil(3).max(1);
    let alike = candidates.map(|candidate| (distance(text, candidate), candidate));
    alike
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters have to be inserted, removed or replaced.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, left) in from.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, right) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
