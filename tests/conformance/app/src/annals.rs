//! An object whose state is what happened.

use stayput::prelude::*;
use stayput::sourcing::{Batch, Flush, Upcast, Upcasts};

/// What happens.
#[event(public)]
#[derive(PartialEq)]
pub enum Passage {
    /// Something was begun, for so much.
    Begun {
        /// What.
        what: String,
        /// For how much.
        cost: i64,
    },
    /// So much was paid.
    Paid {
        /// How much.
        cost: i64,
        /// To whom.
        to: String,
    },
    /// It is over.
    Ended,
}

/// Earlier programs did not say to whom was paid.
#[derive(Debug)]
pub enum Steps {}

impl Upcasts<Passage> for Steps {
    const STEPS: &'static [Upcast] = &[Upcast::new("Paid", 1, |mut paid| {
        paid["to"] = "nobody".into();
        Ok(paid)
    })];
}

/// What is left to pay.
#[data]
#[derive(Default)]
pub struct Debt {
    cost: i64,
    ended: bool,
}

impl Aggregate for Debt {
    type Event = Passage;
    const SNAPSHOT_EVERY: u64 = 2;

    fn apply(&mut self, event: &Passage) {
        match event {
            Passage::Begun { cost, .. } => self.cost += cost,
            Passage::Paid { cost, .. } => self.cost -= cost,
            Passage::Ended => self.ended = true,
        }
    }
}

/// What was paid to whom.
#[projection]
#[derive(Debug)]
pub struct Payees {
    costs: Map<String, i64>,
    count: u64,
}

impl Projection for Payees {
    type Event = Passage;
    type Data = (u64, Vec<(String, i64)>);

    fn apply(&mut self, event: &Recorded<Passage>) {
        if let Passage::Paid { cost, to } = &event.event {
            let sum = self.costs.get(to).unwrap_or_default() + cost;
            self.costs.insert(to.clone(), sum);
            self.count += 1;
        }
    }

    fn data(&self) -> (u64, Vec<(String, i64)>) {
        (self.count, self.costs.iter().collect())
    }
}

/// The last three.
#[projection]
#[derive(Debug)]
pub struct Latest {
    entries: Log<String>,
}

impl Projection for Latest {
    type Event = Passage;
    type Data = Vec<String>;

    fn apply(&mut self, event: &Recorded<Passage>) {
        let (stream, version, kind) = (&event.stream, event.version, &event.kind);
        self.entries.push(format!("{stream}/{version} {kind}"));
    }

    fn tidy(&mut self) {
        self.entries.keep_last(3);
    }

    fn data(&self) -> Vec<String> {
        self.entries.last(3)
    }
}

/// Annals.
#[durable_object(events(Passage), defers)]
#[derive(Debug)]
pub struct Annals {
    deeds: EventStore<Passage, (Payees, Latest), Steps>,
    notes: Batch<u32>,
    handed: Vec<Vec<u32>>,
}

#[durable_object]
impl Annals {
    /// Appends, and tells who listens.
    #[action(public)]
    fn append(
        &mut self,
        cx: &mut Context<Self>,
        stream: String,
        deeds: Vec<Passage>,
        expected: Expected,
    ) -> Result<Vec<(u64, u64)>, ConcurrencyError> {
        let mut stream = self.deeds.stream_mut(stream);
        let (appended, _) = stream.append_and_broadcast(cx, expected, deeds)?;
        let numbers = appended.events.iter();
        Ok(numbers.map(|it| (it.position, it.version)).collect())
    }

    /// Appends, then fails.
    #[action(public)]
    fn append_in_vain(&mut self, cx: &mut Context<Self>, stream: String) -> Result<()> {
        self.deeds
            .stream_mut(stream)
            .append_and_broadcast(cx, Expected::Any, [Passage::Ended])?;
        Err(stayput::Error::msg("in vain"))
    }

    /// Pays a part, unless it is over.
    #[action(public)]
    fn pay(
        &mut self,
        cx: &mut Context<Self>,
        stream: String,
        cost: i64,
        to: String,
    ) -> Result<(i64, u64)> {
        let mut stream = self.deeds.stream_mut(stream);
        let debt = stream.decide(cx, |debt: &Debt| {
            if debt.ended || debt.cost < cost {
                return Err(stayput::Error::msg("that is too much"));
            }
            let mut deeds = vec![Passage::Paid { cost, to }];
            if debt.cost == cost {
                deeds.push(Passage::Ended);
            }
            Ok(deeds)
        })?;
        Ok((debt.cost, debt.version))
    }

    /// What a stream makes.
    #[action(public)]
    fn debt(&self, stream: String) -> (Debt, u64) {
        let debt = self.deeds.stream(stream).load::<Debt>();
        (debt.state, debt.version)
    }

    /// What happened, by pages.
    #[action(public)]
    fn read(
        &self,
        stream: Option<String>,
        kind: Option<String>,
        newest_first: bool,
        after: Option<Cursor>,
        limit: u32,
    ) -> Page<(u64, u64, Passage)> {
        let mut events = match stream {
            Some(stream) => self.deeds.stream(stream).events(),
            None => self.deeds.events(),
        };
        if let Some(kind) = kind {
            events = events.of_type(kind);
        }
        if newest_first {
            events = events.newest_first();
        }
        events
            .page(after, limit)
            .map(|it| (it.position, it.version, it.event))
    }

    /// The streams, by pages.
    #[action(public)]
    fn streams(&self, after: Option<Cursor>, limit: u32) -> Page<String> {
        self.deeds.streams(after, limit)
    }

    /// What a projection holds.
    #[action(public)]
    fn projection(&self, name: String) -> Result<(u64, serde_json::Value), UnknownProjection> {
        let snapshot = self.deeds.snapshot(&name)?;
        Ok((snapshot.position, snapshot.data))
    }

    /// A part of a rebuild.
    #[action(public)]
    fn rebuild_step(&mut self, name: String, events: u64) -> Result<Progress, UnknownProjection> {
        self.deeds.rebuild_step(&name, events)
    }

    /// A whole one.
    #[action(public)]
    async fn rebuild(this: Handle<Self>, name: String) -> Result<Progress> {
        this.events(|annals| &annals.deeds).rebuild(&name).await
    }

    /// Gathers.
    #[action(public)]
    fn note(&mut self, cx: &mut Context<Self>, note: u32) -> u64 {
        let flush = cx.me().hand_on();
        self.notes.push(cx, note, Flush::new(3, seconds(1)), flush)
    }

    /// Hands on.
    #[action(internal)]
    fn hand_on(&mut self) {
        let notes = self.notes.take(3);
        if !notes.is_empty() {
            self.handed.push(notes);
        }
    }

    /// What was handed on.
    #[action(public)]
    fn handed(&self) -> Vec<Vec<u32>> {
        self.handed.clone()
    }
}
