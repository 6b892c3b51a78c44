//! The end of an object: all of it in one commit, and whoever calls next finds a new one.

use stayput::prelude::*;
use stayput::sql::{Migration, SqlError};
use stayput::testing::{self, Fault, Harness};

use crate::support::{code, stored};

/// Something was said.
#[event(public)]
pub struct Said {
    text: String,
}

/// Fails where a handler runs.
#[event]
pub struct Tried {}

/// How many there were.
#[mixin]
pub struct Tally {
    count: u64,
}

#[mixin]
impl Tally {
    #[action]
    pub fn add(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

#[durable_object(events(Said, Tried))]
pub struct Room {
    topic: String,
    said: Log<String>,
    starts: Vec<bool>,
    rung: bool,
    #[mixin]
    tally: Tally,
}

#[durable_object]
impl Room {
    #[event(start)]
    fn started(&mut self, first: bool) {
        self.starts.push(first);
    }

    #[event(alarm)]
    fn ring(&mut self) {
        self.rung = true;
    }

    #[event(Tried)]
    fn tried(&mut self, cx: &mut Context<Self>, _event: Tried) -> Result<()> {
        cx.destroy();
        Err(stayput::Error::msg("as asked"))
    }

    #[action]
    fn say(&mut self, cx: &mut Context<Self>, text: String) -> u64 {
        self.topic = text.clone();
        cx.records_mut().put("bare", &text);
        cx.set_alarm(cx.now() + minutes(1));
        self.tally.count += 1;
        self.said.push(text)
    }

    /// Topic, what was said, starts, whether the alarm rang, the mixin's count.
    #[action]
    fn all(&self, cx: &Context<Self>) -> (String, Vec<String>, usize, bool, u64) {
        let bare: Option<String> = cx.records().get("bare");
        let said = self.said.last(9).into_iter().chain(bare).collect();
        (
            self.topic.clone(),
            said,
            self.starts.len(),
            self.rung,
            self.tally.count,
        )
    }

    /// Whether each wake was the first.
    #[action]
    fn starts(&self) -> Vec<bool> {
        self.starts.clone()
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>, fail: bool) -> Result<String> {
        let last = std::mem::take(&mut self.topic);
        cx.broadcast(Said { text: "bye".into() });
        cx.destroy();
        // Goes the way of everything else.
        self.said.push("never".to_owned());
        if fail {
            return Err(stayput::Error::msg("as asked"));
        }
        Ok(last)
    }

    /// Parts that fail alone do not end it.
    #[action]
    fn spare(&mut self, cx: &mut Context<Self>) {
        let attempt: Result<(), _> = cx.attempt(self, |room, cx| {
            room.topic = "gone".into();
            cx.destroy();
            Err(stayput::Error::msg("as asked"))
        });
        assert!(attempt.is_err());
        cx.emit(Tried {});
    }

    #[action]
    async fn wait(&mut self, cx: &mut Context<Self>) {
        cx.sleep(seconds(1)).await;
        cx.destroy();
    }

    #[action]
    async fn replace(this: Handle<Self>, _cx: ProcessContext<Self>) -> Result<u64> {
        this.atomic(|_, cx| {
            cx.destroy();
            Ok::<(), stayput::Error>(())
        })
        .await
        .map_err(|_| stayput::Error::msg("it could not"))?;
        this.atomic(|room, cx| Ok::<_, stayput::Error>(room.say(cx, "anew".into())))
            .await
            .map_err(|_| stayput::Error::msg("it could not"))
    }

    #[action]
    async fn end_other(&mut self, cx: &mut Context<Self>, name: String) -> Result<()> {
        Ok(Room::named(cx, &name).destroy().await?)
    }
}

const TABLES: &[Migration] = &[
    Migration::new(
        "notes",
        "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    ),
    Migration::new("words", "CREATE VIRTUAL TABLE word USING fts5(text)"),
];

#[durable_object(sql(migrations = TABLES))]
pub struct Book {
    notes: u64,
}

#[durable_object]
impl Book {
    #[action]
    fn write(&mut self, cx: &mut Context<Self>, text: String) -> Result<u64, SqlError> {
        self.notes += 1;
        cx.set_alarm(cx.now() + minutes(1));
        cx.sql()
            .exec("INSERT INTO word VALUES(?)", (text.as_str(),))?;
        cx.sql()
            .exec("INSERT INTO note(text) VALUES(?)", (text.as_str(),))?;
        Ok(self.notes)
    }

    #[action]
    fn read(&self, cx: &Context<Self>) -> Result<(u64, Vec<String>), SqlError> {
        let rows = cx.sql_read().all("SELECT text FROM note ORDER BY id", ())?;
        Ok((self.notes, rows))
    }

    #[action]
    fn end(&mut self, cx: &mut Context<Self>, fail: bool) -> Result<()> {
        cx.sql().exec("DELETE FROM note", ())?;
        cx.destroy();
        if fail {
            return Err(stayput::Error::msg("as asked"));
        }
        Ok(())
    }
}

stayput::app!(Room, Book, Guest);

fn no_files(t: &Harness) -> bool {
    let folder = t.data().join("sql");
    let Ok(parts) = std::fs::read_dir(folder) else {
        return true;
    };
    parts
        .flatten()
        .all(|part| std::fs::read_dir(part.path()).unwrap().count() == 0)
}

#[test]
fn nothing_of_it_stays_and_the_next_call_finds_a_new_one() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "lobby");
        room.say("hello").await.unwrap();
        room.say("again").await.unwrap();
        assert_eq!(room.end(false).await.unwrap(), "again");
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
        assert_eq!(
            room.all().await.unwrap(),
            (String::new(), vec![], 1, false, 0)
        );
        t.advance(minutes(2)).await;
        assert!(!room.all().await.unwrap().3, "the alarm went, too");
        // A new life: ids and starts begin anew, and last.
        assert_eq!(room.say("new").await.unwrap(), 1);
        t.restart().await;
        let (topic, said, ..) = room.all().await.unwrap();
        assert_eq!(
            (topic.as_str(), said),
            ("new", vec!["new".into(), "new".into()])
        );
        assert_eq!(room.starts().await.unwrap(), [true, false]);
        t.advance(minutes(2)).await;
        assert!(room.all().await.unwrap().3);
    });
}

#[test]
fn what_fails_ends_nothing() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "lobby");
        room.say("hello").await.unwrap();
        assert_eq!(code(room.end(true).await), "internal");
        room.spare().await.unwrap();
        t.fail_next(Fault::Io);
        assert_eq!(code(room.end(false).await), "storage");
        t.restart().await;
        let (topic, said, ..) = room.all().await.unwrap();
        assert_eq!((topic.as_str(), said.len()), ("hello", 2));
    });
}

#[test]
fn lives_follow_each_other_without_a_pause() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "lobby");
        // All on their way before the first is on disk.
        let held = t.hold_commits();
        let mut calls = Vec::new();
        for life in 0..5u64 {
            let (text, room) = (format!("{life}"), room.clone());
            calls.push(t.spawn(async move {
                let id = room.say(text).await.unwrap();
                let end = (life < 4).then(|| room.end(false));
                if let Some(end) = end {
                    end.await.unwrap();
                }
                id
            }));
        }
        drop(held);
        for call in calls {
            call.await;
        }
        t.settle().await;
        let known = room.all().await.unwrap();
        t.crash().await;
        let found = room.all().await.unwrap();
        assert_eq!((&known.0, &known.1, known.4), (&found.0, &found.1, found.4));
        assert_eq!(room.replace().await.unwrap(), 1);
        t.crash().await;
        assert_eq!(room.all().await.unwrap().0, "anew");
    });
}

#[test]
fn who_waits_for_it_gets_the_new_one() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "lobby");
        room.say("hello").await.unwrap();
        let ending = t.spawn(room.wait());
        let waiting: Vec<_> = (0..3).map(|_| t.spawn(room.say("next"))).collect();
        t.advance(seconds(2)).await;
        ending.await.unwrap();
        let mut ids = Vec::new();
        for call in waiting {
            ids.push(call.await.unwrap());
        }
        assert_eq!(ids, [1, 2, 3]);
    });
}

#[test]
fn connections_hear_the_last_word_and_are_closed() {
    testing::run(app(), async |t| {
        let room = Room::named(t, "lobby");
        room.say("hello").await.unwrap();
        let ann = t.as_user("ann").connect(&room).await.unwrap();
        ann.subscribe(&["said"]).await.unwrap();
        room.end(false).await.unwrap();
        t.settle().await;
        assert_eq!(
            ann.next::<Said>().map(|said| said.text).as_deref(),
            Some("bye")
        );
        assert_eq!(ann.closed(), Some((4410, "destroyed".to_owned())));
    });
}

#[test]
fn objects_may_end_each_other_and_clients_may_not() {
    testing::run(app(), async |t| {
        let (room, other) = (Room::named(t, "lobby"), Room::named(t, "other"));
        other.say("hello").await.unwrap();
        room.end_other("other").await.unwrap();
        t.settle().await;
        assert_eq!(other.all().await.unwrap().0, "");
        // There is nothing to end, and nothing comes of it.
        room.end_other("nobody").await.unwrap();
        other.say("hello").await.unwrap();
        for path in ["/room/other/~destroy", "/room/other"] {
            let call = r#"{"jsonrpc": "2.0", "id": 1, "method": "~destroy"}"#;
            let answer = t.as_user("ann").post(path, call).await;
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            assert!(
                text.contains("not_found") || text.contains("-32601"),
                "{text}"
            );
        }
        assert_eq!(other.all().await.unwrap().0, "hello");
    });
}

#[test]
fn tables_go_with_their_file() {
    testing::run(app(), async |t| {
        let book = Book::named(t, "diary");
        book.write("one").await.unwrap();
        book.write("two").await.unwrap();
        assert_eq!(code(book.end(true).await), "internal");
        assert_eq!(book.read().await.unwrap().1, ["one", "two"]);
        book.end(false).await.unwrap();
        t.settle().await;
        assert!(no_files(t));
        assert_eq!(stored(t.data()), Vec::<String>::new());
        assert_eq!(book.read().await.unwrap(), (0, vec![]));
        // Migrations run for the next life as they did for the first.
        assert_eq!(book.write("three").await.unwrap(), 1);
        t.crash().await;
        assert_eq!(book.read().await.unwrap(), (1, vec!["three".to_owned()]));
        book.end(false).await.unwrap();
        t.crash().await;
        assert_eq!(book.read().await.unwrap(), (0, vec![]));
        assert!(no_files(t));
    });
}

#[durable_object(destroy_after = hours(16))]
pub struct Guest {
    visits: u64,
}

#[durable_object]
impl Guest {
    #[action]
    fn visit(&mut self) -> u64 {
        self.visits += 1;
        self.visits
    }

    #[action]
    fn visits(&self) -> u64 {
        self.visits
    }
}

#[test]
fn a_temporary_object_goes_when_it_has_been_idle() {
    testing::run(app(), async |t| {
        let guest = Guest::named(t, "ann");
        // A look at one that does not exist writes nothing.
        assert_eq!(guest.visits().await.unwrap(), 0);
        assert_eq!(stored(t.data()), Vec::<String>::new());
        guest.visit().await.unwrap();
        // Used in time, by queries too, awake or not, it stays for as long as one likes.
        for hour in 0..40 {
            t.advance(hours(8)).await;
            if hour % 3 == 0 {
                t.evict().await;
            }
            assert_eq!(guest.visits().await.unwrap(), 1, "after {hour} rests");
        }
        t.restart().await;
        t.advance(hours(16).checked_sub(seconds(1)).unwrap()).await;
        assert_ne!(stored(t.data()), Vec::<String>::new());
        t.advance(hours(1) + seconds(2)).await;
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
        assert_eq!(guest.visit().await.unwrap(), 1);
    });
}

#[test]
fn a_temporary_object_that_is_connected_to_stays() {
    testing::run(app(), async |t| {
        let guest = Guest::named(t, "ann");
        guest.visit().await.unwrap();
        let ann = t.as_user("ann").connect(&guest).await.unwrap();
        t.advance(days(3)).await;
        t.settle().await;
        assert_eq!(guest.visits().await.unwrap(), 1);
        drop(ann);
        t.settle().await;
        t.advance(days(2)).await;
        t.settle().await;
        assert_eq!(stored(t.data()), Vec::<String>::new());
    });
}

#[test]
fn few_calls_of_a_temporary_object_write() {
    testing::run(app(), async |t| {
        let guest = Guest::named(t, "ann");
        guest.visit().await.unwrap();
        for _ in 0..1_000 {
            t.advance(minutes(1)).await;
            guest.visits().await.unwrap();
        }
        t.settle().await;
        let lines = stored(t.data());
        let row = lines.iter().find(|line| line.contains(" seq ")).unwrap();
        // A sixteenth of 16 hours is one.
        let commits: u64 = row.split(' ').nth(2).unwrap().parse().unwrap();
        assert!((16..=18).contains(&commits), "{row}");
    });
}

/// The class of [`Guest`], when it is temporary no more.
mod settled {
    use stayput::prelude::*;

    #[durable_object(class = "guest")]
    pub struct Guest {
        visits: u64,
    }

    #[durable_object]
    impl Guest {
        #[action]
        fn visits(&self) -> u64 {
            self.visits
        }
    }

    stayput::app!(Guest);
}

#[test]
fn a_class_that_is_temporary_no_more_forgets_that_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let on = |app| testing::Test::new(app).data(folder.path());
    on(app()).run(async |t| {
        Guest::named(t, "ann").visit().await.unwrap();
    });
    on(settled::app()).run(async |t| {
        t.advance(days(3)).await;
        t.settle().await;
        assert_eq!(settled::Guest::named(t, "ann").visits().await.unwrap(), 1);
        let left = stored(t.data());
        assert!(!left.iter().any(|line| line.contains("!alarm")), "{left:?}");
        assert!(left.iter().any(|line| line.ends_with("alarm None")));
    });
}
