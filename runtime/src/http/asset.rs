//! Files that are part of the program: the page of an app, its script and style.

use std::collections::HashMap;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue};
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use super::Response;
use super::class::RESERVED;
use super::etag::{etag, is_known};
use super::response::empty;
use crate::error::Code;
use crate::rpc::WireError;

/// A file, and the path it is served at.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its whole path: `/`, `/app.js`.
    pub path: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

/// The files of an app.
#[derive(Debug, Default)]
pub(super) struct Assets {
    by_path: HashMap<&'static str, Served>,
}

#[derive(Debug)]
struct Served {
    bytes: Bytes,
    media: &'static str,
    etag: HeaderValue,
}

impl Assets {
    /// Refuses paths that mean something else already.
    pub(super) fn new<'a>(
        assets: &[Asset],
        is_class: impl Fn(&str) -> bool + 'a,
    ) -> Result<Self, WireError> {
        let mut by_path = HashMap::new();
        for Asset { path, bytes } in assets {
            let invalid = |why: &str| {
                let message = format!("the asset `{path}` cannot be served: {why}");
                Err(WireError::framework(Code::ConfigInvalid, message))
            };
            let Some(rest) = path.strip_prefix('/') else {
                return invalid("its path begins with `/`");
            };
            if !rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte))
            {
                return invalid("its path has letters, digits, `-`, `.`, `_` and `/` only");
            }
            let first = rest.split('/').next().unwrap_or_default();
            if RESERVED.contains(&first) || is_class(first) {
                return invalid("the path belongs to the server or to a class");
            }
            let served = Served {
                bytes: Bytes::from_static(bytes),
                media: media_type(path),
                etag: etag(bytes),
            };
            if by_path.insert(*path, served).is_some() {
                return invalid("it is listed twice");
            }
        }
        Ok(Self { by_path })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The response to a request for this path; `None` if it is none of ours.
    pub(super) fn get(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let served = self.by_path.get(path)?;
        let known = is_known(headers, &served.etag);
        let mut response = if known {
            empty(StatusCode::NOT_MODIFIED)
        } else {
            Response::new(served.bytes.clone())
        };
        let answer = response.headers_mut();
        if !known {
            answer.insert(CONTENT_TYPE, HeaderValue::from_static(served.media));
        }
        answer.insert(ETAG, served.etag.clone());
        // Kept by browsers, and asked for anew each time: a new program has new files.
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Some(response)
    }
}

fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name
        .rsplit_once('.')
        .map_or("html", |(_, extension)| extension)
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
