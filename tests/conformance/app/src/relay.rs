//! An object that calls others, and itself.

use std::time::Duration;

use stayput::prelude::*;

use crate::{Tally, TallyError};

/// Calls on.
#[durable_object]
#[derive(Debug)]
pub struct Relay {
    calls: u32,
}

#[durable_object]
impl Relay {
    /// True.
    #[action(public)]
    fn alive(&self) -> bool {
        true
    }

    /// Adds to a tally.
    #[action(public)]
    async fn forward(&mut self, cx: &mut Context<Self>, to: String, by: i64) -> Result<i64> {
        self.calls += 1;
        Ok(Tally::named(cx, &to).increment(by).await?)
    }

    /// Adds to a tally that is to live somewhere.
    #[action(public)]
    async fn forward_near(
        &mut self,
        cx: &mut Context<Self>,
        to: String,
        hint: String,
    ) -> Result<String> {
        match Tally::named(cx, &to).near(&hint).increment(1).await {
            Ok(value) => Ok(value.to_string()),
            Err(error) => Ok(error
                .rejection()
                .map_or("failed", |one| one.code())
                .to_owned()),
        }
    }

    /// How a failing tally's error arrives.
    #[action(public)]
    async fn forward_failure(&mut self, cx: &mut Context<Self>, to: String) -> Result<String> {
        match Tally::named(cx, &to).fail_after_write(1).await {
            Ok(value) => Ok(value.to_string()),
            Err(CallError::Failed(TallyError::Refused)) => Ok("refused".to_owned()),
            Err(CallError::Rejected(rejection)) => Ok(rejection.code().to_owned()),
        }
    }

    /// How a panicking tally's error arrives.
    #[action(public)]
    async fn forward_panic(&mut self, cx: &mut Context<Self>, to: String) -> Result<String> {
        match Tally::named(cx, &to).panic_after_write(1).await {
            Ok(value) => Ok(value.to_string()),
            Err(CallError::Failed(never)) => match never {},
            Err(CallError::Rejected(rejection)) => Ok(rejection.code().to_owned()),
        }
    }

    /// Calls this very object.
    #[action(public)]
    async fn call_itself(&mut self, cx: &mut Context<Self>) -> Result<bool> {
        self.calls += 1;
        Ok(cx.me().alive().await?)
    }

    /// Calls this object by way of another.
    #[action(public)]
    async fn there_and_back(&mut self, cx: &mut Context<Self>, over: String) -> Result<bool> {
        self.calls += 1;
        let me = cx.name().unwrap_or_default().to_owned();
        Ok(Self::named(cx, &over).ring(vec![me]).await?)
    }

    /// Calls the first with the rest, until none is left.
    #[action(public)]
    async fn ring(&mut self, cx: &mut Context<Self>, mut names: Vec<String>) -> Result<bool> {
        self.calls += 1;
        if names.is_empty() {
            return Ok(true);
        }
        let next = names.remove(0);
        Ok(Self::named(cx, &next).ring(names).await?)
    }

    /// Waits with this object held, then asks another for as much.
    #[action(public)]
    async fn cross(&mut self, cx: &mut Context<Self>, to: String, millis: u64) -> Result<bool> {
        self.calls += 1;
        cx.sleep(Duration::from_millis(millis)).await;
        Ok(Self::named(cx, &to).ring(Vec::new()).await?)
    }
}
