//! An object of which nobody makes many.

use stayput::middleware::{CreationLimit, Quota};
use stayput::mixins::Quotas;
use stayput::prelude::*;

/// Somewhere below.
#[durable_object(middleware(CreationLimit::per_hour(3)))]
#[derive(Debug)]
pub struct Burrow {
    depth: u64,
    #[mixin]
    quotas: Quotas,
}

/// Why it is no deeper.
#[derive(Debug, ActionError)]
#[error(prefix = "burrow")]
pub enum BurrowError {
    /// Water came in.
    Wet,
}

#[durable_object]
impl Burrow {
    /// How deep it is.
    #[action(public)]
    fn depth(&self) -> u64 {
        self.depth
    }

    /// Goes deeper.
    #[action(public)]
    fn dig(&mut self) -> u64 {
        self.depth += 1;
        self.depth
    }

    /// Goes deeper, in vain.
    #[action(public)]
    fn collapse(&mut self) -> Result<u64, BurrowError> {
        self.depth += 1;
        Err(BurrowError::Wet)
    }

    /// Rests: twice a day.
    #[action(public, middleware(Quota::per_day(2).named("rests")))]
    fn rest(&self) -> u64 {
        self.depth
    }

    /// Begins another one.
    #[action(public)]
    async fn tunnel(&mut self, cx: &mut Context<Self>, to: String) -> Result<u64> {
        Ok(Self::named(cx, &to).dig().await?)
    }
}
