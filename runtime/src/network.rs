//! Networks, as lists of them are written in settings.

use std::net::IpAddr;
use std::str::FromStr;

/// `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: u128,
    mask: u128,
}

impl Network {
    /// Whether an address is part of it.
    pub(crate) fn contains(self, ip: IpAddr) -> bool {
        bits(ip) & self.mask == self.base
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from_be_bytes(ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => u128::from_be_bytes(ip.octets()),
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix.parse::<u32>().map_err(|_| ())?)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| ())?;
        let (width, before) = if ip.is_ipv4() { (32, 96) } else { (128, 0) };
        let prefix = prefix.unwrap_or(width);
        if prefix > width {
            return Err(());
        }
        let mask = u128::MAX.checked_shl(width - prefix).unwrap_or(0);
        // What maps an IPv4 address into IPv6 is part of the network.
        let mask = if before == 96 { mask | !0 << 32 } else { mask };
        Ok(Self {
            base: bits(ip) & mask,
            mask,
        })
    }
}
