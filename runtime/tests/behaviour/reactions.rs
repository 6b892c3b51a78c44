//! Handlers that run after the commit: at least once, in order, and only for what was committed.

use stayput::event::Executed;
use stayput::prelude::*;
use stayput::testing::{self, Test};
use stayput::time::{DeadLetter, Pending};

use crate::support::{code, stored};

/// Somebody signed up.
#[event]
pub struct UserCreated {
    pub name: String,
}

/// Something that only mixins tell.
#[event]
pub struct Stamped {
    pub what: String,
}

/// Tells on, and hears.
#[mixin(defers, events(Stamped))]
pub struct Desk {
    heard: Vec<String>,
}

#[mixin]
impl Desk {
    #[action]
    fn stamp(&mut self, cx: &mut Context<Self>, what: String) {
        cx.emit(Stamped { what });
    }

    #[action]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }

    #[event(UserCreated)]
    async fn greet(this: Handle<Self>, cx: ProcessContext<Self>, event: UserCreated) -> Result<()> {
        let line = format!("{} by {}", event.name, cx.caller().subject());
        this.atomic(|desk, _| {
            desk.heard.push(line);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    #[event(Stamped)]
    async fn file(this: Handle<Self>, event: Stamped) -> Result<()> {
        this.atomic(|desk, _| {
            desk.heard.push(event.what);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }
}

#[derive(Debug, Clone, PartialEq, ActionError)]
pub enum SignUpError {
    /// It was told to fail.
    #[error(code = "office.failed")]
    Failed,
}

#[durable_object(defers, events(UserCreated, Stamped))]
pub struct Office {
    users: u64,
    inside: Vec<String>,
    mails: Log<String>,
    counted: u64,
    firsts: Vec<String>,
    /// How many attempts of `mail` fail.
    broken: u64,
    #[mixin]
    left: Desk,
    #[mixin]
    right: Desk,
    #[transient]
    tries: Vec<i64>,
}

#[durable_object]
impl Office {
    #[action]
    fn sign_up(&mut self, cx: &mut Context<Self>, names: Vec<String>) -> u64 {
        for name in names {
            cx.emit(UserCreated { name });
            self.users += 1;
        }
        self.users
    }

    #[action]
    fn regret(&mut self, cx: &mut Context<Self>) -> Result<(), SignUpError> {
        self.sign_up(cx, vec!["nobody".to_owned()]);
        Err(SignUpError::Failed)
    }

    #[action]
    fn attempted(&mut self, cx: &mut Context<Self>) {
        let outcome = cx.attempt(self, Office::regret);
        assert_eq!(outcome, Err(SignUpError::Failed));
        self.sign_up(cx, vec!["somebody".to_owned()]);
    }

    #[event(UserCreated)]
    fn note(&mut self, event: UserCreated) {
        self.inside
            .push(format!("{} after {} mails", event.name, self.mails.len()));
    }

    #[event(UserCreated)]
    async fn mail(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        event: UserCreated,
    ) -> Result<(), SignUpError> {
        let now = cx.now().as_millis();
        let sent = this.atomic(|office, _| {
            office.tries.push(now);
            office.broken = office.broken.saturating_sub(1);
            if event.name == "broken" || office.broken > 0 {
                return Ok(false);
            }
            office.mails.push(event.name);
            Ok::<_, SignUpError>(true)
        });
        match sent.await {
            Ok(true) => Ok(()),
            _ => Err(SignUpError::Failed),
        }
    }

    /// Not held up by the mails.
    #[event(UserCreated)]
    async fn count(this: Handle<Self>) {
        this.atomic(|office, _| {
            office.counted += 1;
            Ok::<_, SignUpError>(())
        })
        .await
        .unwrap();
    }

    #[event(UserCreated, once)]
    async fn first(this: Handle<Self>, event: UserCreated) -> Result<()> {
        this.atomic(|office, _| {
            office.firsts.push(event.name);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    #[action]
    fn break_mail(&mut self, times: u64) {
        self.broken = times;
    }

    #[action]
    fn inside(&self) -> Vec<String> {
        self.inside.clone()
    }

    #[action]
    fn mails(&self) -> Vec<String> {
        self.mails.iter().map(|(_, mail)| mail).collect()
    }

    #[action]
    fn others(&self) -> (u64, Vec<String>) {
        (self.counted, self.firsts.clone())
    }

    #[action]
    fn tries(&self) -> Vec<i64> {
        self.tries.clone()
    }

    #[action]
    fn outbox(&self, cx: &Context<Self>) -> Vec<Pending> {
        cx.outbox().list(100)
    }

    #[action]
    fn unsend(&mut self, cx: &mut Context<Self>, action: String) -> u64 {
        let all = cx.outbox().list(100);
        let of_it = all.iter().filter(|pending| pending.action == action);
        let cancelled = of_it.filter(|pending| cx.outbox_mut().cancel(pending.id));
        cancelled.count() as u64
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
        self.sign_up(cx, vec!["late".to_owned()]);
        cx.destroy();
    }
}

/// Hears of its own actions after they are done.
#[durable_object(defers)]
pub struct Till {
    cents: i64,
    rows: Vec<String>,
}

#[durable_object]
impl Till {
    #[action]
    fn pay(&mut self, cents: i64) -> i64 {
        self.cents += cents;
        self.cents
    }

    #[event(Executed)]
    async fn audit(this: Handle<Self>, event: Executed) -> Result<()> {
        let row = format!("{}{}", event.action, event.params);
        this.atomic(|till, _| {
            till.rows.push(row);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    #[action]
    fn rows(&self) -> Vec<String> {
        self.rows.clone()
    }
}

stayput::app!(Office, Till);

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn a_handler_runs_after_the_commit_and_in_order() {
    testing::run(app(), async |t| {
        let office = Office::named(&t.as_user("ada"), "o");
        assert_eq!(office.sign_up(names(&["a", "b"])).await.unwrap(), 2);
        office.sign_up(names(&["c"])).await.unwrap();
        t.settle().await;
        assert_eq!(office.mails().await.unwrap(), ["a", "b", "c"]);
        // What runs inside the action saw nothing of the mails that it caused.
        let inside = office.inside().await.unwrap();
        assert_eq!(inside[..2], ["a after 0 mails", "b after 0 mails"]);
        let (counted, firsts) = office.others().await.unwrap();
        assert_eq!((counted, firsts), (3, names(&["a"])));
        assert_eq!(office.outbox().await.unwrap(), []);
    });
}

#[test]
fn what_was_undone_is_not_handed_over() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        assert_eq!(code(office.regret().await), "office.failed");
        t.advance(minutes(1)).await;
        assert_eq!(office.mails().await.unwrap(), Vec::<String>::new());
        assert_eq!(stored(t.data()), Vec::<String>::new());
        // Nor is what an attempt took back.
        office.attempted().await.unwrap();
        t.settle().await;
        assert_eq!(office.mails().await.unwrap(), ["somebody"]);
        let (counted, firsts) = office.others().await.unwrap();
        assert_eq!((counted, firsts), (1, names(&["somebody"])));
        // And what ends with the object is over.
        office.end().await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
    });
}

#[test]
fn a_handler_that_fails_is_tried_again_and_holds_up_itself_only() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        office.break_mail(3).await.unwrap();
        office.sign_up(names(&["a", "b"])).await.unwrap();
        t.settle().await;
        assert_eq!(office.mails().await.unwrap(), Vec::<String>::new());
        assert_eq!(office.others().await.unwrap().0, 2);
        let waiting = office.outbox().await.unwrap();
        let waiting: Vec<_> = (waiting.iter())
            .map(|pending| (&*pending.target, &*pending.action, pending.attempts))
            .collect();
        let mail = ("office/o", "~on.mail");
        assert_eq!(waiting, [(mail.0, mail.1, 1), (mail.0, mail.1, 0)]);
        t.advance(minutes(1)).await;
        assert_eq!(office.mails().await.unwrap(), ["a", "b"]);
        let tries = office.tries().await.unwrap();
        assert_eq!(tries.len(), 4);
        assert!((2_000..2_500).contains(&(tries[1] - tries[0])), "{tries:?}");
        assert!((4_000..5_000).contains(&(tries[2] - tries[1])), "{tries:?}");
    });
}

#[test]
fn a_handler_that_fails_too_often_leaves_a_dead_letter() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        office.sign_up(names(&["broken", "b"])).await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(office.mails().await.unwrap(), ["b"]);
        let dead = office.dead().await.unwrap();
        assert_eq!(dead.len(), 1);
        let letter = (&*dead[0].action, &*dead[0].target, dead[0].attempts);
        assert_eq!(letter, ("~on.mail", "office/o", 7));
        assert_eq!(dead[0].error.code, "office.failed");
        // Replayed, it has as many attempts again.
        assert!(office.replay(&*dead[0].id).await.unwrap());
        t.advance(hours(1)).await;
        assert_eq!(office.dead().await.unwrap().len(), 1);
        // 7 and 7 of the broken one, and one of the other.
        assert_eq!(office.tries().await.unwrap().len(), 15);
    });
}

#[test]
fn what_waits_for_a_handler_is_cancelled() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        office.break_mail(2).await.unwrap();
        office.sign_up(names(&["a", "b"])).await.unwrap();
        t.settle().await;
        assert_eq!(office.unsend("~on.mail").await.unwrap(), 2);
        t.advance(minutes(5)).await;
        assert_eq!(office.mails().await.unwrap(), Vec::<String>::new());
        office.sign_up(names(&["c"])).await.unwrap();
        t.settle().await;
        assert_eq!(office.mails().await.unwrap(), ["c"]);
    });
}

#[test]
fn mixins_hear_their_host_and_themselves() {
    testing::run(app(), async |t| {
        let office = Office::named(&t.as_user("ada"), "o");
        office.sign_up(names(&["a"])).await.unwrap();
        office.left().stamp("s").await.unwrap();
        t.settle().await;
        assert_eq!(office.left().heard().await.unwrap(), ["a by ada", "s"]);
        assert_eq!(office.right().heard().await.unwrap(), ["a by ada"]);
    });
}

#[test]
fn a_crash_loses_none_and_keeps_the_order() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        let all: Vec<String> = (0..30).map(|round| format!("u{round}")).collect();
        for (round, name) in all.iter().enumerate() {
            if round % 2 == 0 {
                t.crash_after(u32::try_from(round % 5).unwrap());
            }
            // The answer may be lost with the program: then it is not known whether it was done.
            drop(office.sign_up(vec![name.clone()]).await);
            match round % 3 {
                0 => t.crash().await,
                1 => t.evict().await,
                _ => t.advance(seconds(3)).await,
            }
        }
        t.advance(minutes(10)).await;
        let mut mails = office.mails().await.unwrap();
        // At least once: one that was done when the program died is done again.
        mails.dedup();
        let inside = office.inside().await.unwrap();
        let expected: Vec<_> = (inside.iter())
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(mails, expected);
        assert!(mails.len() >= 15, "{mails:?}");
        assert_eq!(office.dead().await.unwrap(), []);
        assert_eq!(office.outbox().await.unwrap(), []);
    });
}

#[test]
fn what_is_too_large_fails_the_action() {
    testing::run(app(), async |t| {
        let office = Office::named(t, "o");
        let large = vec!["x".repeat(1_000_000)];
        assert_eq!(code(office.sign_up(large).await), "too_large");
        assert_eq!(office.inside().await.unwrap(), Vec::<String>::new());
    });
}

#[test]
fn no_caller_reaches_a_handler_by_its_name() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        Office::named(&ann, "o").sign_up(Vec::new()).await.unwrap();
        let body =
            r#"{"jsonrpc":"2.0","id":1,"method":"~on.mail","params":{"event":{"name":"x"}}}"#;
        let answer = ann.post("/office/o", body).await;
        let text = String::from_utf8_lossy(answer.body());
        assert!(text.contains("-32601"), "{text}");
        let answer = ann.post("/office/o/~on.mail", "{}").await;
        assert_eq!(answer.status(), 404);
        let manifest = serde_json::to_value(app().manifest()).unwrap();
        let class = &manifest["classes"]["office"];
        assert!(class["actions"].get("~on.mail").is_none());
        assert!(class["handles"].to_string().contains("user_created"));
        let reactions = class["reactions"].as_object().unwrap();
        let names: Vec<_> = reactions.keys().map(String::as_str).collect();
        let expected = [
            "count",
            "first",
            "left.file",
            "left.greet",
            "mail",
            "right.file",
            "right.greet",
        ];
        assert_eq!(names, expected);
        assert_eq!(reactions["left.file"], "stamped");
    });
}

#[test]
fn what_a_handler_of_actions_does_is_not_handed_to_it() {
    testing::run(app(), async |t| {
        let till = Till::named(t, "t");
        till.pay(5).await.unwrap();
        t.advance(hours(1)).await;
        assert_eq!(till.rows().await.unwrap(), ["pay[5]"]);
    });
}

mod gone {
    use stayput::prelude::*;

    #[durable_object]
    pub struct Office {}

    #[durable_object]
    impl Office {
        #[action]
        fn nothing(&self) {}
    }

    stayput::app!(Office);
}

#[test]
fn a_handler_that_is_gone_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let open = |app| Test::new(app).data(folder.path());
    open(app()).run(async |t| {
        let office = Office::named(t, "o");
        office.sign_up(names(&["broken"])).await.unwrap();
        t.settle().await;
        assert_eq!(t.gone_actions().await, Vec::<String>::new());
    });
    let lines = open(gone::app()).run(async |t| t.gone_actions().await);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let expected = "`office` has no async handler `mail` any more, and events still wait for it: an event for `mail` of office/o";
    assert!(lines[0].starts_with(expected), "{}", lines[0]);
    assert!(lines[0].contains("Put the handler back"), "{}", lines[0]);
}
