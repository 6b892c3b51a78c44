//! Subscriptions of a class that has another path than when it subscribed.

use std::path::Path;

use stayput::App;
use stayput::prelude::*;
use stayput::testing::{Harness, Test};

/// Something is known now.
#[event(durable, objects)]
pub struct Told {
    pub what: String,
}

#[durable_object(defers, events(Told))]
pub struct Source {
    told: u64,
}

#[durable_object]
impl Source {
    #[action]
    fn tell(&mut self, cx: &mut Context<Self>, what: String) {
        self.told += 1;
        cx.broadcast(Told { what });
    }

    #[action]
    fn subscribers(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.subscribers().list(10).into_iter();
        all.map(|subscription| subscription.object).collect()
    }
}

/// The same class under two paths.
macro_rules! reader {
    ($module:ident, $($attribute:tt)*) => {
        mod $module {
            use super::*;

            #[durable_object(subscribes(Told), $($attribute)*)]
            pub struct Reader {
                heard: Vec<String>,
            }

            #[durable_object]
            impl Reader {
                #[action]
                fn subscribe(&mut self, cx: &mut Context<Self>) {
                    Source::named(cx, "s").subscribe::<Told>(cx);
                }

                #[action]
                fn unsubscribe(&mut self, cx: &mut Context<Self>) -> bool {
                    Source::named(cx, "s").unsubscribe::<Told>(cx)
                }

                #[event(Told)]
                fn told(&mut self, event: Told) {
                    self.heard.push(event.what);
                }

                #[action]
                fn heard(&self) -> Vec<String> {
                    self.heard.clone()
                }
            }

            stayput::app!(Source, Reader);
        }
    };
}

reader!(first, class = "team");
reader!(second, class = "crew", was = "team");

fn on<R>(folder: &Path, app: App, test: impl AsyncFnOnce(&Harness) -> R) -> R {
    Test::new(app).data(folder).run(test)
}

/// A folder in which `team/t` has subscribed, and heard something.
fn subscribed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    on(folder.path(), first::app(), async |t| {
        first::Reader::named(t, "t").subscribe().await.unwrap();
        t.settle().await;
        let source = Source::named(t, "s");
        source.tell("a").await.unwrap();
        t.settle().await;
        assert_eq!(source.subscribers().await.unwrap(), ["team/t"]);
    });
    folder
}

#[test]
fn a_renamed_class_hears_on_and_ends_what_it_asked_for_before() {
    let folder = subscribed();
    on(folder.path(), second::app(), async |t| {
        let (reader, source) = (second::Reader::named(t, "t"), Source::named(t, "s"));
        source.tell("b").await.unwrap();
        t.settle().await;
        assert_eq!(reader.heard().await.unwrap(), ["a", "b"]);
        assert!(reader.unsubscribe().await.unwrap());
        t.settle().await;
        assert_eq!(source.subscribers().await.unwrap(), [""; 0]);
        source.tell("c").await.unwrap();
        t.settle().await;
        assert_eq!(reader.heard().await.unwrap(), ["a", "b"]);
    });
}

#[test]
fn a_renamed_class_that_subscribes_again_hears_all_once() {
    let folder = subscribed();
    on(folder.path(), second::app(), async |t| {
        let (reader, source) = (second::Reader::named(t, "t"), Source::named(t, "s"));
        // Another one of the same event is another subscription.
        second::Reader::named(t, "u").subscribe().await.unwrap();
        reader.subscribe().await.unwrap();
        t.settle().await;
        assert_eq!(source.subscribers().await.unwrap(), ["crew/t", "crew/u"]);
        source.tell("b").await.unwrap();
        t.settle().await;
        assert_eq!(reader.heard().await.unwrap(), ["a", "b"]);
        assert!(reader.unsubscribe().await.unwrap());
        t.settle().await;
        assert_eq!(source.subscribers().await.unwrap(), ["crew/u"]);
    });
}
