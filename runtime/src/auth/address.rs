//! Where a request comes from, past the proxies that are trusted to say so.

use std::net::IpAddr;

use crate::http::Request;

/// An address, in the form a backend has it: Workers are told it as text, and read it only if somebody asks.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Address = IpAddr;
/// An address, in the form a backend has it: Workers are told it as text, and read it only if somebody asks.
#[cfg(target_arch = "wasm32")]
pub(crate) type Address = std::sync::Arc<str>;

/// The address itself.
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is text")]
pub(crate) fn ip(address: &Address) -> Option<IpAddr> {
    Some(*address)
}

/// The address itself.
#[cfg(target_arch = "wasm32")]
pub(crate) fn ip(address: &Address) -> Option<IpAddr> {
    address.parse().ok()
}

/// The address in this text, if it is one.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) fn address(text: &str) -> Option<Address> {
    text.parse().ok()
}

/// The address in this text.
#[cfg(target_arch = "wasm32")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it is read")]
pub(crate) fn address(text: &str) -> Option<Address> {
    Some(text.into())
}

/// The proxies whose word counts (`STAYPUT_TRUSTED_PROXIES`). On Workers the platform's always does, and only it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    #[cfg(not(target_arch = "wasm32"))]
    networks: Vec<Network>,
}

#[cfg(target_arch = "wasm32")]
impl Proxies {
    /// Where the request comes from: what the platform says, which no client can.
    pub(crate) fn address(&self, request: &Request) -> Option<Address> {
        let Self {} = self;
        Some(
            request
                .headers()
                .get("cf-connecting-ip")?
                .to_str()
                .ok()?
                .into(),
        )
    }
}

#[cfg(not(target_arch = "wasm32"))]
use crate::network::Network;
#[cfg(not(target_arch = "wasm32"))]
pub use networks::NoNetwork;

#[cfg(not(target_arch = "wasm32"))]
mod networks {
    use std::fmt;
    use std::str::FromStr;

    use ::http::HeaderMap;
    use ::http::header::{FORWARDED, HeaderName};

    use super::{Address, IpAddr, Proxies, Request};

    const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

    /// A text that is no list of addresses and networks.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NoNetwork(String);

    impl Proxies {
        /// Where the request comes from. A proxy that is trusted says where it has it from: by `Forwarded` or by
        /// `X-Forwarded-For`, read from the right up to the first address that is not trusted. `None` when that
        /// names no address, or when both headers say different things: one of them is the client's own.
        pub(crate) fn address(&self, request: &Request) -> Option<Address> {
            let peer = request.peer.ip?.to_canonical();
            if !self.trusts(peer) {
                return Some(peer);
            }
            let headers = request.headers();
            let by_x = headers
                .contains_key(X_FORWARDED_FOR)
                .then(|| self.outermost(peer, &list(headers, &X_FORWARDED_FOR), address));
            let by_standard = headers
                .contains_key(FORWARDED)
                .then(|| self.outermost(peer, &list(headers, &FORWARDED), forwarded_for));
            match (by_x, by_standard) {
                (None, None) => Some(peer),
                (Some(one), None) | (None, Some(one)) => one,
                (Some(one), Some(other)) => one.filter(|_| one == other),
            }
        }

        fn trusts(&self, ip: IpAddr) -> bool {
            self.networks.iter().any(|network| network.contains(ip))
        }

        fn outermost(
            &self,
            peer: IpAddr,
            hops: &[String],
            read: impl Fn(&str) -> Option<IpAddr>,
        ) -> Option<IpAddr> {
            let mut outermost = peer;
            for hop in hops.iter().rev() {
                outermost = read(hop)?;
                if !self.trusts(outermost) {
                    break;
                }
            }
            Some(outermost)
        }
    }

    /// All lines of a header are one list.
    fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
        let lines = headers.get_all(name).iter();
        let items = lines.flat_map(|line| {
            let text = String::from_utf8_lossy(line.as_bytes()).into_owned();
            text.split(',')
                .map(|item| item.trim().to_owned())
                .collect::<Vec<_>>()
        });
        items.filter(|item| !item.is_empty()).collect()
    }

    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
    fn address(text: &str) -> Option<IpAddr> {
        let plain = text.parse().ok();
        let with_port = || {
            text.parse()
                .ok()
                .map(|socket: std::net::SocketAddr| socket.ip())
        };
        let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        let ip: Option<IpAddr> = plain.or_else(with_port).or_else(bracketed);
        ip.map(|ip| ip.to_canonical())
    }

    /// RFC 7239, 4: `for=192.0.2.1;proto=https`, `for="[2001:db8::1]:80"`.
    fn forwarded_for(element: &str) -> Option<IpAddr> {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            if !name.eq_ignore_ascii_case("for") {
                return None;
            }
            address(value.trim_matches('"'))
        })
    }

    impl FromStr for Proxies {
        type Err = NoNetwork;

        fn from_str(text: &str) -> Result<Self, NoNetwork> {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            let networks = items.map(|item| item.parse().map_err(|()| NoNetwork(item.to_owned())));
            Ok(Self {
                networks: networks.collect::<Result<_, _>>()?,
            })
        }
    }

    impl fmt::Display for NoNetwork {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(
                f,
                "`{}` is no address or network such as 10.0.0.0/8",
                self.0
            )
        }
    }

    impl std::error::Error for NoNetwork {}

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::http::Peer;

        fn seen(proxies: &str, peer: Option<&str>, headers: &[(&'static str, &str)]) -> String {
            let mut request = ::http::Request::get("/");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let peer = Peer {
                ip: peer.map(|peer| peer.parse().unwrap()),
                ..Peer::default()
            };
            let request = Request::new(request.body(bytes::Bytes::new()).unwrap(), peer);
            let proxies: Proxies = proxies.parse().unwrap();
            proxies
                .address(&request)
                .map_or("none".to_owned(), |ip| ip.to_string())
        }

        #[test]
        fn only_trusted_proxies_say_where_a_request_comes_from() {
            let xff = |value: &'static str| vec![("x-forwarded-for", value)];
            let forwarded = |value: &'static str| vec![("forwarded", value)];
            for (proxies, peer, headers, expected) in [
                ("", Some("192.0.2.1"), xff("203.0.113.9"), "192.0.2.1"),
                ("", None, xff("203.0.113.9"), "none"),
                (
                    "10.0.0.0/8",
                    Some("192.0.2.1"),
                    xff("203.0.113.9"),
                    "192.0.2.1",
                ),
                ("10.0.0.0/8", Some("10.1.2.3"), vec![], "10.1.2.3"),
                (
                    "10.0.0.0/8",
                    Some("::ffff:10.1.2.3"),
                    xff("203.0.113.9"),
                    "203.0.113.9",
                ),
                // What stands left of an untrusted address is that one's own word.
                (
                    "10.0.0.0/8",
                    Some("10.1.2.3"),
                    xff("1.1.1.1, 203.0.113.9, 10.9.9.9"),
                    "203.0.113.9",
                ),
                (
                    "10.0.0.0/8",
                    Some("10.1.2.3"),
                    xff("10.0.0.5, 10.9.9.9"),
                    "10.0.0.5",
                ),
                ("10.0.0.0/8", Some("10.1.2.3"), xff("unknown"), "none"),
                (
                    "10.0.0.0/8",
                    Some("10.1.2.3"),
                    xff("203.0.113.9:4711"),
                    "203.0.113.9",
                ),
                (
                    "fd00::/8,::1",
                    Some("::1"),
                    forwarded("for=\"[2001:db8::1]:80\";proto=https"),
                    "2001:db8::1",
                ),
                (
                    "10.0.0.1",
                    Some("10.0.0.1"),
                    forwarded("proto=https;For=203.0.113.9"),
                    "203.0.113.9",
                ),
                (
                    "10.0.0.1",
                    Some("10.0.0.2"),
                    forwarded("for=203.0.113.9"),
                    "10.0.0.2",
                ),
                (
                    "10.0.0.1",
                    Some("10.0.0.1"),
                    forwarded("for=_hidden"),
                    "none",
                ),
                (
                    "10.0.0.1",
                    Some("10.0.0.1"),
                    forwarded("proto=https"),
                    "none",
                ),
                (
                    "10.0.0.1",
                    Some("10.0.0.1"),
                    vec![
                        ("forwarded", "for=1.1.1.1"),
                        ("x-forwarded-for", "203.0.113.9"),
                    ],
                    "none",
                ),
                ("0.0.0.0/0", Some("8.8.8.8"), xff("1.1.1.1"), "1.1.1.1"),
            ] {
                assert_eq!(
                    seen(proxies, peer, &headers),
                    expected,
                    "{proxies} {peer:?} {headers:?}"
                );
            }
        }

        #[test]
        fn a_list_of_networks_is_read_or_the_wrong_one_named() {
            for wrong in ["10.0.0.0/33", "::/129", "host", "10.0.0.0/x", "10.0.0"] {
                let text = format!("127.0.0.1, {wrong}");
                let error = text.parse::<Proxies>().unwrap_err().to_string();
                assert!(error.starts_with(&format!("`{wrong}`")), "{error}");
            }
        }
    }
}
