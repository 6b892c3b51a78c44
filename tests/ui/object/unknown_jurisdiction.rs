use stayput::prelude::*;

#[durable_object(jurisdiction = "mars")]
struct Room {
    said: u64,
}

#[durable_object]
impl Room {
    #[action(public)]
    fn said(&self) -> u64 {
        self.said
    }
}

fn main() {}
