//! Names that need `r#` in Rust and must not show it on the wire.

use stayput::prelude::*;

#[data]
pub(crate) struct Match {
    pub(crate) r#type: String,
}

#[derive(Debug, ActionError)]
#[error(prefix = "keyword")]
pub(crate) enum Fault {
    #[error(message = "no {type}")]
    Missing { r#type: String },
}

#[durable_object]
pub(crate) struct r#Struct {
    r#loop: u64,
}

#[durable_object]
impl r#Struct {
    #[action]
    fn r#match(
        &mut self,
        r#type: String,
        r#in: Option<Match>,
        this: u8,
        cx: u8,
        params: u8,
    ) -> Result<u64, Fault> {
        self.r#loop += u64::from(this) + u64::from(cx) + u64::from(params);
        r#in.map(|_| self.r#loop).ok_or(Fault::Missing { r#type })
    }

    #[action]
    async fn r#async(&self, this: u8, cx: u8, params: u8) -> u8 {
        this + cx + params
    }

    #[event(start)]
    fn r#fn(&mut self, first: bool) {
        self.r#loop = u64::from(first);
    }
}
