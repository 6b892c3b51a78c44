//! Where the app is, and who we are there.

use std::borrow::Cow;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use super::error::ClientError;
use crate::error::Code;
use crate::http::Binary;
use crate::object::Target;
use crate::remote::path_of;
use crate::rpc::WireError;

#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) is_encrypted: bool,
    authority: Authority,
    /// What comes before `/{class}`, without a slash at its end.
    prefix: String,
    /// What connections say: a query, and the sign before it; or nothing.
    query: String,
    /// What proves who we are.
    pub(super) authorization: Option<HeaderValue>,
    /// The form that is spoken there, if it is not JSON.
    pub(super) form: Option<Binary>,
}

impl Address {
    pub(super) fn read(url: &str) -> Result<Self, ClientError> {
        let refuse = |reason| ClientError::Address {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| refuse("is no URL"))?;
        let encrypted = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(refuse("has no scheme that is known here")),
        };
        if encrypted && cfg!(not(feature = "client-tls")) {
            return Err(ClientError::NoTls {
                url: url.to_owned(),
            });
        }
        if uri.query().is_some() {
            return Err(refuse("has a query"));
        }
        let authority = uri.authority().ok_or_else(|| refuse("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse("carries a password; send a token by `bearer`"));
        }
        Ok(Self {
            is_encrypted: encrypted,
            authority: authority.clone(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            query: String::new(),
            authorization: None,
            form: None,
        })
    }

    pub(super) fn set_bearer(&mut self, token: &str) -> Result<(), ClientError> {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| ClientError::Token)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(())
    }

    /// What is left out, `None` and `null`, is not said.
    pub(super) fn set_query(&mut self, params: &impl Serialize) -> Result<(), ClientError> {
        let params = match serde_json::to_value(params) {
            Ok(Value::Object(params)) => params,
            Ok(_) => return Err(ClientError::Query("this is none".to_owned())),
            Err(error) => return Err(ClientError::Query(error.to_string())),
        };
        self.query.clear();
        for (name, value) in params.iter().filter(|(_, value)| !value.is_null()) {
            // Text stands as it is, everything else as JSON.
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            self.query
                .push(if self.query.is_empty() { '?' } else { '&' });
            let encoded = |text| Cow::<str>::from(utf8_percent_encode(text, NON_ALPHANUMERIC));
            self.query += &encoded(name);
            self.query.push('=');
            self.query += &encoded(&text);
        }
        Ok(())
    }

    /// Where an object is called.
    pub(super) fn of(&self, target: &Target) -> Result<Uri, Box<WireError>> {
        let scheme = if self.is_encrypted {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        self.uri(scheme, target, "")
    }

    /// Where a connection to it is opened.
    pub(super) fn socket_of(&self, target: &Target) -> Result<Uri, Box<WireError>> {
        let scheme = if self.is_encrypted { "wss" } else { "ws" };
        let scheme = Scheme::try_from(scheme).map_err(|_| no_uri())?;
        self.uri(scheme, target, &self.query)
    }

    fn uri(&self, scheme: Scheme, target: &Target, query: &str) -> Result<Uri, Box<WireError>> {
        let path = format!("{}{}{query}", self.prefix, path_of(target));
        let path = PathAndQuery::try_from(path).map_err(|_| no_uri())?;
        Uri::builder()
            .scheme(scheme)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|_| no_uri())
    }

    /// For people; without what proves who we are.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.is_encrypted { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.prefix)
    }
}

fn no_uri() -> Box<WireError> {
    let message = "the object's address is too long for a URL";
    Box::new(WireError::framework(Code::InvalidName, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::IdKey;

    fn target(name: Option<&str>) -> Target {
        Target {
            class: "room".into(),
            id: IdKey::new("test").named("x"),
            name: name.map(Into::into),
        }
    }

    #[test]
    fn names_are_percent_encoded_and_ids_marked() {
        let address = Address::read("http://127.0.0.1:8787/below/").unwrap();
        let of = |name| address.of(&target(name)).unwrap().to_string();
        assert_eq!(
            of(Some("a/b ü?")),
            "http://127.0.0.1:8787/below/room/a%2Fb%20%C3%BC%3F"
        );
        let id = target(None).id.to_string();
        assert_eq!(of(None), format!("http://127.0.0.1:8787/below/room/~{id}"));
        let socket = address.socket_of(&target(Some("x"))).unwrap().to_string();
        assert_eq!(socket, "ws://127.0.0.1:8787/below/room/x");
    }

    #[test]
    fn what_a_connection_says_is_in_its_url_alone() {
        let mut address = Address::read("http://host").unwrap();
        let said = serde_json::json!({
            "name": "a&b é", "none": null, "at": u64::MAX, "tags": ["x"], "is": true,
        });
        address.set_query(&said).unwrap();
        let target = target(Some("x"));
        assert_eq!(
            address.socket_of(&target).unwrap().to_string(),
            "ws://host/room/x?at=18446744073709551615&is=true&name=a%26b%20%C3%A9&tags=%5B%22x%22%5D"
        );
        assert_eq!(
            address.of(&target).unwrap().to_string(),
            "http://host/room/x"
        );
        assert!(address.set_query(&7).is_err());
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for (url, word) in [
            ("", "no URL"),
            ("127.0.0.1:8787", "scheme"),
            ("/rooms", "scheme"),
            ("ftp://host", "scheme"),
            ("http://host/?a=b", "query"),
            ("http://ann:secret@host", "bearer"),
        ] {
            let error = Address::read(url).map(drop).unwrap_err().to_string();
            assert!(error.contains(word), "{url}: {error}");
            assert!(error.contains("http://127.0.0.1:8787"), "{url}: {error}");
        }
        let mut address = Address::read("http://host").unwrap();
        assert_eq!(address.set_bearer("a\nb"), Err(ClientError::Token));
        address.set_bearer("secret").unwrap();
        assert!(!format!("{address:?}").contains("secret"));
    }
}
