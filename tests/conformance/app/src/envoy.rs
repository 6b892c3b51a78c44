//! Requests to other servers.

use std::time::Duration;

use stayput::outgoing::Request;
use stayput::prelude::*;

/// What to send, and how.
#[data]
pub struct Errand {
    /// Where to.
    pub url: String,
    /// `GET` without it.
    pub method: Option<String>,
    /// Added to the query.
    pub word: Option<String>,
    /// A header and its value.
    pub header: Option<(String, String)>,
    /// A text.
    pub body: Option<String>,
    /// How long it may take.
    pub timeout_ms: Option<u64>,
    /// How large the answer may be.
    pub max_response: Option<usize>,
    /// How often it is sent on.
    pub redirects: Option<u32>,
    /// How often it is tried.
    pub tries: Option<u32>,
}

/// What came back.
#[data]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The headers that the server of the test sends on purpose: those that begin with `x-`, and cookies.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub text: String,
}

/// Goes to others.
#[durable_object]
#[derive(Debug)]
pub struct Envoy {
    told: u32,
}

#[durable_object]
impl Envoy {
    /// Sends a request.
    #[action(public)]
    async fn fetch(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        errand: Errand,
    ) -> Result<Seen, HttpError> {
        drop(this);
        let answer = request(&cx, errand).send().await?;
        let shown = |name: &str| name.starts_with("x-") || name == "set-cookie";
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        Ok(Seen {
            status: answer.status().as_u16(),
            headers: headers.filter(|(name, _)| shown(name)).collect(),
            text: answer.text()?.to_owned(),
        })
    }

    /// The answer's JSON, a number, by the general error.
    #[action(public)]
    async fn number(this: Handle<Self>, cx: ProcessContext<Self>, errand: Errand) -> Result<u64> {
        drop(this);
        let answer = request(&cx, errand).send().await?;
        Ok(answer.error_for_status()?.json()?)
    }

    /// Counts, tells of it, and counts how often it was told.
    #[action(public)]
    async fn tell(this: Handle<Self>, cx: ProcessContext<Self>, url: String) -> Result<u32> {
        let count = this.atomic(|envoy, _| {
            envoy.told += 1;
            Ok::<_, stayput::Error>(envoy.told)
        });
        let told = cx.http().post(&url).json(&count.await?).send().await?;
        told.error_for_status()?;
        Ok(this.read(|envoy| envoy.told).await?)
    }
}

fn request(cx: &ProcessContext<Envoy>, errand: Errand) -> Request {
    let method = errand.method.and_then(|method| method.parse().ok());
    let mut request = cx.http().request(method.unwrap_or_default(), &errand.url);
    if let Some(word) = errand.word {
        request = request.query("word", word);
    }
    if let Some((name, value)) = errand.header {
        request = request.header(&name, value);
    }
    if let Some(body) = errand.body {
        request = request.text(body);
    }
    if let Some(millis) = errand.timeout_ms {
        request = request.timeout(Duration::from_millis(millis));
    }
    if let Some(bytes) = errand.max_response {
        request = request.max_response(bytes);
    }
    if let Some(times) = errand.redirects {
        request = request.redirects(times);
    }
    if let Some(tries) = errand.tries {
        request = request.retry(Retry::default().tries(tries));
    }
    request
}
