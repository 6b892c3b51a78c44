//! A stub is as visible as its object; its methods are callable wherever it is.

use stayput::prelude::*;

#[data]
struct Private {
    text: String,
}

#[durable_object]
struct Hidden {
    value: Option<Private>,
}

#[durable_object]
impl Hidden {
    #[action]
    fn take(&mut self, value: Private) -> Option<Private> {
        self.value.replace(value)
    }
}

pub(crate) mod inner {
    //! One level down.
    use stayput::prelude::*;

    #[durable_object]
    pub(super) struct Restricted {
        pub(in crate::visibility) value: u8,
    }

    #[durable_object]
    impl Restricted {
        #[action]
        pub(crate) fn value(&self) -> u8 {
            self.value
        }
    }
}

#[durable_object]
pub(crate) struct User {
    seen: u8,
}

#[durable_object]
impl User {
    #[action]
    async fn ask(&mut self, cx: &mut Context<Self>) -> Result<u8> {
        let hidden = Hidden::named(cx, "x");
        let before = hidden
            .take(Private {
                text: "now".to_owned(),
            })
            .await?;
        self.seen = u8::from(before.is_some_and(|before| before.text.is_empty()));
        Ok(inner::Restricted::named(cx, "y").value().await?)
    }
}
