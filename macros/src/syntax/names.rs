//! Names: raw identifiers, case rules, what a name on the wire may be.

use syn::Ident;
use syn::ext::IdentExt as _;

/// The identifier without `r#`.
pub(crate) fn unraw(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The words of an identifier: `HTTPServer2` is `http`, `server2`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &char) in chars.iter().enumerate() {
        if char == '_' {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(index + 1);
        let starts = char.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if starts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.extend(char.to_lowercase());
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// `ChatRoom` is `chat-room`.
pub(crate) fn kebab(name: &str) -> String {
    words(name).join("-")
}

/// `UserRenamed` is `user_renamed`.
pub(crate) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `max_users` is `MAX_USERS`.
pub(crate) fn screaming(name: &str) -> String {
    snake(name).to_uppercase()
}

/// The number of a named impl block: FNV-1a of its name, never 0, which is the unnamed block.
pub(crate) fn block_number(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.max(1)
}

/// Class paths that the server's own pages take.
const TAKEN_CLASSES: [&str; 4] = ["healthz", "readyz", "metrics", "mcp"];

/// What is wrong with a class path, if anything.
pub(crate) fn class_fault(name: &str) -> Option<String> {
    if TAKEN_CLASSES.contains(&name) {
        return Some(format!("the path `/{name}` is the server's own"));
    }
    let starts = name.starts_with(|char: char| char.is_ascii_lowercase());
    let legal = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    (!starts || !name.chars().all(legal)).then(|| {
        "a class path starts with a letter and has only `a`-`z`, `0`-`9` and `-`".to_owned()
    })
}

/// What is wrong with the name of a binding of a Worker, if anything.
pub(crate) fn binding_fault(name: &str) -> Option<String> {
    let starts = name.starts_with(|char: char| char.is_ascii_uppercase());
    let legal = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
    (!starts || !name.chars().all(legal)).then(|| {
        "the name of a binding starts with a letter and has only `A`-`Z`, `0`-`9` and `_`"
            .to_owned()
    })
}

/// What is wrong with the name of an action, if anything.
pub(crate) fn action_fault(name: &str) -> Option<String> {
    if name.contains('.') {
        return Some("a `.` separates a mixin from its action, so no name has one".to_owned());
    }
    if name.starts_with('~') || name.starts_with('$') {
        return Some("names that start with `~` or `$` are the toolkit's own".to_owned());
    }
    let legal = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
    (name.is_empty() || !name.chars().all(legal))
        .then(|| "the name of an action has only letters, digits, `_` and `-`".to_owned())
}

/// What is wrong with the name of an event or an error code, if anything.
pub(crate) fn wire_fault(what: &str, name: &str) -> Option<String> {
    let legal = |char: char| char.is_alphanumeric() || "_-:.".contains(char);
    (name.is_empty() || !name.chars().all(legal))
        .then(|| format!("{what} has only letters, digits, `_`, `-`, `:` and `.`"))
}

/// The candidate that a misspelt word most likely meant.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits from one word to the other, a swap of neighbours counting as one.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, left) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in to.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(left != right))
                .min(rows[i][j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *left == to[j - 1] && from[i - 1] == *right {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, kebab, nearest, screaming, snake};

    #[test]
    fn cases_split_where_a_reader_would() {
        assert_eq!(kebab("ChatRoom"), "chat-room");
        assert_eq!(kebab("HTTPServer2"), "http-server2");
        assert_eq!(kebab("A"), "a");
        assert_eq!(snake("UserRenamed"), "user_renamed");
        assert_eq!(snake("already_snake"), "already_snake");
        assert_eq!(snake("IOError"), "io_error");
        assert_eq!(screaming("max_users"), "MAX_USERS");
    }

    #[test]
    fn nearest_forgives_a_slip_and_no_more() {
        let keys = || ["public", "scope", "internal"].into_iter();
        assert_eq!(nearest("pubilc", keys()), Some("public"));
        assert_eq!(nearest("scop", keys()), Some("scope"));
        assert_eq!(nearest("get", keys()), None);
        assert_eq!(distance("ab", "ba"), 1);
    }
}
