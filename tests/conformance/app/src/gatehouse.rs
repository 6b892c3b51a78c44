//! An object behind middleware of every kind.

use stayput::middleware::{
    self, Cache, Invocation, Middleware, Next, RateLimit, Reply, RequestLog, Timeout,
};
use stayput::prelude::*;

/// Answers nobody who knocks by the wrong word, and changes the word of the others.
#[derive(Debug, Default)]
pub(crate) struct Porter;

impl Middleware for Porter {
    async fn call(&self, call: &mut Invocation, next: Next<'_>) -> Reply {
        match call.params() {
            r#"{"word":"swordfish"}"# => call.set_params(&("open sesame",))?,
            r#"{"word":"wait"}"# => call.sleep(seconds(1)).await,
            r#"{"word":"sneak"}"# => return middleware::answer("by the window"),
            _ => return middleware::refuse(&GatehouseError::Word),
        }
        next.run(call).await
    }
}

/// Why nobody comes in.
#[derive(Debug, ActionError)]
pub enum GatehouseError {
    /// The word is another.
    #[error(code = "gatehouse.word", status = 403)]
    Word,
}

/// Keeps a gate.
#[durable_object(middleware(RequestLog))]
#[derive(Debug)]
pub struct Gatehouse {
    words: Log<String>,
    #[transient]
    looks: std::cell::Cell<u64>,
}

#[durable_object]
impl Gatehouse {
    /// Lets in.
    #[action(public, middleware(Porter))]
    fn knock(&mut self, word: String) -> String {
        self.words.push(word.clone());
        word
    }

    /// Three times a minute.
    #[action(public, middleware(RateLimit::per_minute(3)))]
    fn ring(&mut self) -> u64 {
        self.words.push("ring".to_owned());
        self.words.len()
    }

    /// Is never quick enough.
    #[action(public, middleware(Timeout::millis(300)))]
    async fn dawdle(&mut self, cx: &mut Context<Self>, millis: u64) -> u64 {
        self.words.push("late".to_owned());
        cx.sleep(std::time::Duration::from_millis(millis)).await;
        self.words.len()
    }

    /// How often this was really run, until something is kept.
    #[action(public, middleware(Cache::seconds(600)))]
    fn looks(&self) -> u64 {
        self.looks.set(self.looks.get() + 1);
        self.looks.get()
    }

    /// What was kept.
    #[action(public)]
    fn words(&self) -> Vec<String> {
        self.words.last(100).into_iter().collect()
    }

    /// What was called, and how it ended.
    #[action(public)]
    fn log(&self, cx: &Context<Self>) -> Vec<(String, String)> {
        let log = cx.middleware::<RequestLog>();
        let calls = log.map(|log| log.calls()).unwrap_or_default();
        calls
            .into_iter()
            .map(|call| (call.action, call.code))
            .collect()
    }
}
