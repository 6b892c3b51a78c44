use stayput::prelude::*;
use stayput::time::Missed;

#[mixin]
struct Presence {
    seen: u64,
}

#[mixin]
impl Presence {
    #[action]
    fn see(&mut self, cx: &mut Context<Self>) {
        cx.schedule("forget", cx.me().forget()).every(hours(1), Missed::Once);
    }

    #[action(internal)]
    fn forget(&mut self) {
        self.seen = 0;
    }
}

#[durable_object]
struct Room {
    said: u64,
    #[mixin]
    presence: Presence,
}

#[durable_object]
impl Room {
    #[action]
    fn say(&mut self, cx: &mut Context<Self>) {
        Room::named(cx, "other").hear().send(cx);
    }

    #[action]
    fn hear(&mut self, cx: &mut Context<Self>) {
        self.said += 1;
        cx.me().hear().after(cx, minutes(5));
    }
}

fn main() {}
