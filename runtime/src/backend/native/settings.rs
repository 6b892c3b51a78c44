//! Settings of a program: flags, or variables of the same names.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use crate::auth::Proxies;
use crate::error::Code;
use crate::rpc::WireError;

/// What the program is told from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `STAYPUT_LISTEN`, `--listen`: address and port, `127.0.0.1:8787`.
    pub listen: SocketAddr,
    /// `STAYPUT_DATA`, `--data`: the data folder, `.stayput`.
    pub data: PathBuf,
    /// `STAYPUT_THREADS`, `--threads`: shard threads, 1 to 64; one a core.
    pub threads: Option<usize>,
    /// `STAYPUT_ORIGINS`, `--origins`: further web origins that may call, separated by commas.
    pub origins: Vec<String>,
    /// `STAYPUT_HOSTS`, `--hosts`: hosts the server answers for, separated by commas.
    pub hosts: Vec<String>,
    /// `STAYPUT_TRUSTED_PROXIES`, `--trusted-proxies`: addresses and networks whose `Forwarded` or `X-Forwarded-For` is
    /// believed, separated by commas.
    pub trusted_proxies: Proxies,
    /// `STAYPUT_TLS_CERT`, `--tls-cert` and `STAYPUT_TLS_KEY`, `--tls-key`: the certificate and its key, which `https`
    /// and `wss` are served with.
    pub tls: Option<TlsFiles>,
    /// `STAYPUT_RESIDENTS`, `--residents`: objects kept in memory, 200,000.
    pub residents: usize,
    /// `STAYPUT_IDLE_MS`, `--idle-ms`: milliseconds until an object that nobody calls leaves memory, 30,000.
    pub idle_ms: u64,
    /// `STAYPUT_CONNECTIONS`, `--connections`: connections of the whole process, 10,000.
    pub connections: usize,
    /// `STAYPUT_PING_MS`, `--ping-ms`: milliseconds of silence after which a WebSocket is pinged, 25,000.
    pub ping_ms: u64,
    /// `STAYPUT_PONG_MS`, `--pong-ms`: milliseconds it may take to answer that, 8,000.
    pub pong_ms: u64,
}

/// Files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those it is signed by.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Every setting: its flag, and what goes wrong without a value.
const NAMES: [&str; 13] = [
    "listen",
    "data",
    "threads",
    "origins",
    "hosts",
    "trusted-proxies",
    "tls-cert",
    "tls-key",
    "residents",
    "idle-ms",
    "connections",
    "ping-ms",
    "pong-ms",
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            data: PathBuf::from(".stayput"),
            threads: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            trusted_proxies: Proxies::default(),
            tls: None,
            residents: 200_000,
            idle_ms: 30_000,
            connections: 10_000,
            ping_ms: 25_000,
            pong_ms: 8_000,
        }
    }
}

impl Settings {
    /// Reads flags (`--data DIR`, `--data=DIR`) and, where one is not given, the variable of the same name.
    ///
    /// # Errors
    ///
    /// `config.invalid`, naming the flag or variable and what it takes.
    pub fn read(
        flags: impl IntoIterator<Item = String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, WireError> {
        let given = parse_flags(flags)?;
        let value = |name: &str| -> Option<(String, String)> {
            if let Some(value) = given.get(name) {
                return Some((format!("--{name}"), value.clone()));
            }
            let key = format!("STAYPUT_{}", name.replace('-', "_").to_ascii_uppercase());
            variable(&key)
                .filter(|value| !value.is_empty())
                .map(|value| (key, value))
        };
        let mut settings = Self::default();
        if let Some((key, text)) = value("listen") {
            settings.listen = parse_listen(&text).ok_or_else(|| {
                invalid(&key, &text, "an address and a port, such as 127.0.0.1:8787")
            })?;
        }
        if let Some((_, text)) = value("data") {
            settings.data = PathBuf::from(text);
        }
        if let Some((key, text)) = value("threads") {
            let threads = text
                .parse()
                .ok()
                .filter(|threads| (1..=64).contains(threads));
            settings.threads =
                Some(threads.ok_or_else(|| invalid(&key, &text, "a number from 1 to 64"))?);
        }
        if let Some((key, text)) = value("residents") {
            let residents = text.parse().ok().filter(|residents| *residents >= 16);
            settings.residents =
                residents.ok_or_else(|| invalid(&key, &text, "a number from 16 on"))?;
        }
        if let Some((key, text)) = value("connections") {
            let connections = text.parse().ok().filter(|connections| *connections >= 16);
            settings.connections =
                connections.ok_or_else(|| invalid(&key, &text, "a number from 16 on"))?;
        }
        let millis = |name: &str, least: u64, default: u64| match value(name) {
            None => Ok(default),
            Some((key, text)) => {
                let millis = text.parse().ok().filter(|millis| *millis >= least);
                millis.ok_or_else(|| invalid(&key, &text, "a number of milliseconds"))
            }
        };
        settings.idle_ms = millis("idle-ms", 0, settings.idle_ms)?;
        settings.ping_ms = millis("ping-ms", 1, settings.ping_ms)?;
        settings.pong_ms = millis("pong-ms", 1, settings.pong_ms)?;
        let list = |text: String| -> Vec<String> {
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(str::to_owned)
                .collect()
        };
        settings.origins = value("origins")
            .map(|(_, text)| list(text))
            .unwrap_or_default();
        settings.hosts = value("hosts")
            .map(|(_, text)| list(text))
            .unwrap_or_default();
        if let Some((key, text)) = value("trusted-proxies") {
            settings.trusted_proxies = text.parse().map_err(|error| {
                WireError::framework(Code::ConfigInvalid, format!("`{key}`: {error}"))
            })?;
        }
        settings.tls = match (value("tls-cert"), value("tls-key")) {
            (None, None) => None,
            (Some((_, cert)), Some((_, key))) => Some(TlsFiles {
                cert: cert.into(),
                key: key.into(),
            }),
            (Some((key, _)), None) | (None, Some((key, _))) => {
                let message = format!("`{key}` needs the other of --tls-cert and --tls-key");
                return Err(WireError::framework(Code::ConfigInvalid, message));
            }
        };
        if settings.tls.is_some() && cfg!(not(feature = "tls")) {
            let message = "--tls-cert takes a program whose `stayput` has the feature `tls`";
            return Err(WireError::framework(Code::ConfigInvalid, message));
        }
        Ok(settings)
    }

    /// Refuses to serve strangers while nobody is asked who they are.
    pub(super) fn check_open(&self) -> Result<(), WireError> {
        if is_loopback(self.listen.ip()) {
            return Ok(());
        }
        let message = format!(
            "{} is reachable from other machines and the app has no authenticator: every action that is not public \
             would be refused. Listen on 127.0.0.1, behind a proxy of yours if need be",
            self.listen
        );
        Err(WireError::framework(Code::ConfigOpenListener, message))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listen {}, data {}", self.listen, self.data.display())
    }
}

pub(super) fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn parse_flags(
    flags: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, String>, WireError> {
    let mut given = HashMap::new();
    let mut flags = flags.into_iter();
    while let Some(flag) = flags.next() {
        let known = || format!("`{flag}` is not known; flags are --{}", NAMES.join(", --"));
        let name = flag
            .strip_prefix("--")
            .ok_or_else(|| WireError::framework(Code::ConfigInvalid, known()))?;
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        if !NAMES.contains(&name) {
            return Err(WireError::framework(Code::ConfigInvalid, known()));
        }
        let Some(value) = value.or_else(|| flags.next()) else {
            return Err(WireError::framework(
                Code::ConfigInvalid,
                format!("`--{name}` needs a value"),
            ));
        };
        given.insert(name.to_owned(), value);
    }
    Ok(given)
}

fn parse_listen(text: &str) -> Option<SocketAddr> {
    // `localhost:8787` is worth a look-up; a bare port is not an address.
    text.parse()
        .ok()
        .or_else(|| text.to_socket_addrs().ok()?.next())
}

fn invalid(key: &str, text: &str, wanted: &str) -> WireError {
    WireError::framework(
        Code::ConfigInvalid,
        format!("`{key}` is `{text}`, but takes {wanted}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(flags.iter().map(|&flag| flag.to_owned()), |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.message.into_owned())
    }

    #[test]
    fn flags_win_over_variables() {
        let settings = read(
            &["--listen", "127.0.0.1:1", "--threads=3"],
            &[
                ("STAYPUT_LISTEN", "127.0.0.1:2"),
                ("STAYPUT_DATA", "d"),
                ("STAYPUT_ORIGINS", "https://a, https://b"),
            ],
        );
        assert_eq!(
            settings,
            Ok(Settings {
                listen: SocketAddr::from(([127, 0, 0, 1], 1)),
                data: "d".into(),
                threads: Some(3),
                origins: vec!["https://a".into(), "https://b".into()],
                ..Settings::default()
            })
        );
    }

    #[test]
    fn a_bad_setting_is_named_with_what_it_takes() {
        for (flags, says) in [
            (
                &["--listen", "nowhere"][..],
                "`--listen` is `nowhere`, but takes an address and a port",
            ),
            (
                &["--threads", "0"][..],
                "`--threads` is `0`, but takes a number from 1 to 64",
            ),
            (
                &["--colour", "red"][..],
                "`--colour` is not known; flags are --listen",
            ),
            (&["serve"][..], "`serve` is not known"),
            (&["--data"][..], "`--data` needs a value"),
        ] {
            let error = read(flags, &[]).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
