//! Objects that end: when they say so, when others do, when nobody has come for a while.

use std::time::Duration;

use stayput::prelude::*;

/// Something was called out.
#[event(public)]
pub struct Called {
    /// What.
    pub text: String,
}

/// Has everything that an object may store.
#[durable_object(events(Called))]
#[derive(Debug)]
pub struct Lodge {
    name: String,
    guests: Log<String>,
    keys: Map<u32, String>,
    starts: u32,
    rings: u32,
    lent: TtlMap<String, u32>,
}

/// What is stored of a lodge.
#[data]
pub struct Lodgings {
    /// The field.
    pub name: String,
    /// The log, and what is in no field.
    pub guests: Vec<String>,
    /// The map.
    pub keys: usize,
    /// How often it woke.
    pub starts: u32,
    /// Whether an alarm is set.
    pub alarm: bool,
    /// How often it went off.
    pub rings: u32,
}

#[durable_object]
impl Lodge {
    #[event(start)]
    fn started(&mut self) {
        self.starts = 1;
    }

    #[event(alarm)]
    fn rang(&mut self) {
        self.rings += 1;
    }

    /// Takes a guest in.
    #[action(public)]
    fn enter(&mut self, cx: &mut Context<Self>, guest: String) -> u64 {
        self.name.clone_from(&guest);
        self.keys.insert(7, guest.clone());
        cx.records_mut().put("bare", &guest);
        cx.set_alarm(cx.now() + Duration::from_millis(400));
        self.guests.push(guest)
    }

    /// What there is.
    #[action(public)]
    fn all(&self, cx: &Context<Self>) -> Lodgings {
        let bare: Option<String> = cx.records().get("bare");
        Lodgings {
            name: self.name.clone(),
            guests: self.guests.last(9).into_iter().chain(bare).collect(),
            keys: self.keys.iter().count(),
            starts: self.starts,
            alarm: cx.alarm().is_some(),
            rings: self.rings,
        }
    }

    /// Ends it, and fails if it says so.
    #[action(public)]
    fn close(&mut self, cx: &mut Context<Self>, fail: bool) -> Result<String> {
        cx.broadcast(Called { text: "out".into() });
        cx.destroy();
        self.guests.push("never".to_owned());
        if fail {
            return Err(stayput::Error::msg("on purpose"));
        }
        Ok(self.name.clone())
    }

    /// Lends something for so long.
    #[action(public)]
    fn lend(&mut self, what: String, millis: u64) -> Option<u32> {
        self.lent.insert(what, 1, Duration::from_millis(millis))
    }

    /// What is lent.
    #[action(public)]
    fn lent(&self) -> Vec<String> {
        self.lent.iter().map(|(what, _)| what).collect()
    }

    /// Ends another, and opens it again.
    #[action(public)]
    async fn raze(&mut self, cx: &mut Context<Self>, other: String) -> Result<u64> {
        let other = Self::named(cx, &other);
        other.destroy().await?;
        Ok(other.enter("new").await?)
    }
}

/// Goes when nobody has come for a second.
#[durable_object(destroy_after = seconds(1))]
#[derive(Debug)]
pub struct Tent {
    nights: u64,
}

#[durable_object]
impl Tent {
    /// Counts.
    #[action(public)]
    fn sleep(&mut self) -> u64 {
        self.nights += 1;
        self.nights
    }

    /// How many there were.
    #[action(public)]
    fn nights(&self) -> u64 {
        self.nights
    }
}
