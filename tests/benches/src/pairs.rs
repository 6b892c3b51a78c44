//! What is compared with what, and the goal.

use std::path::{Path, PathBuf};

use crate::peers::ROLE;

/// One comparison.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    /// At least so many times the peer's rate.
    pub(crate) goal: f64,
    pub(crate) ours: Side,
    pub(crate) peer: Side,
}

/// A server and what to ask of it.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Vec<(&'static str, &'static str)>,
    /// Bodies and paths, asked in turn.
    pub(crate) asks: Vec<Ask>,
}

/// One request of the load.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) path: String,
    pub(crate) body: String,
}

const INCREMENT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"increment","params":{"by":1}}"#;
/// Reads what `INCREMENT` wrote.
pub(crate) const VALUE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"value"}"#;
const ADD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}"#;

/// All the pairs; `program` is this one.
pub(crate) fn all(program: &Path) -> Result<Vec<Pair>, String> {
    let counter = |asks| Side {
        name: "stayput",
        program: program.to_path_buf(),
        arguments: Vec::new(),
        variables: vec![(ROLE, "counter"), ("STAYPUT_THREADS", "1")],
        asks,
    };
    let workerd = |asks| {
        Ok::<_, String>(Side {
            name: "workerd",
            asks,
            ..workerd()?
        })
    };
    let one = || {
        vec![Ask {
            path: "/counter/home".to_owned(),
            body: INCREMENT.to_owned(),
        }]
    };
    let thousand = || {
        let ask = |number| Ask {
            path: format!("/counter/home-{number}"),
            body: INCREMENT.to_owned(),
        };
        (0..1_000).map(ask).collect::<Vec<_>>()
    };
    let value = vec![Ask {
        path: "/counter/home".to_owned(),
        body: VALUE.to_owned(),
    }];
    let add = vec![Ask {
        path: "/".to_owned(),
        body: ADD.to_owned(),
    }];
    Ok(vec![
        Pair {
            name: "query",
            what: "JSON-RPC query over HTTP, 64 connections, against jsonrpsee's `add`",
            goal: 0.8,
            ours: counter(value),
            peer: Side {
                variables: vec![(ROLE, "jsonrpsee")],
                name: "jsonrpsee",
                ..counter(add)
            },
        },
        Pair {
            name: "one-object",
            what: "durable increments of one object, 64 connections, against a Durable Object on workerd",
            goal: 8.0,
            ours: counter(one()),
            peer: workerd(one())?,
        },
        Pair {
            name: "thousand-objects",
            what: "durable increments over 1,000 warm objects, 64 connections, against workerd",
            goal: 10.0,
            ours: counter(thousand()),
            peer: workerd(thousand())?,
        },
    ])
}

/// The control: what the machine can do right now.
pub(crate) fn control(program: &Path) -> Side {
    Side {
        name: "hyper",
        program: program.to_path_buf(),
        arguments: Vec::new(),
        variables: vec![(ROLE, "control")],
        asks: vec![Ask {
            path: "/".to_owned(),
            body: ADD.to_owned(),
        }],
    }
}

fn workerd() -> Result<Side, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = here.join("../node/node_modules/@cloudflare");
    let platforms = ["workerd-linux-64", "workerd-linux-arm64"];
    let found = platforms
        .iter()
        .map(|platform| packages.join(platform).join("bin/workerd"))
        .find(|path| path.exists());
    let program = found.ok_or("workerd is missing: run `npm ci` in tests/node")?;
    let config = here
        .join("workerd/config.capnp")
        .to_string_lossy()
        .into_owned();
    let arguments = ["serve", config.as_str(), "-shttp={listen}", "-ddisk={data}"]
        .map(str::to_owned)
        .to_vec();
    Ok(Side {
        name: "workerd",
        program,
        arguments,
        variables: Vec::new(),
        asks: Vec::new(),
    })
}
