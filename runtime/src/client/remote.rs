//! Calls of objects to objects of other apps, natively: by the URL in a setting.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::ready;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::address::Address;
use super::error::ClientError;
use super::http::Http;
use super::tls::Trust;
use crate::backend::LocalFuture;
use crate::object::OutgoingCall;
use crate::remote::{Remote, RemoteCall, TIMEOUT_HEADER};
use crate::rpc::{Reply, WireError};

thread_local! {
    /// The apps that this thread has called, by their setting: connections stay open, on the thread that made them.
    static APPS: RefCell<HashMap<&'static str, App>> = RefCell::default();
}

#[derive(Clone)]
struct App {
    url: String,
    token: Option<String>,
    address: Address,
    http: Http,
}

/// Brings a call to an object of another app.
pub(crate) fn deliver(call: RemoteCall<'_>) -> LocalFuture<'static, Reply> {
    let app = match find(call.remote, call.variable) {
        Ok(app) => app,
        Err(error) => return Box::pin(ready(Err(error))),
    };
    let envelope = call.envelope;
    let mut more = HeaderMap::new();
    more.insert(
        HeaderName::from_static(TIMEOUT_HEADER),
        u64::try_from(call.patience.as_millis())
            .unwrap_or(u64::MAX)
            .into(),
    );
    if let Ok(id) = HeaderValue::try_from(&*envelope.request_id) {
        more.insert("x-request-id", id);
    }
    let call = OutgoingCall {
        target: envelope.target,
        near: None,
        action: envelope.action,
        params: envelope.params,
        mode: call.mode,
        remote: None,
        key: envelope.key,
        stream: None,
    };
    Box::pin(async move { app.http.call(&app.address, &call, more).await })
}

fn find(
    remote: &'static Remote,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<App, Box<WireError>> {
    let setting = remote.setting;
    let Some(url) = variable(setting).filter(|url| !url.is_empty()) else {
        let what = format!("set `{setting}` to its URL, such as http://127.0.0.1:8787");
        return Err(remote.unbound(&what));
    };
    let token = variable(&remote.token_setting());
    let known = APPS.with_borrow(|apps| apps.get(setting).cloned());
    if let Some(app) = known.filter(|app| app.url == url && app.token == token) {
        return Ok(app);
    }
    let app = open(url, token).map_err(|error| match error {
        ClientError::Token => remote.misled(&remote.token_setting(), &error.to_string()),
        error => remote.misled(setting, &format!("is of no use: {error}")),
    })?;
    APPS.with_borrow_mut(|apps| apps.insert(setting, app.clone()));
    Ok(app)
}

fn open(url: String, token: Option<String>) -> Result<App, ClientError> {
    let mut address = Address::read(&url)?;
    if let Some(token) = &token {
        address.set_bearer(token)?;
    }
    let http = Http::new(&Trust::load(address.is_encrypted)?);
    Ok(App {
        url,
        token,
        address,
        http,
    })
}
