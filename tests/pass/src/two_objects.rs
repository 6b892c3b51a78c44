//! Two objects and two mixins in one file: nothing generated for one meets what is generated for the other.

use stayput::prelude::*;

#[mixin]
pub(crate) struct Presence {
    names: Vec<String>,
}

#[mixin]
impl Presence {
    #[action]
    fn list(&self) -> Vec<String> {
        self.names.clone()
    }
}

#[mixin]
pub(crate) struct Outer {
    #[mixin]
    inner: Presence,
}

#[mixin]
impl Outer {
    #[action]
    fn count(&self) -> usize {
        self.inner.names.len()
    }
}

#[durable_object]
pub(crate) struct First {
    value: u64,
    #[mixin]
    here: Presence,
    #[mixin]
    there: Presence,
    #[mixin]
    deep: Outer,
}

#[durable_object]
impl First {
    #[action]
    fn value(&self) -> u64 {
        self.value + u64::try_from(self.here.names.len() + self.there.names.len()).unwrap_or(0)
    }
}

#[durable_object]
pub(crate) struct Second {
    value: String,
}

#[durable_object]
impl Second {
    #[action]
    fn value(&self) -> String {
        self.value.clone()
    }

    /// Calls the other one, and its mixins.
    #[action]
    async fn ask(&mut self, cx: &mut Context<Self>) -> Result<u64> {
        let other = First::named(cx, "home");
        let names = other.deep().inner().list().await?;
        self.value = names.join(" ");
        Ok(other.value().await?)
    }
}
