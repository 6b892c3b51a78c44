//! Mailboxes of RFC 5321.

use super::address::{is_hostname, is_ipv4, is_ipv6};

/// `ada@example.org`
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let literal = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let domain = match literal {
        Some(literal) => match literal.get(..5) {
            Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => is_ipv6(&literal[5..]),
            _ => is_ipv4(literal),
        },
        None => is_hostname(domain),
    };
    domain && local.len() <= 64 && (is_dotted(local) || is_quoted(local))
}

/// Words with single dots between them.
fn is_dotted(local: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local
        .split('.')
        .all(|word| !word.is_empty() && word.bytes().all(allowed))
}

/// Anything printable in quotes; quotes and backslashes behind a backslash.
fn is_quoted(local: &str) -> bool {
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return false };
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let sound = match byte {
            b'\\' => bytes.next().is_some_and(|byte| (32..127).contains(&byte)),
            b'"' => false,
            byte => (32..127).contains(&byte),
        };
        if !sound {
            return false;
        }
    }
    true
}
