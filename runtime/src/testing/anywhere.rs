//! Tests that run in the harness, or against an app that runs elsewhere.

use std::fmt;
use std::time::{Duration, Instant};

use super::harness::Harness;
use super::setup::Test;
use crate::object::{HasOrigin, Origin};

/// The variable that says where tests on [`Anywhere`] run: the URL of a running app.
const URL: &str = "STAYPUT_TEST_URL";
/// The token that they call with there.
#[cfg(feature = "client")]
const TOKEN: &str = "STAYPUT_TEST_TOKEN";

/// How long something may take to happen, by the real clock.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a running app is left alone between two looks.
#[cfg(feature = "client")]
const PAUSE: Duration = Duration::from_millis(50);

/// What `#[stayput::test]` gives to a test: the function's parameter decides.
#[diagnostic::on_unimplemented(
    message = "a test is given `&Harness` or `&Anywhere`, not `&{Self}`",
    label = "no place where a test runs",
    note = "write `async fn name(t: &Harness)`, or `t: &Anywhere` for one that can also run against a running app"
)]
pub trait Subject: Sized {
    #[doc(hidden)]
    fn run<T>(test: Test, body: impl AsyncFnOnce(&Self) -> T) -> T;
}

impl Subject for Harness {
    fn run<T>(test: Test, body: impl AsyncFnOnce(&Self) -> T) -> T {
        test.run(body)
    }
}

/// Where a test runs that needs no more than stubs and time: in the harness, or, where `STAYPUT_TEST_URL` is set, against the app
/// that answers there. That may be the native program, or `stayput dev --workers`, which is `workerd`.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::testing::Anywhere;
///
/// #[durable_object(defers)]
/// struct Egg { done: bool }
///
/// #[durable_object]
/// impl Egg {
///     #[action]
///     fn boil(&mut self, cx: &mut Context<Self>) { cx.me().finish().after(cx, seconds(1)); }
///     #[action(internal)]
///     fn finish(&mut self) { self.done = true; }
///     #[action]
///     fn is_done(&self) -> bool { self.done }
/// }
///
/// stayput::app!(Egg);
///
/// #[stayput::test]
/// async fn an_egg_is_done_in_the_end(t: &Anywhere) {
///     let egg = Egg::named(t, &t.name("breakfast"));
///     egg.boil().await.unwrap();
///     t.eventually(async || egg.is_done().await.unwrap()).await;
/// }
/// # fn main() {}
/// ```
///
/// ```text
/// cargo test                                                   # in the harness
/// stayput dev --workers &
/// STAYPUT_TEST_URL=http://127.0.0.1:8787 cargo test            # on workerd
/// ```
///
/// Elsewhere it takes the feature `client`, and calls are made without credentials or with the token of `STAYPUT_TEST_TOKEN`; on
/// loopback that is the developer.
pub struct Anywhere {
    place: Place,
    /// What names of this run begin with.
    run: String,
}

enum Place {
    Here(Harness),
    #[cfg(feature = "client")]
    There(crate::client::Client),
}

impl Subject for Anywhere {
    fn run<T>(test: Test, body: impl AsyncFnOnce(&Self) -> T) -> T {
        match std::env::var(URL) {
            Ok(url) if !url.is_empty() => Self::run_at(&url, test, body),
            _ => test.run(async |t| {
                let here = Self {
                    place: Place::Here(t.again()),
                    run: String::new(),
                };
                body(&here).await
            }),
        }
    }
}

impl Anywhere {
    /// Runs a test against the app that answers at a URL, whatever `STAYPUT_TEST_URL` says. Of `test` nothing counts but the app.
    ///
    /// # Panics
    ///
    /// When the URL is none.
    #[cfg(feature = "client")]
    #[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
    pub fn run_at<T>(url: &str, test: Test, body: impl AsyncFnOnce(&Self) -> T) -> T {
        let client = crate::client::Client::new(url, test.app).expect("a URL of a running app");
        let client = match std::env::var(TOKEN) {
            Ok(token) => client.bearer(&token).expect("a token"),
            Err(_) => client,
        };
        let mut random = [0; 6];
        getrandom::fill(&mut random).expect("randomness");
        let there = Self {
            place: Place::There(client),
            run: format!("{}-", crate::hex::hex(&random)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        tokio::task::LocalSet::new().block_on(&runtime, body(&there))
    }

    #[cfg(not(feature = "client"))]
    #[expect(clippy::panic, reason = "a test that cannot begin has failed")]
    fn run_at<T>(_url: &str, _test: Test, _body: impl AsyncFnOnce(&Self) -> T) -> T {
        panic!("`{URL}` takes the feature `client` of the crate `stayput`");
    }

    /// A name that no earlier run has used: an app that runs elsewhere keeps its objects.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.run)
    }

    /// Lets time pass: by the test's clock, or by waiting.
    pub async fn pause(&self, time: Duration) {
        match &self.place {
            Place::Here(harness) => harness.advance(time).await,
            #[cfg(feature = "client")]
            Place::There(_) => tokio::time::sleep(time).await,
        }
    }

    /// Looks again and again until something is so. The harness lets the time pass until the next thing is due.
    ///
    /// # Panics
    ///
    /// When it is not so after 30 s, or in the harness when nothing is due any more.
    #[track_caller]
    pub fn eventually(&self, is_so: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let began = Instant::now();
            while !is_so().await {
                let goes_on = match &self.place {
                    Place::Here(harness) => {
                        harness.advance_to_next().await.is_some() || is_so().await
                    }
                    #[cfg(feature = "client")]
                    Place::There(_) => {
                        tokio::time::sleep(PAUSE).await;
                        true
                    }
                };
                assert!(
                    goes_on && began.elapsed() < PATIENCE,
                    "what is waited for at {place} does not happen"
                );
            }
        }
    }
}

impl HasOrigin for Anywhere {
    fn origin(&self) -> Origin {
        match &self.place {
            Place::Here(harness) => harness.origin(),
            #[cfg(feature = "client")]
            Place::There(client) => client.origin(),
        }
    }
}

impl fmt::Debug for Anywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Here(harness) => f.debug_tuple("Here").field(harness).finish(),
            #[cfg(feature = "client")]
            Place::There(client) => f.debug_tuple("There").field(client).finish(),
        }
    }
}
