//! Ways into private parts for the fuzz targets in `tests/fuzz`, with what must hold of any input.

use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::IgnoredAny;

use super::class::{Action, EdgeAuth};
use super::params::{from_query, with_segments};
use super::path::{MAX_NAME, Named, Path, decode, object_name};
use super::route::Routes;
use super::ticket::ticket_of;
use crate::action::{InUrl, RouteInfo};
use crate::auth::read_credentials;
use crate::cbor::{from_json, to_json};
use crate::object::{Mode, check_name};
use crate::rpc::{MAX_JSON_DEPTH, deeper_than};

/// A request's path and query.
pub fn route(path: &str, query: &str) {
    let whole = match Path::split(path) {
        Path::Top(word) => format!("/{word}"),
        Path::Object { class, name } => format!("/{class}/{name}"),
        Path::Action {
            class,
            name,
            action,
        } => format!("/{class}/{name}/{action}"),
        Path::Deep { class, name, below } => format!("/{class}/{name}/{below}"),
        Path::Other => path.to_owned(),
    };
    assert_eq!(whole, path, "nothing of a path is lost");

    let below = Path::split(path).below().map_or("", |(.., below)| below);
    let Ok(params) = from_query(query) else {
        return;
    };
    assert!(params.is_empty() || is_object(&params));
    if let Some((route, values)) = routes().find(&Method::GET, below) {
        let segments: Vec<_> = below
            .split('/')
            .map(|text| decode(text).unwrap_or_default())
            .collect();
        for (_, value) in &values {
            assert!(segments.contains(value) && !matches!(&**value, "" | "." | ".."));
        }
        assert!(route.method == "GET");
        if let Ok(params) = with_segments(&values, &params) {
            assert!(!deeper_than(&params, MAX_JSON_DEPTH));
            assert!(is_object(&params) || values.is_empty() && params.is_empty());
        }
    }
}

/// A body in CBOR, or what is taken for JSON text.
pub fn cbor(bytes: &[u8]) {
    if let Ok(json) = to_json(bytes) {
        let is_json = json.is_empty() || serde_json::from_slice::<IgnoredAny>(&json).is_ok();
        assert!(is_json && !deeper_than(&json, MAX_JSON_DEPTH));
        let Some(written) = from_json(&json) else {
            return assert!(json.is_empty(), "JSON is written");
        };
        // Members may have changed places, but not again.
        let again = to_json(&written);
        assert_eq!(from_json(&again.unwrap_or_default()), Some(written));
    }
    if let Some(written) = from_json(bytes) {
        drop(to_json(&written));
    }
}

/// A segment that names an object.
pub fn name(segment: &str) {
    match object_name(segment) {
        Ok(Named::Name(name)) => {
            assert!(name.len() <= MAX_NAME);
            assert!(
                check_name(&name).is_ok(),
                "stubs and URLs name the same objects"
            );
            let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC).to_string();
            assert_eq!(object_name(&encoded).ok(), Some(Named::Name(name)));
        }
        Ok(Named::Id(id)) => {
            let text = format!("~{id}");
            assert_eq!(object_name(&text).ok(), Some(Named::Id(id)));
        }
        Err(error) => assert_eq!(error.status, 400),
    }
    // What a stub may name, a URL can say.
    if check_name(segment).is_ok() {
        let encoded = utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string();
        assert_eq!(
            object_name(&encoded).ok(),
            Some(Named::Name(segment.into()))
        );
    }
}

/// A query that may hold a ticket, and a header that may hold credentials.
pub fn ticket(query: &str, header: &[u8]) {
    if let Ok(Some(ticket)) = ticket_of(query) {
        let encoded = utf8_percent_encode(&ticket, NON_ALPHANUMERIC);
        assert_eq!(
            ticket_of(&format!("a&ticket={encoded}")).ok(),
            Some(Some(ticket))
        );
    }
    let Ok(value) = HeaderValue::from_bytes(header) else {
        return;
    };
    for name in ["authorization", "x-api-key", "sec-websocket-protocol"] {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.clone());
        if matches!(read_credentials(&headers), Ok(Some(_))) {
            headers.append(name, value.clone());
            assert!(read_credentials(&headers).is_err(), "two credentials");
        }
    }
}

fn is_object(json: &[u8]) -> bool {
    json.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(json).is_ok()
}

fn routes() -> Routes {
    let mut routes = Routes::default();
    for path in [
        "/users",
        "/users/{id}",
        "/users/me",
        "/users/{id}/posts/{post}",
        "/a/{b}/c",
    ] {
        let info = RouteInfo {
            method: "GET",
            path: path.to_owned(),
            status: 200,
            location: None,
            null_is_found: false,
            in_url: InUrl::ALL,
        };
        let action = Action {
            name: Arc::from(path),
            mode: Mode::Read,
            auth: EdgeAuth::Public,
            job: None,
            streams: None,
        };
        routes.add(&info, action);
    }
    routes
}
