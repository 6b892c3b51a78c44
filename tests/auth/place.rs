//! The app, running somewhere.

use std::process::{Command, Stdio};

use support::process::{Launch, Server, scratch};
use support::workers::Built;
use tempfile::TempDir;

use crate::issuer::Issuer;
use crate::tokens::{AUDIENCE, Keys, SECRET, entry};

/// A backend that serves the app.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) server: Server,
    _data: TempDir,
}

/// A role and the key that somebody in it has.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) key: Option<&'static str>,
    pub(crate) scopes: &'static [&'static str],
}

/// Everybody who comes.
pub(crate) const ROLES: [Role; 4] = [
    Role {
        name: "nobody",
        key: None,
        scopes: &[],
    },
    Role {
        name: "reader",
        key: Some("key-of-the-reader-0001"),
        scopes: &["vault:read"],
    },
    Role {
        name: "writer",
        key: Some("key-of-the-writer-0002"),
        scopes: &["vault:read", "vault:write"],
    },
    Role {
        name: "admin",
        key: Some("key-of-the-admin-00003"),
        scopes: &["vault:read", "vault:write", "vault:admin"],
    },
];

/// Too short to be taken, though it is listed.
pub(crate) const SHORT_KEY: &str = "guess-me";

impl Place {
    /// Natively and on `workerd`, with the same settings.
    pub(crate) fn all(built: &Built, keys: &Keys, issuer: &Issuer) -> [Self; 2] {
        let variables = variables(keys, issuer);
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let data = scratch();
        let folder = data.path().join("data");
        let launch = Launch {
            variables: &variables,
            ..Launch::new(&built.program, &folder)
        };
        let native = Self {
            name: "native",
            server: launch.start().0,
            _data: data,
        };
        let data = scratch();
        let setup = built.worker.with(&variables);
        let worker = Self {
            name: "workerd",
            server: setup.start(&data.path().join("data")),
            _data: data,
        };
        [native, worker]
    }
}

fn variables(keys: &Keys, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let entries = ROLES.iter().filter_map(|role| {
        let key = role.key?;
        Some(entry(role.name, key, &role.scopes.join(" ")))
    });
    let mut entries: Vec<String> = entries.collect();
    entries.push(entry("short", SHORT_KEY, ""));
    vec![
        ("API_KEYS", entries.join(",\n")),
        ("AUDIENCE", AUDIENCE.to_owned()),
        ("JWKS", keys.set().to_string()),
        ("JWT_SECRET", SECRET.to_owned()),
        ("JWKS_URL", issuer.url()),
    ]
}

/// A program whose settings for authentication are not there, or make no sense, does not begin; one that has them may
/// listen anywhere.
pub(crate) fn refuses_to_start(built: &Built) {
    let issuer = Issuer::start();
    let good = variables(&Keys::new(), &issuer);
    for (variable, value, says) in [
        ("API_KEYS", "", "`API_KEYS` is missing"),
        ("API_KEYS", "ann=hunter2", "entry 1"),
        ("AUDIENCE", "", "`AUDIENCE` is missing"),
        ("JWKS", "{}", "Key Set"),
        ("JWKS", "{\"keys\":[]}", "no key"),
        ("JWT_SECRET", "short", "32 bytes"),
        ("JWKS_URL", "http://issuer.example/keys", "https"),
    ] {
        let folder = scratch();
        let output = Command::new(&built.program)
            .envs(good.iter().map(|(name, value)| (name, value)))
            .env(variable, value)
            .env("STAYPUT_DATA", folder.path().join("data"))
            .env("STAYPUT_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
        assert!(said.contains(says), "{variable}={value}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let data = scratch();
    let folder = data.path().join("data");
    let mut all: Vec<(&str, &str)> = good.iter().map(|(name, value)| (*name, &**value)).collect();
    all.push(("STAYPUT_LISTEN", "0.0.0.0:0"));
    let launch = Launch {
        variables: &all,
        ..Launch::new(&built.program, &folder)
    };
    let mut server = launch.spawn().unwrap();
    let ended = server.wait(std::time::Duration::from_secs(1)).unwrap();
    assert!(ended.is_none(), "{}", server.log());
}
