//! Which addresses may be asked: none within the network that the program runs in, unless a setting opens them.
//!
//! An URL often comes from a stranger. Without this rule it would reach what only this machine can: the database, the
//! admin page, the cloud's metadata with its credentials.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::str::FromStr;

use crate::network::Network;

/// The setting that opens addresses.
pub(crate) const SETTING: &str = "STAYPUT_OUTBOUND_ALLOW";

/// Hosts and networks that may be asked besides those that everybody can reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Allow {
    hosts: Vec<String>,
    networks: Vec<Network>,
}

/// An item of the setting that is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoItem(String);

impl Allow {
    /// What the setting says.
    pub(crate) fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Rc<Self>, NoItem> {
        let text = variable(SETTING).unwrap_or_default();
        Ok(Rc::new(text.parse()?))
    }

    /// Whether a host is listed by its name: then all its addresses may be asked.
    pub(crate) fn names(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.hosts.iter().any(|listed| listed == host)
    }

    /// Whether an address may be asked.
    pub(crate) fn allows(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.networks.iter().any(|network| network.contains(ip))
    }

    /// Whether a host may be asked, as far as its text says: an address, or a name that is never one of the internet's.
    pub(crate) fn allows_host(&self, host: &str) -> bool {
        if self.names(host) {
            return true;
        }
        match host.trim_end_matches('.').parse() {
            Ok(ip) => self.allows(ip),
            Err(_) => !is_private_name(host),
        }
    }
}

/// Names that lead nowhere but to this machine or its network (RFC 6761, 6762, 8375, and `.internal`).
fn is_private_name(host: &str) -> bool {
    const ZONES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];
    let host = host.trim_end_matches('.');
    ZONES.iter().any(|zone| {
        let before = host.strip_suffix(zone);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

/// Whether everybody on the internet reaches this address.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !matches!(
        ip.octets(),
        // This network, private, loopback; multicast and what lies beyond it.
        [0 | 10 | 127 | 224..=255, ..]
            // Private; link-local with most clouds' metadata; shared by a provider's customers (CGNAT).
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [169, 254, ..]
            | [100, 64..=127, ..]
            // Protocols' own, the old relay to IPv6, benchmarks, examples.
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            // Azure's metadata.
            | [168, 63, 129, 16]
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Translated to IPv4 on its way (RFC 6052).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Protocols' own, Teredo among them; examples; 6to4, which is an IPv4 address in disguise.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] | [0x2002, ..] => false,
        // The rest of what is given out (RFC 4291).
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

impl FromStr for Allow {
    type Err = NoItem;

    fn from_str(text: &str) -> Result<Self, NoItem> {
        let mut allow = Self::default();
        let items = text.split(',').map(str::trim);
        for item in items.filter(|item| !item.is_empty()) {
            let bare = item.trim_start_matches('[').trim_end_matches(']');
            if let Ok(network) = bare.parse() {
                allow.networks.push(network);
            } else if is_name(item) {
                allow.hosts.push(item.to_ascii_lowercase());
            } else {
                return Err(NoItem(item.to_owned()));
            }
        }
        Ok(allow)
    }
}

/// Whether it may be a host's name: the last part of one is never a number.
fn is_name(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    last.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

impl fmt::Display for NoItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{SETTING}`: `{}` is no host such as `search.example`, and no network such as 10.0.0.0/8",
            self.0
        )
    }
}

impl std::error::Error for NoItem {}
