//! Every receiver, sync and async, with and without context, params and errors.

use stayput::prelude::*;

#[durable_object]
pub(crate) struct All {
    value: u64,
}

#[durable_object]
impl All {
    #[action]
    fn a(&self) {}

    #[action]
    fn b(&self, cx: &Context<Self>, by: Option<u64>) -> Result<u64> {
        _ = cx.now();
        Ok(self.value + by.unwrap_or(1))
    }

    #[action]
    async fn c(&self, cx: &Context<Self>) -> Result<u64> {
        Ok(Self::named(cx, "other").a_value().await?)
    }

    #[action]
    async fn d(&self, by: u64) -> u64 {
        self.value + by
    }

    #[action]
    fn e(&mut self) {
        self.value += 1;
    }

    #[action]
    fn f(&mut self, cx: &mut Context<Self>, by: u64) -> Result<u64> {
        self.value += by;
        cx.set_alarm(cx.now());
        Ok(self.value)
    }

    #[action]
    fn g(&mut self, cx: &Context<Self>) -> bool {
        cx.name().is_some()
    }

    #[action]
    async fn h(
        &mut self,
        cx: &mut Context<Self>,
        #[param(min = 0, max = 9)] by: u64,
    ) -> Result<u64> {
        self.value += Self::named(cx, "other").d(by).await?;
        Ok(self.value)
    }

    #[action]
    async fn i(&mut self) -> u64 {
        self.value
    }

    #[action]
    async fn j(this: Handle<Self>, cx: ProcessContext<Self>, by: u64) -> Result<u64> {
        _ = cx.name();
        let add = move |all: &mut Self, _: &mut Context<Self>| {
            all.value += by;
            Ok::<_, std::convert::Infallible>(all.value)
        };
        Ok(this.atomic(add).await?)
    }

    #[action]
    async fn k(_this: Handle<Self>) {}

    #[action]
    fn l(_this: Handle<Self>, _cx: ProcessContext<Self>) -> u64 {
        1
    }

    #[action]
    fn a_value(&self) -> u64 {
        self.value
    }

    #[expect(clippy::too_many_arguments, reason = "as many as there may be")]
    #[action]
    fn twelve(
        &self,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: u8,
    ) -> u8 {
        a + b + c + d + e + f + g + h + i + j + k + l
    }

    /// No action: not callable from outside, nothing generated for it.
    #[expect(dead_code, reason = "a plain method is the user's own")]
    fn helper<T: Into<u64>>(&self, by: T, text: &str) -> u64 {
        self.value + by.into() + u64::from(text.is_empty())
    }
}
