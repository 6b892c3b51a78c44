use std::net::IpAddr;

use proptest::prelude::*;

use crate::outgoing::address::Allow;

const PRIVATE: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "3fff:fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "3fff:1000::1",
];

fn allow(text: &str) -> Allow {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn what_only_the_network_reaches_is_refused() {
    let nothing = Allow::default();
    for text in PRIVATE {
        assert!(!nothing.allows(ip(text)), "{text}");
        assert!(!nothing.allows_host(text), "{text}");
        assert!(!nothing.allows_host(&format!("{text}.")), "{text}.");
    }
    for text in PUBLIC {
        assert!(nothing.allows(ip(text)), "{text}");
        assert!(nothing.allows_host(text), "{text}");
    }
}

#[test]
fn names_of_the_network_are_refused() {
    let nothing = Allow::default();
    for host in [
        "localhost",
        "localhost.",
        "a.localhost",
        "printer.local",
        "db.svc.cluster.local",
        "metadata.google.internal",
        "home.arpa",
    ] {
        assert!(!nothing.allows_host(host), "{host}");
    }
    for host in [
        "example.com",
        "local.example",
        "notlocalhost",
        "internal.example",
    ] {
        assert!(nothing.allows_host(host), "{host}");
    }
}

#[test]
fn a_setting_opens_what_it_lists_and_nothing_else() {
    let some = allow("127.0.0.1, 10.1.0.0/16, fd00::/8, [::1], DB.internal");
    for host in [
        "127.0.0.1",
        "10.1.2.3",
        "fd00::5",
        "::1",
        "db.internal",
        "db.internal.",
        "::ffff:10.1.2.3",
    ] {
        assert!(some.allows_host(host), "{host}");
    }
    for host in [
        "127.0.0.2",
        "10.2.0.1",
        "fe80::1",
        "x.db.internal",
        "cache.internal",
    ] {
        assert!(!some.allows_host(host), "{host}");
    }
    // A name opens itself: its addresses are looked at where it is known that they are its own.
    assert!(some.names("db.internal") && !some.allows(ip("10.2.0.1")));
    for wrong in [
        "10.0.0.0/33",
        "https://a",
        "a b",
        "1.2.3",
        "*.example",
        "10.0.0.0/8/8",
    ] {
        let error = wrong.parse::<Allow>().unwrap_err().to_string();
        assert!(
            error.contains(wrong) && error.contains("STAYPUT_OUTBOUND_ALLOW"),
            "{error}"
        );
    }
}

proptest! {
    /// However an IPv4 address is written in IPv6, it is judged the same.
    #[test]
    fn an_address_is_the_same_in_ipv6(octets: [u8; 4]) {
        let nothing = Allow::default();
        let plain = IpAddr::from(octets);
        let [a, b, c, d] = octets;
        let mapped = format!("::ffff:{a}.{b}.{c}.{d}");
        let translated = format!("64:ff9b::{:x}:{:x}", u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        prop_assert_eq!(nothing.allows(plain), nothing.allows(ip(&mapped)));
        prop_assert_eq!(nothing.allows(plain), nothing.allows(ip(&translated)));
    }

    /// What std knows to be private is refused, whatever else is.
    #[test]
    fn no_address_that_std_calls_private_is_public(octets: [u8; 4], segments: [u16; 8]) {
        let nothing = Allow::default();
        let v4 = std::net::Ipv4Addr::from(octets);
        if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || v4.is_documentation() {
            prop_assert!(!nothing.allows(v4.into()));
        }
        let v6 = std::net::Ipv6Addr::from(segments);
        if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast() || v6.is_loopback() {
            prop_assert!(!nothing.allows(v6.into()));
        }
    }
}
