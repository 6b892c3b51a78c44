#![allow(unused)]

use stayput::prelude::*;

#[durable_object(defers)]
struct Order {
    paid: bool,
}

#[durable_object]
impl Order {
    #[action]
    fn pay(&mut self, cx: &mut Context<Self>) {
        self.paid = true;
        cx.post("https://shop.example/hook").json(&"paid").send();
    }
}

fn main() {}
