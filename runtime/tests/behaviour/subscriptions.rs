//! Objects that hear the durable events of others: all of them, in order, once in effect.

use stayput::event::{Subscriber, Subscription};
use stayput::prelude::*;
use stayput::testing::{self, Test};
use stayput::time::{DeadLetter, Pending};

use crate::support::{code, stored};

/// A user has another name.
#[event(durable, keep = 50, objects)]
pub struct UserRenamed {
    pub to: String,
}

/// Told to teams only, and not on behalf of strangers.
#[event(durable, objects, can_subscribe = "is_team")]
pub struct UserPaid {
    pub cents: u64,
}

fn is_team(subscriber: &Subscriber<'_>) -> bool {
    subscriber
        .object
        .is_some_and(|object| object.class == "team")
        && subscriber.caller.subject() != "stranger"
}

/// A mixin's own.
#[event(durable, objects)]
pub struct Stamped {
    pub what: String,
}

#[mixin(defers, events(Stamped))]
pub struct Stamp {
    count: u64,
}

#[mixin]
impl Stamp {
    #[action]
    fn stamp(&mut self, cx: &mut Context<Self>, what: String) {
        self.count += 1;
        cx.broadcast(Stamped { what });
    }
}

#[derive(Debug, Clone, PartialEq, ActionError)]
pub enum TestError {
    /// It was told to fail.
    #[error(code = "test.failed")]
    Failed,
}

#[durable_object(defers, events(UserRenamed, UserPaid))]
pub struct User {
    name: String,
    #[mixin]
    passport: Stamp,
}

#[durable_object]
impl User {
    #[action]
    fn rename(&mut self, cx: &mut Context<Self>, to: Vec<String>) {
        for to in to {
            self.name.clone_from(&to);
            cx.broadcast(UserRenamed { to });
        }
    }

    #[action]
    fn regret(&mut self, cx: &mut Context<Self>) -> Result<(), TestError> {
        self.rename(cx, vec!["never".to_owned()]);
        Err(TestError::Failed)
    }

    #[action]
    fn pay(&mut self, cx: &mut Context<Self>, cents: u64) {
        cx.broadcast(UserPaid { cents }).to("nobody's room");
    }

    #[action]
    fn subscribers(&self, cx: &Context<Self>) -> Vec<Subscription> {
        cx.subscribers().list(5_000)
    }

    #[action]
    fn outbox(&self, cx: &Context<Self>) -> Vec<Pending> {
        cx.outbox().list(100)
    }

    #[action]
    fn dead(&self, cx: &Context<Self>) -> Vec<DeadLetter> {
        cx.dead_letters().list(100)
    }

    #[action]
    fn replay(&mut self, cx: &mut Context<Self>, id: String) -> bool {
        cx.dead_letters_mut().replay(&id)
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }
}

/// Subscribes for itself.
#[mixin(subscribes(UserRenamed))]
pub struct Ear {
    heard: Vec<String>,
}

#[mixin]
impl Ear {
    #[action]
    fn listen(&mut self, cx: &mut Context<Self>, user: String) {
        User::named(cx, &user).subscribe::<UserRenamed>(cx);
    }

    #[event(UserRenamed)]
    fn renamed(&mut self, event: UserRenamed) {
        self.heard.push(event.to);
    }

    #[action]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }

    #[action]
    fn subscriptions(&self, cx: &Context<Self>) -> Vec<Subscription> {
        cx.subscriptions().list(10)
    }
}

#[durable_object(subscribes(UserRenamed, UserPaid, Stamped), events(UserRenamed))]
pub struct Team {
    heard: Vec<String>,
    after: Vec<String>,
    cursor: String,
    /// How many attempts of the handler fail.
    broken: u64,
    #[mixin]
    left: Ear,
    #[mixin]
    right: Ear,
    #[transient]
    tries: u64,
}

#[durable_object]
impl Team {
    #[action]
    fn add(&mut self, cx: &mut Context<Self>, user: String) {
        User::named(cx, &user).subscribe::<UserRenamed>(cx);
    }

    #[action]
    fn add_by_id(&mut self, cx: &mut Context<Self>, user: ObjectId) {
        User::by_id(cx, user).subscribe::<UserRenamed>(cx);
    }

    #[action]
    fn add_after(&mut self, cx: &mut Context<Self>, user: String, cursor: String) {
        User::named(cx, &user).subscribe_after::<UserRenamed>(cx, &cursor);
    }

    #[action]
    fn remove(&mut self, cx: &mut Context<Self>, user: String) -> bool {
        User::named(cx, &user).unsubscribe::<UserRenamed>(cx)
    }

    #[action]
    fn watch_pay(&mut self, cx: &mut Context<Self>, user: String) {
        User::named(cx, &user).subscribe::<UserPaid>(cx);
    }

    #[action]
    fn watch_stamps(&mut self, cx: &mut Context<Self>, user: String) {
        User::named(cx, &user).passport().subscribe::<Stamped>(cx);
    }

    #[action]
    fn regret(&mut self, cx: &mut Context<Self>, user: String) -> Result<(), TestError> {
        self.add(cx, user);
        Err(TestError::Failed)
    }

    #[action]
    fn break_handler(&mut self, times: u64) {
        self.broken = times;
    }

    /// Its own, of the same type.
    #[action]
    fn tell(&mut self, cx: &mut Context<Self>) {
        cx.emit(UserRenamed {
            to: "own".to_owned(),
        });
    }

    #[event(UserRenamed, required)]
    fn renamed(&mut self, cx: &mut Context<Self>, event: UserRenamed) -> Result<(), TestError> {
        self.tries += 1;
        let from = match cx.event_source() {
            Some(source) => {
                source.cursor().clone_into(&mut self.cursor);
                let name = source.name().map_or("?".to_owned(), str::to_owned);
                format!("{}/{name} for {}", source.class(), cx.caller().subject())
            }
            None => "me".to_owned(),
        };
        self.heard.push(format!("{} of {from}", event.to));
        if self.tries <= self.broken {
            return Err(TestError::Failed);
        }
        Ok(())
    }

    #[event(UserRenamed)]
    async fn renamed_after(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        event: UserRenamed,
    ) -> Result<()> {
        let of = cx.event_source().is_some();
        let line = format!("{} {of}", event.to);
        this.atomic(|team, _| {
            team.after.push(line);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    #[event(UserPaid)]
    fn paid(&mut self, event: UserPaid) {
        self.heard.push(format!("{} cents", event.cents));
    }

    #[event(Stamped)]
    fn stamped(&mut self, event: Stamped) {
        self.heard.push(format!("stamp {}", event.what));
    }

    #[action]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }

    #[action]
    fn after(&self) -> Vec<String> {
        self.after.clone()
    }

    #[action]
    fn cursor(&self) -> String {
        self.cursor.clone()
    }

    #[action]
    fn subscriptions(&self, cx: &Context<Self>) -> Vec<Subscription> {
        cx.subscriptions().list(10)
    }

    #[action]
    fn dead(&self, cx: &Context<Self>) -> Vec<DeadLetter> {
        cx.dead_letters().list(100)
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }
}

/// May not hear of payments.
#[durable_object(subscribes(UserPaid), events(UserRenamed))]
pub struct Spy {
    heard: u64,
}

#[durable_object]
impl Spy {
    #[action]
    fn watch_pay(&mut self, cx: &mut Context<Self>, user: String) {
        User::named(cx, &user).subscribe::<UserPaid>(cx);
    }

    #[event(UserPaid)]
    fn paid(&mut self) {
        self.heard += 1;
    }

    #[action]
    fn heard(&self) -> u64 {
        self.heard
    }

    #[action]
    fn subscriptions(&self, cx: &Context<Self>) -> Vec<Subscription> {
        cx.subscriptions().list(10)
    }

    #[action]
    fn dead(&self, cx: &Context<Self>) -> Vec<DeadLetter> {
        cx.dead_letters().list(100)
    }
}

/// Both sides, so that it could subscribe to itself.
#[durable_object(subscribes(UserRenamed), events(UserRenamed))]
pub struct Narcissus {
    heard: u64,
}

#[durable_object]
impl Narcissus {
    #[action]
    fn look(&mut self, cx: &mut Context<Self>) {
        self.heard += 1;
        cx.me().subscribe::<UserRenamed>(cx);
    }

    #[event(UserRenamed)]
    fn renamed(&mut self) {
        self.heard += 1;
    }
}

stayput::app!(User, Team, Spy, Narcissus);

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Whom a list is about.
fn objects(list: &[Subscription]) -> Vec<(&str, &str)> {
    list.iter()
        .map(|entry| (entry.object.as_str(), entry.event.as_str()))
        .collect()
}

#[test]
fn what_is_logged_is_heard_in_order_once() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        let (user, team) = (User::named(&ann, "u"), Team::named(&ann, "t"));
        user.rename(texts(&["before"])).await.unwrap();
        team.add("u").await.unwrap();
        // Asked for again, it is there once.
        team.add("u").await.unwrap();
        t.settle().await;
        user.rename(texts(&["a", "b"])).await.unwrap();
        assert_eq!(code(user.regret().await), "test.failed");
        User::named(&t.as_user("bob"), "u")
            .rename(texts(&["c"]))
            .await
            .unwrap();
        team.tell().await.unwrap();
        t.settle().await;
        let mut heard = team.heard().await.unwrap();
        // Its own is not in line with those of others.
        heard.retain(|line| line != "own of me");
        let expected = [
            "a of user/u for ann",
            "b of user/u for ann",
            "c of user/u for bob",
        ];
        assert_eq!(heard, expected);
        let mut after = team.after().await.unwrap();
        after.retain(|line| line != "own false");
        assert_eq!(after, ["a true", "b true", "c true"]);
        let subscriptions = team.subscriptions().await.unwrap();
        assert_eq!(objects(&subscriptions), [("user/u", "user_renamed")]);
        let subscribers = user.subscribers().await.unwrap();
        assert_eq!(objects(&subscribers), [("team/t", "user_renamed")]);
        assert_eq!(user.outbox().await.unwrap(), []);
    });
}

#[test]
fn what_is_no_longer_wanted_is_heard_no_more() {
    testing::run(app(), async |t| {
        let (user, team) = (User::named(t, "u"), Team::named(t, "t"));
        assert_eq!(code(team.regret("u").await), "test.failed");
        assert!(!team.remove("u").await.unwrap());
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
        team.add("u").await.unwrap();
        t.settle().await;
        // What is on its way when it ends is dropped: the first attempt fails, the second finds nobody.
        team.break_handler(1).await.unwrap();
        user.rename(texts(&["late"])).await.unwrap();
        t.settle().await;
        assert_eq!(user.outbox().await.unwrap().len(), 1);
        assert!(team.remove("u").await.unwrap());
        assert_eq!(team.subscriptions().await.unwrap(), []);
        t.advance(minutes(1)).await;
        assert_eq!(user.outbox().await.unwrap(), []);
        assert_eq!(user.subscribers().await.unwrap(), []);
        user.rename(texts(&["later"])).await.unwrap();
        t.settle().await;
        assert_eq!(team.heard().await.unwrap(), Vec::<String>::new());
        // Subscribed anew, it hears what comes from then on.
        team.add("u").await.unwrap();
        t.settle().await;
        user.rename(texts(&["new"])).await.unwrap();
        t.settle().await;
        assert_eq!(team.heard().await.unwrap().len(), 1);
        assert_eq!(user.dead().await.unwrap(), []);
    });
}

#[test]
fn the_event_says_which_objects_may_subscribe() {
    testing::run(app(), async |t| {
        let user = User::named(t, "u");
        let (spy, team) = (Spy::named(t, "s"), Team::named(t, "t"));
        let stranger = Team::named(&t.as_user("stranger"), "x");
        spy.watch_pay("u").await.unwrap();
        team.watch_pay("u").await.unwrap();
        stranger.watch_pay("u").await.unwrap();
        t.settle().await;
        user.pay(5_u64).await.unwrap();
        t.settle().await;
        // Rooms are of connections: an object hears all of an event.
        assert_eq!(team.heard().await.unwrap(), ["5 cents"]);
        assert_eq!(spy.heard().await.unwrap(), 0);
        // A refusal is not tried again.
        let dead = spy.dead().await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((&*dead[0].error.code, dead[0].attempts), ("forbidden", 1));
        assert_eq!(spy.subscriptions().await.unwrap(), []);
        assert_eq!(stranger.heard().await.unwrap(), Vec::<String>::new());
        assert_eq!(stranger.dead().await.unwrap().len(), 1);
        let subscribers = user.subscribers().await.unwrap();
        assert_eq!(objects(&subscribers), [("team/t", "user_paid")]);
    });
}

#[test]
fn who_is_destroyed_is_told_no_more() {
    testing::run(app(), async |t| {
        let (user, team) = (User::named(t, "u"), Team::named(t, "t"));
        let other = Team::named(t, "other");
        for team in [&team, &other] {
            team.add("u").await.unwrap();
        }
        t.settle().await;
        team.end().await.unwrap();
        user.rename(texts(&["a"])).await.unwrap();
        t.settle().await;
        // To be told bears nobody, and leaves no dead letter.
        assert!(
            !stored(t.data())
                .iter()
                .any(|line| line.starts_with("team/t "))
        );
        assert_eq!(objects(&user.subscribers().await.unwrap()).len(), 1);
        assert_eq!(user.dead().await.unwrap(), []);
        // One of the same name has to ask for itself: the old subscription is not its own.
        other.end().await.unwrap();
        other.break_handler(0).await.unwrap();
        user.rename(texts(&["b"])).await.unwrap();
        t.settle().await;
        assert_eq!(other.heard().await.unwrap(), Vec::<String>::new());
        assert_eq!(user.subscribers().await.unwrap(), []);
        // And who subscribes to an object that ended and came again is told when it asks again.
        other.add("u").await.unwrap();
        t.settle().await;
        user.end().await.unwrap();
        user.rename(texts(&["c"])).await.unwrap();
        t.settle().await;
        assert_eq!(other.heard().await.unwrap(), Vec::<String>::new());
        other.add("u").await.unwrap();
        t.settle().await;
        user.rename(texts(&["d"])).await.unwrap();
        t.settle().await;
        assert_eq!(other.heard().await.unwrap().len(), 1);
    });
}

#[test]
fn a_required_handler_that_fails_is_tried_again_in_order() {
    testing::run(app(), async |t| {
        let (user, team) = (User::named(t, "u"), Team::named(t, "t"));
        let other = Team::named(t, "other");
        for team in [&team, &other] {
            team.add("u").await.unwrap();
        }
        t.settle().await;
        team.break_handler(2).await.unwrap();
        user.rename(texts(&["a", "b"])).await.unwrap();
        t.settle().await;
        assert_eq!(team.heard().await.unwrap(), Vec::<String>::new());
        assert_eq!(other.heard().await.unwrap().len(), 2);
        t.advance(minutes(1)).await;
        let heard = team.heard().await.unwrap();
        let first: Vec<_> = heard.iter().map(|line| &line[..1]).collect();
        assert_eq!(first, ["a", "b"]);
        // Too often: a dead letter, and the next one is tried.
        team.break_handler(1_000).await.unwrap();
        user.rename(texts(&["c", "d"])).await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(team.heard().await.unwrap().len(), 2);
        let dead = user.dead().await.unwrap();
        assert_eq!(dead.len(), 2);
        assert_eq!((&*dead[0].target, &*dead[0].action), ("team/t", "~hear"));
        team.break_handler(0).await.unwrap();
        assert!(user.replay(&*dead[0].id).await.unwrap());
        t.settle().await;
        let heard = team.heard().await.unwrap();
        assert!(heard[2].starts_with("c of"), "{heard:?}");
    });
}

#[test]
fn crashes_neither_lose_nor_repeat() {
    testing::run(app(), async |t| {
        let users = [User::named(t, "u0"), User::named(t, "u1")];
        let teams = [Team::named(t, "t0"), Team::named(t, "t1")];
        for team in &teams {
            for user in ["u0", "u1"] {
                team.add(user).await.unwrap();
            }
        }
        t.settle().await;
        for round in 0..30_usize {
            if round % 2 == 0 {
                t.crash_after(u32::try_from(round % 7).unwrap());
            }
            // The answer may be lost with the program.
            drop(users[round % 2].rename(vec![format!("r{round}")]).await);
            match round % 4 {
                0 => t.crash().await,
                1 => t.evict().await,
                2 => t.restart().await,
                _ => t.advance(seconds(3)).await,
            }
        }
        t.advance(minutes(10)).await;
        let of = |heard: &[String], user: &str| -> Vec<String> {
            let lines = heard.iter().filter(|line| line.contains(user));
            lines
                .map(|line| line.split(' ').next().unwrap().to_owned())
                .collect()
        };
        let heard = teams[0].heard().await.unwrap();
        for (number, user) in users.iter().enumerate() {
            let name = format!("user/u{number}");
            // All that was committed is in the log.
            let late = Team::named(t, &format!("late{number}"));
            late.add_after(format!("u{number}"), "oldest")
                .await
                .unwrap();
            t.settle().await;
            let logged = of(&late.heard().await.unwrap(), &name);
            assert!(logged.len() >= 5, "{logged:?}");
            assert_eq!(of(&heard, &name), logged);
            assert_eq!(of(&teams[1].heard().await.unwrap(), &name), logged);
            assert_eq!(user.outbox().await.unwrap(), []);
            assert_eq!(user.dead().await.unwrap(), []);
        }
    });
}

#[test]
fn a_subscription_may_begin_at_a_place_in_the_log() {
    testing::run(app(), async |t| {
        let (user, team) = (User::named(t, "u"), Team::named(t, "t"));
        user.rename(texts(&["a", "b"])).await.unwrap();
        team.add_after("u", "oldest").await.unwrap();
        t.settle().await;
        let firsts = async || -> Vec<String> {
            let heard = team.heard().await.unwrap();
            heard.iter().map(|line| line[..1].to_owned()).collect()
        };
        assert_eq!(firsts().await, ["a", "b"]);
        let cursor = team.cursor().await.unwrap();
        assert!(team.remove("u").await.unwrap());
        t.settle().await;
        user.rename(texts(&["c", "d"])).await.unwrap();
        t.settle().await;
        assert_eq!(firsts().await, ["a", "b"]);
        team.add_after("u", cursor).await.unwrap();
        t.settle().await;
        user.rename(texts(&["e"])).await.unwrap();
        t.settle().await;
        assert_eq!(firsts().await, ["a", "b", "c", "d", "e"]);
        // Who is subscribed already is where it is.
        team.add_after("u", "oldest").await.unwrap();
        t.settle().await;
        assert_eq!(firsts().await.len(), 5);
    });
}

#[test]
fn mixins_have_subscriptions_of_their_own() {
    testing::run(app(), async |t| {
        let (user, team) = (User::named(t, "u"), Team::named(t, "t"));
        team.left().listen("u").await.unwrap();
        t.settle().await;
        user.rename(texts(&["a"])).await.unwrap();
        t.settle().await;
        assert_eq!(team.left().heard().await.unwrap(), ["a"]);
        assert_eq!(team.right().heard().await.unwrap(), Vec::<String>::new());
        assert_eq!(team.left().subscriptions().await.unwrap().len(), 1);
        assert_eq!(team.subscriptions().await.unwrap(), []);
        // The object hears what its mixin does, as with events of its own.
        assert_eq!(team.heard().await.unwrap().len(), 1);
        // A mixin's events are subscribed to by its stub.
        team.watch_stamps("u").await.unwrap();
        t.settle().await;
        user.passport().stamp("x").await.unwrap();
        t.settle().await;
        assert_eq!(team.heard().await.unwrap()[1], "stamp x");
        let subscriptions = team.subscriptions().await.unwrap();
        let expected = [("user/u", "passport.stamped")];
        assert_eq!(objects(&subscriptions), expected);
    });
}

#[test]
fn objects_without_a_name_subscribe_and_are_subscribed_to() {
    testing::run(app(), async |t| {
        let (user, team) = (User::unique(t), Team::unique(t));
        user.rename(texts(&["a"])).await.unwrap();
        team.add_by_id(user.id().unwrap()).await.unwrap();
        t.settle().await;
        user.rename(texts(&["b"])).await.unwrap();
        t.settle().await;
        let heard = team.heard().await.unwrap();
        assert_eq!(heard.len(), 1);
        assert!(heard[0].starts_with("b of user/? for"), "{heard:?}");
    });
}

#[test]
fn nobody_subscribes_to_itself() {
    testing::run(app(), async |t| {
        let it = Narcissus::named(t, "n");
        assert_eq!(code(it.look().await), "invalid_request");
        assert_eq!(stored(t.data()), Vec::<String>::new());
    });
}

#[test]
fn a_thousand_may_subscribe_to_an_event() {
    testing::run(app(), async |t| {
        let user = User::named(t, "u");
        for number in 0..1_001 {
            Team::named(t, &number.to_string()).add("u").await.unwrap();
        }
        t.settle().await;
        let subscribers = user.subscribers().await.unwrap();
        assert_eq!(subscribers.len(), 1_000);
        let began = std::time::Instant::now();
        user.rename(texts(&["a"])).await.unwrap();
        t.settle().await;
        eprintln!("FANOUT {:?}", began.elapsed());
        // However slow the machine is, nothing is left that waits for no time.
        let outbox = user.outbox().await.unwrap();
        assert_eq!(outbox, []);
        assert_eq!(Team::named(t, "7").heard().await.unwrap().len(), 1);
    });
}

#[test]
fn no_caller_subscribes_an_object() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        User::named(&ann, "u").rename(texts(&["a"])).await.unwrap();
        for action in ["~follow", "~unfollow", "~hear"] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{action}","params":{{}}}}"#);
            let answer = ann.post("/user/u", body).await;
            let text = String::from_utf8_lossy(answer.body());
            assert!(text.contains("-32601"), "{text}");
        }
        let manifest = serde_json::to_value(app().manifest()).unwrap();
        let classes = &manifest["classes"];
        assert_eq!(
            classes["spy"]["subscribes"],
            serde_json::json!(["user_paid"])
        );
        assert_eq!(classes["user"]["events"]["user_paid"]["objects"], true);
    });
}

mod without {
    use stayput::prelude::*;

    pub use super::User;

    /// Hears of nothing any more.
    #[durable_object(defers)]
    pub struct Team {
        heard: Vec<String>,
    }

    #[durable_object]
    impl Team {
        #[action]
        fn heard(&self) -> Vec<String> {
            self.heard.clone()
        }
    }

    stayput::app!(User, Team);
}

#[test]
fn what_the_code_hears_no_more_is_kept_as_dead_letters() {
    let folder = tempfile::tempdir().unwrap();
    let open = |app| Test::new(app).data(folder.path());
    open(app()).run(async |t| {
        Team::named(t, "t").add("u").await.unwrap();
        t.settle().await;
    });
    open(without::app()).run(async |t| {
        let user = User::named(t, "u");
        user.rename(texts(&["a", "b"])).await.unwrap();
        t.settle().await;
        let dead = user.dead().await.unwrap();
        assert_eq!(dead.len(), 2);
        assert_eq!(dead[0].error.code, "method_not_found");
        assert_eq!(user.outbox().await.unwrap(), []);
    });
    open(app()).run(async |t| {
        let user = User::named(t, "u");
        for letter in user.dead().await.unwrap() {
            assert!(user.replay(&*letter.id).await.unwrap());
        }
        user.rename(texts(&["c"])).await.unwrap();
        t.settle().await;
        let heard = Team::named(t, "t").heard().await.unwrap();
        let first: Vec<_> = heard.iter().map(|line| &line[..1]).collect();
        assert_eq!(first, ["a", "b", "c"]);
    });
}
