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
    /// How it is asked.
    pub(crate) shape: Shape,
    /// Bodies and paths, asked in turn.
    pub(crate) asks: Vec<Ask>,
}

/// How a server is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Over HTTP, one request in flight on a connection.
    Http,
    /// Over a WebSocket each, so many in flight on each.
    Sockets { in_flight: usize },
    /// By one, while so many listen over a WebSocket, each of which says `hello` first.
    FanOut {
        listeners: usize,
        hello: Option<&'static str>,
    },
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
const SAY: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"say","params":{"text":"hello, all of you out there"}}"#;
const SUBSCRIBE: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"rpc.subscribe","params":{"events":["said"]}}"#;
const ADD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]}"#;

/// All the pairs; `program` is this one.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn all(program: &Path) -> Result<Vec<Pair>, String> {
    let counter = |asks| Side {
        name: "stayput",
        program: program.to_path_buf(),
        arguments: Vec::new(),
        variables: vec![(ROLE, "counter"), ("STAYPUT_THREADS", "1")],
        shape: Shape::Http,
        asks,
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let on_workerd = |name, config: PathBuf, asks| {
        Ok::<_, String>(Side {
            name,
            asks,
            ..workerd(&config)?
        })
    };
    let workerd = |asks| on_workerd("workerd", here.join("workerd/config.capnp"), asks);
    // Built by `bench-workers`.
    let built = here.join("../../target/bench-workers");
    let ours = |asks| {
        on_workerd(
            "stayput on workerd",
            built.join("stayput/config.capnp"),
            asks,
        )
    };
    let by_hand = |asks| on_workerd("worker crate", built.join("rust-worker/config.capnp"), asks);
    let over = |shape, side| Side { shape, ..side };
    let sockets = Shape::Sockets { in_flight: 16 };
    let fan_out = |hello| Shape::FanOut {
        listeners: 1_000,
        hello,
    };
    let one = || {
        vec![Ask {
            path: "/counter/home".to_owned(),
            body: INCREMENT.to_owned(),
        }]
    };
    let say = || {
        vec![Ask {
            path: "/chat-room/lobby".to_owned(),
            body: SAY.to_owned(),
        }]
    };
    let thousand = || {
        let ask = |number| Ask {
            path: format!("/counter/home-{number}"),
            body: INCREMENT.to_owned(),
        };
        (0..1_000).map(ask).collect::<Vec<_>>()
    };
    let jsonrpsee = |asks| Side {
        variables: vec![(ROLE, "jsonrpsee")],
        name: "jsonrpsee",
        ..counter(asks)
    };
    let value = || {
        vec![Ask {
            path: "/counter/home".to_owned(),
            body: VALUE.to_owned(),
        }]
    };
    let add = vec![Ask {
        path: "/".to_owned(),
        body: ADD.to_owned(),
    }];
    Ok(vec![
        Pair {
            name: "query",
            what: "JSON-RPC query over HTTP, 64 connections, against jsonrpsee's `add`",
            goal: 0.8,
            ours: counter(value()),
            peer: jsonrpsee(add.clone()),
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
        Pair {
            name: "socket-query",
            what: "JSON-RPC query over 64 WebSockets with 16 in flight each, against jsonrpsee's `add`",
            goal: 1.0,
            ours: over(sockets, counter(value())),
            peer: over(sockets, jsonrpsee(add)),
        },
        Pair {
            name: "socket-durable",
            what: "durable increments over 64 WebSockets with 16 in flight each, against hibernating ones on workerd",
            goal: 10.0,
            ours: over(sockets, counter(one())),
            peer: over(sockets, workerd(one())?),
        },
        Pair {
            name: "workers-query",
            what: "JSON-RPC query on workerd, 64 connections, against a Durable Object in JavaScript there",
            goal: 0.7,
            ours: ours(value())?,
            peer: workerd(value())?,
        },
        Pair {
            name: "workers-durable",
            what: "durable increments of one object on workerd, against a Durable Object in JavaScript there",
            goal: 0.7,
            ours: ours(one())?,
            peer: workerd(one())?,
        },
        Pair {
            name: "workers-query-rust",
            what: "JSON-RPC query on workerd, against a counter on the `worker` crate there",
            goal: 0.9,
            ours: ours(value())?,
            peer: by_hand(value())?,
        },
        Pair {
            name: "workers-rust",
            what: "durable increments of one object on workerd, against a counter on the `worker` crate there",
            goal: 0.9,
            ours: ours(one())?,
            peer: by_hand(one())?,
        },
        Pair {
            name: "fan-out",
            what: "durable messages of a chat room to 1,000 listeners, deliveries, against hibernating WebSockets on workerd",
            goal: 5.0,
            ours: Side {
                variables: vec![(ROLE, "chat-room"), ("STAYPUT_THREADS", "1")],
                ..over(fan_out(Some(SUBSCRIBE)), counter(say()))
            },
            peer: over(fan_out(None), workerd(say())?),
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
        shape: Shape::Http,
        asks: vec![Ask {
            path: "/".to_owned(),
            body: ADD.to_owned(),
        }],
    }
}

fn workerd(config: &Path) -> Result<Side, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packages = here.join("../node/node_modules/@cloudflare");
    let platforms = ["workerd-linux-64", "workerd-linux-arm64"];
    let found = platforms
        .iter()
        .map(|platform| packages.join(platform).join("bin/workerd"))
        .find(|path| path.exists());
    let program = found.ok_or("workerd is missing: run `npm ci` in tests/node")?;
    let config = config.to_string_lossy().into_owned();
    let arguments = ["serve", config.as_str(), "-shttp={listen}", "-ddisk={data}"]
        .map(str::to_owned)
        .to_vec();
    Ok(Side {
        name: "workerd",
        program,
        arguments,
        variables: Vec::new(),
        shape: Shape::Http,
        asks: Vec::new(),
    })
}
