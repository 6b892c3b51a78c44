//! Requests of processes to other servers, natively: each name is resolved here, and connected to is an address that
//! was looked at, no other.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::http::reason;
use super::tls::{Connector, Trust};
use crate::backend::LocalFuture;
use crate::outgoing::{Allow, Fault, Inbound, Sent, collect};

type Pool = Client<Connector<Resolver>, Full<bytes::Bytes>>;

/// Connections, and the setting under which their addresses were looked at.
type Checked = (Rc<Allow>, Pool);

thread_local! {
    /// This thread's connections, which stay open: plain ones and encrypted ones.
    static POOLS: RefCell<[Option<Checked>; 2]> = const { RefCell::new([None, None]) };
}

/// Sends a request over the network.
pub(crate) fn exchange(sent: Sent) -> LocalFuture<'static, Result<Inbound, Fault>> {
    Box::pin(async move {
        let is_encrypted = sent.url.is_encrypted;
        if is_encrypted && cfg!(not(feature = "client-tls")) {
            let what = "is encrypted: give the crate `stayput` the feature `client-tls`";
            return Err(Fault::Impossible(what));
        }
        let uri: Uri = sent
            .url
            .text()
            .parse()
            .map_err(|_| Fault::Impossible("has an URL that is too long"))?;
        let pool = pool(is_encrypted, &sent.allow).await?;
        let is_head = sent.method == Method::HEAD;
        let mut request = Request::new(Full::new(sent.body));
        *request.method_mut() = sent.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = sent.headers;
        let answer = pool.request(request).await.map_err(|fault| lost(&fault))?;
        let (head, body) = answer.into_parts();
        let coding = head.headers.get(CONTENT_ENCODING);
        if let Some(coding) = coding.filter(|coding| *coding != "identity") {
            let coding = String::from_utf8_lossy(coding.as_bytes()).into_owned();
            return Err(Fault::Coding(coding));
        }
        // Said beforehand, it need not come at all.
        let said = head.headers.get(CONTENT_LENGTH);
        let said = said.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if !is_head && said.is_some_and(|length| length > sent.limit as u64) {
            return Err(Fault::TooLarge);
        }
        let body = Limited::new(body, sent.limit).collect().await;
        let body = body.map_err(|fault| match fault.downcast_ref::<LengthLimitError>() {
            Some(_) => Fault::TooLarge,
            None => Fault::Connect(reason(&*fault)),
        })?;
        let lines = head.headers.iter();
        Ok(Inbound {
            status: head.status,
            headers: collect(lines.map(|(name, value)| (name.clone(), value.as_bytes().to_vec()))),
            body: body.to_bytes(),
        })
    })
}

async fn pool(is_encrypted: bool, allow: &Rc<Allow>) -> Result<Pool, Fault> {
    let at = usize::from(is_encrypted);
    let known = POOLS.with_borrow(|pools| pools[at].clone());
    if let Some((_, pool)) = known.filter(|(checked, _)| checked == allow) {
        return Ok(pool);
    }
    // The certificates lie in files: others on this thread go on meanwhile.
    let trust = tokio::task::spawn_blocking(move || Trust::load(is_encrypted)).await;
    let trust = match trust {
        Ok(Ok(trust)) => trust,
        Ok(Err(fault)) => return Err(Fault::Connect(fault.to_string())),
        Err(fault) => return Err(Fault::Connect(fault.to_string())),
    };
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new(allow));
    tcp.set_nodelay(true);
    let pool: Pool = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(trust.connector(tcp));
    POOLS.with_borrow_mut(|pools| pools[at] = Some((allow.clone(), pool.clone())));
    Ok(pool)
}

/// What became of a request that has no answer.
fn lost(fault: &hyper_util::client::legacy::Error) -> Fault {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(fault);
    while let Some(fault) = cause {
        if fault.is::<Refused>() {
            return Fault::Refused;
        }
        cause = fault.source();
    }
    Fault::Connect(reason(fault))
}

/// Finds the addresses of names, and keeps those that may be asked. Addresses in URLs pass it by: they were looked at
/// before.
#[derive(Clone)]
struct Resolver {
    allow: std::sync::Arc<Allow>,
}

/// None of a name's addresses may be asked.
#[derive(Debug)]
struct Refused;

impl Resolver {
    fn new(allow: &Allow) -> Self {
        Self {
            allow: std::sync::Arc::new(allow.clone()),
        }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allow = self.allow.clone();
        Box::pin(async move {
            let is_named = allow.names(name.as_str());
            // The port is set by whoever connects.
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let kept: Vec<_> = found
                .iter()
                .copied()
                .filter(|address| is_named || allow.allows(address.ip()))
                .collect();
            if kept.is_empty() && !found.is_empty() {
                return Err(Refused.into());
            }
            Ok(kept.into_iter())
        })
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("all addresses of the host are within the network")
    }
}

impl std::error::Error for Refused {}
