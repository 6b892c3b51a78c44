//! Addresses and names of hosts.

use std::net::{Ipv4Addr, Ipv6Addr};

/// `192.0.2.1`
pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// `2001:db8::1`
pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// `www.example.org`
pub(super) fn is_hostname(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let sound = (1..=63).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-');
    // RFC 5890: two hyphens in these places announce an encoding, and there is the one.
    let encoded = bytes.get(2..4) == Some(b"--");
    sound && (!encoded || label.len() > 4 && label[..2].eq_ignore_ascii_case("xn"))
}
