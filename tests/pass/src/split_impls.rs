//! One object whose actions stand in several blocks and files.

mod moderation;

use stayput::prelude::*;

#[durable_object(impls(moderation, r#type))]
pub(crate) struct Room {
    banned: Vec<String>,
}

#[durable_object]
impl Room {
    #[action(public)]
    fn size(&self) -> usize {
        self.banned.len()
    }
}

#[durable_object(r#type)]
impl Room {
    #[action]
    fn kind(&self) -> String {
        "room".to_owned()
    }
}

pub(crate) mod elsewhere {
    //! Stubs are called from anywhere that sees the object.
    use stayput::prelude::*;

    #[durable_object]
    pub(crate) struct Warden {}

    #[durable_object]
    impl Warden {
        #[action]
        async fn ban(&mut self, cx: &mut Context<Self>, who: String) -> Result<String> {
            let room = super::Room::named(cx, "lobby");
            room.ban(who).await?;
            Ok(room.kind().await?)
        }
    }
}
