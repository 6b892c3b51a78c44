//! The actions of an event store's projections: what they say, how far they are, and making them anew.

use serde_json::{Value, json};
use stayput::mixins::{RebuildError, Sourced};
use stayput::prelude::*;
use stayput::testing::run;

use crate::support::code;

#[data]
pub enum Counted {
    One,
    Two,
}

/// How many there were.
#[projection]
pub struct Sums {
    all: u64,
}

impl Projection for Sums {
    type Event = Counted;
    type Data = u64;

    fn apply(&mut self, _: &Recorded<Counted>) {
        self.all += 1;
    }

    fn data(&self) -> u64 {
        self.all
    }
}

/// The last of them.
#[projection(name = "last_kind")]
pub struct Last {
    kind: String,
}

impl Projection for Last {
    type Event = Counted;
    type Data = String;

    fn apply(&mut self, event: &Recorded<Counted>) {
        self.kind = event.kind.clone();
    }

    fn data(&self) -> String {
        self.kind.clone()
    }
}

#[durable_object]
pub struct Tally {
    #[mixin]
    events: Sourced<Counted, (Sums, Last)>,
}

#[durable_object]
impl Tally {
    #[action(public)]
    fn count(&mut self, cx: &mut Context<Self>, times: u64) -> Result<u64, ConcurrencyError> {
        let events = (0..times).map(|number| {
            if number % 2 == 0 {
                Counted::One
            } else {
                Counted::Two
            }
        });
        self.events
            .stream_mut("all")
            .append(cx, Expected::Any, events.collect::<Vec<_>>())?;
        Ok(self.events.position())
    }

    /// By a process of the object's own: the store is reached as any other.
    #[action(public)]
    async fn caught_up(this: Handle<Self>) -> Result<()> {
        this.events(|tally| &tally.events).catch_up().await
    }
}

stayput::app!(Tally);

#[test]
fn a_projection_says_what_it_holds_and_how_far_it_is() {
    run(app(), async |t| {
        let tally = Tally::named(t, "t");
        let before = tally.events().snapshot("sums").await.unwrap();
        assert_eq!(
            (before.data, before.position, before.updated_at),
            (json!(0), 0, None)
        );
        assert_eq!(tally.count(3).await.unwrap(), 3);
        t.restart().await;
        let sums = tally.events().snapshot("sums").await.unwrap();
        assert_eq!((sums.data, sums.position), (json!(3), 3));
        assert!(sums.updated_at.is_some());
        let last = tally.events().snapshot("last_kind").await.unwrap();
        assert_eq!(
            (last.projection.as_str(), last.data),
            ("last_kind", json!("One"))
        );
        let progress = tally.events().progress().await.unwrap();
        let names: Vec<_> = progress.iter().map(|it| &*it.projection).collect();
        assert_eq!(names, ["sums", "last_kind"]);
        assert!(progress.iter().all(Progress::is_done));
        tally.caught_up().await.unwrap();
    });
}

#[test]
fn an_unknown_name_is_told_with_those_that_there_are() {
    run(app(), async |t| {
        let tally = Tally::named(t, "t");
        let error = tally.events().snapshot("sum").await.unwrap_err();
        assert!(matches!(error, CallError::Failed(_)), "{error:?}");
        let error = tally.events().rebuild("sum").await.unwrap_err();
        let unknown = matches!(error, CallError::Failed(RebuildError::Unknown(_)));
        assert!(unknown, "{error:?}");
        for action in ["snapshot", "rebuild"] {
            let path = format!("/tally/t/events.{action}");
            let answer = t.post(&path, r#"{"name": "sum"}"#).await;
            assert_eq!(answer.status(), 404, "{action}");
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            let data = &body["error"]["data"];
            assert_eq!(data["code"], "projection.unknown");
            assert_eq!(
                data["details"],
                json!({"name": "sum", "known": ["sums", "last_kind"]})
            );
        }
        // Nobody has borne the object by asking.
        assert_eq!(tally.events().progress().await.unwrap()[0].last, 0);
    });
}

#[test]
fn who_may_not_make_one_anew_does_not() {
    run(app(), async |t| {
        let user = Tally::named(&t.as_user("ann"), "t");
        assert_eq!(code(user.events().snapshot("sums").await), "ok");
        assert_eq!(code(user.events().rebuild("sums").await), "forbidden");
        let nobody = Tally::named(&t.anonymous(), "t");
        assert_eq!(
            code(nobody.events().snapshot("sums").await),
            "unauthenticated"
        );
        assert_eq!(code(nobody.events().progress().await), "unauthenticated");
        let admin = t.as_user("root").with_scopes(["projections:rebuild"]);
        assert_eq!(
            code(Tally::named(&admin, "t").events().rebuild("sums").await),
            "ok"
        );
    });
}

#[test]
fn one_is_made_anew_while_others_append_and_read() {
    run(app(), async |t| {
        let tally = Tally::named(t, "t");
        for _ in 0..3 {
            tally.count(2_500).await.unwrap();
        }
        let rebuild = t.spawn(tally.events().rebuild("sums"));
        assert_eq!(tally.count(2).await.unwrap(), 7_502);
        let meanwhile = tally.events().snapshot("sums").await.unwrap();
        assert_eq!(meanwhile.data, json!(7_502));
        assert!(rebuild.await.unwrap().is_done());
        let sums = tally.events().snapshot("sums").await.unwrap();
        assert_eq!((sums.data, sums.position), (json!(7_502), 7_502));
    });
}

#[test]
fn the_manifest_has_the_actions_with_their_errors() {
    let manifest = serde_json::to_value(app().manifest()).unwrap();
    let class = &manifest["classes"]["tally"];
    let actions = &class["actions"];
    assert_eq!(actions["events.snapshot"]["receiver"], "query");
    assert_eq!(
        actions["events.snapshot"]["errors"][0]["code"],
        "projection.unknown"
    );
    assert_eq!(actions["events.rebuild"]["receiver"], "process");
    assert_eq!(actions["events.rebuild"]["errors"][0]["status"], 404);
    assert_eq!(
        actions["events.rebuild"]["auth"],
        json!({"kind": "scope", "scope": "projections:rebuild"})
    );
    assert_eq!(class["state"]["events.store"]["kind"], "events");
    assert_eq!(class["mixins"]["events"]["type"], "Sourced");
}
