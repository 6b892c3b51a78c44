//! `stayput call`: one action of a running app, from the shell.

mod faults;
mod params;
mod target;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::args::CallArgs;
use crate::document::{self, Manifest};
use crate::error::Error;
use crate::http::{self, Answer};
use crate::{load, term};

pub(crate) use target::{default_url, url_of};

/// How long the manifest may take, which is only asked for to explain an error.
const EXPLAIN: Duration = Duration::from_secs(2);

/// The members of an object, exactly as they were written.
type Members = BTreeMap<String, Box<RawValue>>;

/// Calls and prints the result.
pub(crate) fn run(args: &CallArgs) -> Result<(), Error> {
    let base = args
        .url
        .clone()
        .map_or_else(default_url, |url| url.trim_end_matches('/').to_owned());
    let headers = headers(&args.header)?;
    let object = format!("{base}{}", target::path(&args.target)?);
    let params = params::read(&args.params)?;
    let timeout = Duration::from_secs(args.timeout);
    let (url, body) = if args.rest {
        let body = params.unwrap_or_else(|| "{}".into());
        (format!("{object}/{}", target::encode(&args.action)), body)
    } else {
        let method = serde_json::Value::from(args.action.as_str());
        let params = params
            .map(|params| format!(",\"params\":{params}"))
            .unwrap_or_default();
        (
            object,
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{method}{params}}}"),
        )
    };
    let answer = http::post(&url, &headers, &body, timeout)?;
    let outcome = if args.rest {
        read_rest(&url, &answer)
    } else {
        read_rpc(&url, &answer)
    };
    match outcome {
        Ok(result) => {
            term::result(&result);
            Ok(())
        }
        Err(Error::Action {
            code,
            message,
            notes,
            ..
        }) => {
            let help = explain(&code, &base, args, &headers);
            Err(Error::Action {
                code,
                message,
                notes,
                help,
            })
        }
        Err(error) => Err(error),
    }
}

fn headers(given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let parse = |header: &String| match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(Error::Argument {
            what: header.clone(),
            message: "is no header".into(),
            help: "write it as `--header 'name: value'`".into(),
        }),
    };
    given.iter().map(parse).collect()
}

fn read_rpc(url: &str, answer: &Answer) -> Result<String, Error> {
    let bad = |message: &str| bad_answer(url, answer, message);
    let members: Members =
        serde_json::from_str(&answer.body).map_err(|_| bad("the body is no JSON object"))?;
    if let Some(error) = members.get("error") {
        return Err(failure(error).ok_or_else(|| bad("the error has no code"))?);
    }
    match members.get("result") {
        Some(result) if (200..300).contains(&answer.status) => Ok(result.get().to_owned()),
        _ => Err(bad("there is no result in it")),
    }
}

fn read_rest(url: &str, answer: &Answer) -> Result<String, Error> {
    let bad = |message: &str| bad_answer(url, answer, message);
    if !(200..300).contains(&answer.status) {
        let members: Members =
            serde_json::from_str(&answer.body).map_err(|_| bad("the body is no JSON object"))?;
        let error = members
            .get("error")
            .ok_or_else(|| bad("there is no error in it"))?;
        return Err(failure(error).ok_or_else(|| bad("the error has no code"))?);
    }
    if answer.body.is_empty() {
        return Ok("null".into());
    }
    let result: &RawValue =
        serde_json::from_str(&answer.body).map_err(|_| bad("the body is no JSON"))?;
    Ok(result.get().to_owned())
}

fn bad_answer(url: &str, answer: &Answer, message: &str) -> Error {
    Error::BadAnswer {
        url: url.to_owned(),
        status: answer.status,
        message: message.to_owned(),
    }
}

/// Reads an error; `None` if it is not shaped as one.
fn failure(error: &RawValue) -> Option<Error> {
    let members: Members = serde_json::from_str(error.get()).ok()?;
    let text = |members: &Members, name: &str| -> Option<String> {
        serde_json::from_str(members.get(name)?.get()).ok()
    };
    let data: Members = members
        .get("data")
        .and_then(|data| serde_json::from_str(data.get()).ok())
        .unwrap_or_default();
    let number: Option<i64> = members
        .get("code")
        .and_then(|code| serde_json::from_str(code.get()).ok());
    let protocol = match number {
        Some(-32700) => Some("parse_error"),
        Some(-32600) => Some("invalid_request"),
        Some(-32601) => Some("method_not_found"),
        Some(-32602) => Some("invalid_params"),
        Some(-32603) => Some("internal"),
        _ => None,
    };
    let code = text(&data, "code")
        .or_else(|| text(&members, "code"))
        .or_else(|| protocol.map(str::to_owned))?;
    let mut notes = String::new();
    let is = |name: &str| data.get(name).is_some_and(|flag| flag.get() == "true");
    if let Some(details) = data
        .get("details")
        .filter(|details| details.get() != "null")
    {
        match faults::lines(details) {
            Some(lines) => notes.push_str(&lines),
            None => drop(write!(notes, "\ndetails: {}", details.get())),
        }
    }
    if is("retryable") {
        notes.push_str("\nnote: the same call may succeed later");
    }
    if is("maybe_executed") {
        notes.push_str("\nnote: the action may have taken effect all the same");
    }
    if let Some(id) = text(&data, "request_id") {
        let _ = write!(notes, "\nrequest id: {id}");
    }
    Some(Error::Action {
        message: text(&members, "message").unwrap_or_default(),
        code,
        notes,
        help: None,
    })
}

/// What to do about an error of the framework; those of the action speak for themselves.
fn explain(
    code: &str,
    base: &str,
    args: &CallArgs,
    headers: &[(String, String)],
) -> Option<String> {
    let text = match code {
        "unauthenticated" => "say who you are, e.g. --header 'authorization: Bearer TOKEN'",
        "forbidden" => "ask for the scope that the action needs",
        "bad_host" => "use the address the server printed, or list the host in STAYPUT_HOSTS",
        "rate_limited" | "overloaded" | "object_reset" | "isolate_reset" | "timeout"
        | "draining" | "deadlock" | "storage" => "try again in a moment",
        "internal" => "look for the request id in the app's log",
        "invalid_params" | "method_not_found" | "not_found" => {
            let answer = http::get(&load::manifest_url(base), headers, EXPLAIN).ok()?;
            let manifest = document::read(&answer.body, base).ok()?;
            return usage(&manifest, &args.target, &args.action);
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// How the action is called, or what there is instead.
fn usage(manifest: &Manifest, target: &str, action: &str) -> Option<String> {
    let list = |names: Vec<&String>| {
        names
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let path = target.split_once('/')?.0;
    let Some(class) = manifest.classes.get(path) else {
        return Some(format!(
            "the classes are: {}",
            list(manifest.classes.keys().collect())
        ));
    };
    let Some(action) = class.exported().find(|(wire, _)| *wire == action) else {
        return Some(format!(
            "the actions of `{path}` are: {}",
            list(class.exported().map(|(wire, _)| wire).collect())
        ));
    };
    let (wire, action) = action;
    let params = action.params.iter().map(|param| {
        let mark = if param.required { "" } else { "?" };
        let ty = param.schema.get("type").map(|ty| match ty {
            serde_json::Value::Array(types) => types
                .iter()
                .filter_map(serde_json::Value::as_str)
                .collect::<Vec<_>>()
                .join(" or "),
            ty => ty.as_str().unwrap_or("value").to_owned(),
        });
        format!(
            "{}{mark}: {}",
            param.name,
            ty.unwrap_or_else(|| "value".into())
        )
    });
    Some(format!(
        "the action is {wire}({})",
        params.collect::<Vec<_>>().join(", ")
    ))
}
