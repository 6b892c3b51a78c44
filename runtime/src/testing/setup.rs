//! What a test may set before it runs.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::folder::Folder;
use super::harness::{Harness, Inner};
use crate::app::App;
use crate::backend::native::Turnstile;
use crate::http::Limits;
use crate::object::Timestamp;
use crate::outgoing::{Answer, Script, Sent};

/// 2026-01-01 00:00 UTC: when tests begin.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// A test and its settings.
///
/// ```
/// # use stayput::prelude::*;
/// # #[durable_object] struct Mailer {}
/// # #[durable_object] impl Mailer {
/// #     #[action] fn region(&self, cx: &Context<Self>) -> Option<String> { cx.env("REGION") }
/// # }
/// # stayput::app!(Mailer);
/// # fn main() {
/// stayput::testing::Test::new(app()).env("REGION", "eu").threads(4).run(async |t| {
///     let mailer = Mailer::named(t, "main");
///     assert_eq!(mailer.region().await.unwrap().as_deref(), Some("eu"));
/// });
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Test {
    pub(super) app: App,
    pub(super) threads: usize,
    pub(super) seed: u64,
    pub(super) start: Timestamp,
    pub(super) residents: usize,
    pub(super) idle: Duration,
    pub(super) limits: Limits,
    pub(super) variables: HashMap<String, String>,
    pub(super) data: Option<PathBuf>,
    pub(super) script: Shown,
    pub(super) turnstile: Option<Arc<Turnstile>>,
}

/// What answers requests, for people.
#[derive(Clone)]
pub(super) struct Shown(pub(super) Script);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script(..)")
    }
}

impl Test {
    /// One shard thread, seed 0, no variables, beginning at 2026-01-01 00:00 UTC; objects leave memory only by
    /// [`Harness::evict`].
    pub fn new(app: App) -> Self {
        Self {
            app,
            threads: 1,
            seed: 0,
            start: START,
            residents: 200_000,
            idle: Duration::MAX,
            limits: Limits::default(),
            variables: HashMap::new(),
            data: None,
            script: Shown(Arc::new(|_| Answer::unscripted())),
            turnstile: None,
        }
    }

    /// So many shard threads. With one, a test runs the same way every time.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// What all randomness is made from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// When the test begins.
    #[must_use]
    pub fn start(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// At most so many objects in memory, at least 16 a thread.
    #[must_use]
    pub fn residents(self, residents: usize) -> Self {
        Self { residents, ..self }
    }

    /// Drops objects from memory that were not called for so long.
    #[must_use]
    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// How long calls may take, and how large they may be.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A variable that `cx.env()` shows. Those of the test's own process are not shown.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// An existing data folder, which is kept. Without: a new one, removed when the test ends.
    #[must_use]
    pub fn data(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            data: Some(folder.into()),
            ..self
        }
    }

    /// Answers the requests that processes send by `cx.http()`: tests reach no network, and without a script a request
    /// fails with `http.invalid_request`. Addresses are checked, tries counted and answers sent on as they are elsewhere.
    ///
    #[cfg_attr(feature = "client", doc = "```")]
    #[cfg_attr(not(feature = "client"), doc = "```ignore")]
    /// use stayput::testing::{Answer, Test};
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Ticker {}
    /// # #[durable_object] impl Ticker {
    /// #     #[action] async fn price(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<u64, HttpError> {
    /// #         let _ = this;
    /// #         cx.http().get("https://quotes.example/price").retry(Retry::default()).send().await?.json()
    /// #     }
    /// # }
    /// # stayput::app!(Ticker);
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// # fn main() {
    /// let is_down = AtomicBool::new(true);
    /// let quotes = move |request: &stayput::testing::Sent| {
    ///     assert_eq!(request.url(), "https://quotes.example/price");
    ///     if is_down.swap(false, Ordering::Relaxed) { Answer::status(503) } else { Answer::json(&7) }
    /// };
    /// Test::new(app()).http(quotes).run(async |t| {
    ///     let price = t.spawn(Ticker::named(t, "gold").price());
    ///     t.advance(seconds(1)).await;                      // it waits before it tries again
    ///     assert_eq!(price.await.unwrap(), 7);
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn http(self, script: impl Fn(&Sent) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            script: Shown(Arc::new(script)),
            ..self
        }
    }

    /// Runs the test on this thread, which must not be inside an asynchronous runtime.
    ///
    /// # Panics
    ///
    /// When the data folder cannot be made or opened, or a class cannot be served under its name.
    #[expect(
        clippy::expect_used,
        reason = "a test without a runtime or a folder cannot go on"
    )]
    pub fn run<T>(mut self, test: impl AsyncFnOnce(&Harness) -> T) -> T {
        let folder = match self.data.take() {
            Some(path) => Folder::kept(path),
            None => Folder::new().expect("a temporary folder can be made"),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async {
            let harness = Harness::new(Inner::start(self, folder));
            test(&harness).await
        })
    }
}
