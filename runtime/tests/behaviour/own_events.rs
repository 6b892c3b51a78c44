//! What an object has kept of its events, as its own code reads it.

use stayput::event::KeptEvent;
use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

/// Someone said something.
#[event(public, durable, keep = 4)]
struct Said {
    text: String,
}

/// Good for two hours.
#[event(public, durable, keep_hours = 2)]
struct Warned {
    of: u64,
}

/// Where someone's cursor is.
#[event(public, latest, key = "who")]
struct Moved {
    who: String,
    at: u64,
}

/// A mixin's own of the same name.
#[mixin(events(Said))]
struct Corner {
    said: u64,
}

#[mixin]
impl Corner {
    #[action(public)]
    fn mutter(&mut self, cx: &mut Context<Self>, text: String) -> usize {
        self.said += 1;
        cx.broadcast(Said { text }).to("dark");
        cx.kept::<Said>().last(10).len()
    }

    #[action(public)]
    fn muttered(&self, cx: &Context<Self>) -> Vec<KeptEvent<Said>> {
        cx.kept::<Said>().last(10)
    }
}

#[durable_object(events(Said, Warned, Moved))]
struct Hall {
    #[mixin]
    corner: Corner,
}

#[durable_object]
impl Hall {
    /// How many are kept then, this one with them.
    #[action(public)]
    fn say(&mut self, cx: &mut Context<Self>, text: String) -> usize {
        cx.broadcast(Said { text }).to_subject("ann");
        cx.kept::<Said>().last(10).len()
    }

    #[action(public)]
    fn regret(&mut self, cx: &mut Context<Self>, text: String) -> Result<()> {
        self.say(cx, text);
        Err(stayput::Error::msg("never said"))
    }

    #[action(public)]
    fn warn(&mut self, cx: &mut Context<Self>, of: u64) {
        cx.broadcast(Warned { of });
    }

    #[action(public)]
    fn warned(&self, cx: &Context<Self>) -> Vec<u64> {
        let all = cx.kept::<Warned>().last(10).into_iter();
        all.map(|kept| kept.event.of).collect()
    }

    #[action(public)]
    fn said(
        &self,
        cx: &Context<Self>,
        behind: Option<String>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Page<KeptEvent<Said>> {
        let kept = cx.kept::<Said>();
        match behind {
            Some(behind) => kept.after(&behind).page(after, limit),
            None => kept.page(after, limit),
        }
    }

    #[action(public)]
    fn point(&mut self, cx: &mut Context<Self>, who: String, at: u64) {
        cx.broadcast(Moved { who, at });
    }

    #[action(public)]
    fn points(
        &self,
        cx: &Context<Self>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Page<KeptEvent<Moved>> {
        cx.kept::<Moved>().page(after, limit)
    }

    #[action(public)]
    fn point_of(&self, cx: &Context<Self>, who: String) -> Option<u64> {
        Some(cx.kept::<Moved>().get(&who)?.event.at)
    }
}

stayput::app!(Hall);

fn texts(page: &[KeptEvent<Said>]) -> Vec<&str> {
    page.iter().map(|kept| &*kept.event.text).collect()
}

#[test]
fn an_object_reads_by_pages_what_it_has_kept() {
    testing::run(app(), async |t| {
        let hall = Hall::named(t, "h");
        let empty = hall.said(None, None, 5).await.unwrap();
        assert!(empty.items.is_empty() && empty.next.is_none());
        for (count, text) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            // No more than may be kept, and what the method itself has sent is among it.
            assert_eq!(hall.say(text).await.unwrap(), (count + 1).min(4));
            hall.warn(1).await.unwrap();
        }
        hall.regret("never").await.unwrap_err();
        t.evict().await;
        let first = hall.said(None, None, 3).await.unwrap();
        assert_eq!(texts(&first.items), ["c", "d", "e"]);
        let first_of_all = &first.items[0];
        assert_eq!(first_of_all.subject.as_deref(), Some("ann"));
        assert_eq!(
            (first_of_all.time, &first_of_all.rooms),
            (t.now(), &Vec::new())
        );
        let next = first.next.clone();
        let second = hall.said(None, next.clone(), 3).await.unwrap();
        assert_eq!((texts(&second.items), second.next), (vec!["f"], None));
        // What has come since follows, and what has gone since is no fault.
        hall.say("g").await.unwrap();
        let second = hall.said(None, next, 1).await.unwrap();
        assert_eq!(texts(&second.items), ["f"]);
        let old = hall.said(None, None, 1).await.unwrap().next;
        for text in ["h", "i", "j", "k"] {
            hall.say(text).await.unwrap();
        }
        let page = hall.said(None, old, 10).await.unwrap();
        assert_eq!(texts(&page.items), ["h", "i", "j", "k"]);

        // By the places that clients have.
        let place = page.items[1].cursor.clone();
        let behind = hall.said(place.clone(), None, 10).await.unwrap();
        assert_eq!(texts(&behind.items), ["j", "k"]);
        let paged = hall.said(place.clone(), None, 1).await.unwrap();
        let rest = hall.said(place, paged.next, 1).await.unwrap();
        assert_eq!((texts(&rest.items), rest.next), (vec!["k"], None));
        for nowhere in ["0badcafe-3", "oldest", ""] {
            let all = hall.said(Some(nowhere.to_owned()), None, 10).await.unwrap();
            assert_eq!(all.items.len(), 4, "{nowhere}");
        }
        let end = page.items.last().unwrap().cursor.clone();
        assert!(end.is_some());
        let none = hall.said(end, None, 10).await.unwrap();
        assert!(none.items.is_empty() && none.next.is_none());
    });
}

#[test]
fn the_latest_ones_are_read_by_their_keys() {
    testing::run(app(), async |t| {
        let hall = Hall::named(t, "h");
        for (who, at) in [("cat", 1), ("ann", 2), ("ben", 3), ("ann", 4)] {
            hall.point(who, at).await.unwrap();
        }
        assert_eq!(hall.point_of("ann").await.unwrap(), Some(4));
        assert_eq!(hall.point_of("dan").await.unwrap(), None);
        let (mut after, mut found) = (None, Vec::new());
        loop {
            let page = hall.points(after, 2).await.unwrap();
            assert!(page.items.iter().all(|kept| kept.cursor.is_none()));
            found.extend(
                page.items
                    .into_iter()
                    .map(|kept| (kept.event.who, kept.event.at)),
            );
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let found: Vec<_> = found.iter().map(|(who, at)| (&**who, *at)).collect();
        assert_eq!(found, [("ann", 4), ("ben", 3), ("cat", 1)]);
        // A cursor of one list is no place in another.
        let of_points = hall.points(None, 1).await.unwrap().next;
        assert_eq!(code(hall.said(None, of_points, 1).await), "invalid_params");
        for text in ["a", "b"] {
            hall.say(text).await.unwrap();
        }
        let of_said = hall.said(None, None, 1).await.unwrap().next;
        assert_eq!(code(hall.points(of_said, 1).await), "invalid_params");
    });
}

#[test]
fn what_is_too_old_is_not_there_any_more() {
    testing::run(app(), async |t| {
        let hall = Hall::named(t, "h");
        for of in 1..=3 {
            hall.warn(of).await.unwrap();
        }
        t.advance(hours(1)).await;
        hall.warn(4).await.unwrap();
        assert_eq!(hall.warned().await.unwrap(), [1, 2, 3, 4]);
        t.advance(hours(1)).await;
        assert_eq!(hall.warned().await.unwrap(), [4]);
        t.advance(hours(1)).await;
        assert_eq!(hall.warned().await.unwrap(), [0; 0]);
    });
}

#[test]
fn a_mixin_reads_its_own() {
    testing::run(app(), async |t| {
        let hall = Hall::named(t, "h");
        hall.say("aloud").await.unwrap();
        assert_eq!(hall.corner().mutter("low").await.unwrap(), 1);
        let muttered = hall.corner().muttered().await.unwrap();
        assert_eq!(texts(&muttered), ["low"]);
        assert_eq!(
            (&*muttered[0].rooms, &muttered[0].subject),
            (&["dark".to_owned()][..], &None)
        );
        assert_eq!(
            texts(&hall.said(None, None, 9).await.unwrap().items),
            ["aloud"]
        );
    });
}
