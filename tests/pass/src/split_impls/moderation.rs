//! The actions of moderators.

use stayput::prelude::*;

#[durable_object(moderation)]
impl super::Room {
    #[action(scope = "room:moderate")]
    fn ban(&mut self, who: String) {
        self.banned.push(who);
    }
}
