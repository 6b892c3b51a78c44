//! What a test asks of the whole app: until when something is due, what there is, what has come to nothing.

use std::time::Duration;

use super::harness::Harness;
use crate::backend::native::gone;
use crate::backend::native::store::care::ids_of;
use crate::object::{Object, ObjectId};

impl Harness {
    /// Lets time pass until nothing waits for it: schedules, sends, alarms and jobs have run, what they led to as well. How long
    /// that was; some seconds more than the last of them took, if something looks after it.
    ///
    /// # Panics
    ///
    /// When something still waits after `most`. A schedule that repeats always does: look at a stretch of it by
    /// [`advance`](Self::advance).
    pub async fn drain(&self, most: Duration) -> Duration {
        let clock = &self.inner().clock;
        let (from, until) = (clock.now(), clock.now() + most);
        loop {
            self.settle().await;
            let Some(next) = clock.next_sleeper() else {
                return clock.now().since(from);
            };
            assert!(
                next <= until,
                "after {most:?} something waits until {next}: does a schedule repeat?"
            );
            clock.turn_to(next);
        }
    }

    /// What the native program would report at its start of deferred work whose action is gone from the code: schedules, sends, jobs and
    /// workflows that wait for it. A line for each action; none is how it should be.
    ///
    /// # Panics
    ///
    /// When the data folder cannot be read.
    #[expect(clippy::expect_used, reason = "the harness says where it panics")]
    pub async fn gone_actions(&self) -> Vec<String> {
        self.settle().await;
        gone::look(self.data(), &self.inner().settings.app).expect("the data folder can be read")
    }

    /// The ids of all objects of a class that exist, in their order. An object exists from its first commit until it is destroyed.
    ///
    /// ```
    /// # use stayput::prelude::*;
    /// # #[durable_object] struct Room { said: u64 }
    /// # #[durable_object] impl Room { #[action] fn say(&mut self, text: String) { drop(text); self.said += 1; } }
    /// # stayput::app!(Room);
    /// # fn main() {
    /// stayput::testing::run(app(), async |t| {
    ///     for name in ["lobby", "attic"] {
    ///         Room::named(t, name).say("hello").await.unwrap();
    ///     }
    ///     let ids = t.list_ids::<Room>().await;
    ///     assert_eq!(ids.len(), 2);
    ///     Room::by_id(t, ids[0]).say("again").await.unwrap();
    /// });
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the data folder cannot be read.
    #[expect(clippy::expect_used, reason = "the harness says where it panics")]
    pub async fn list_ids<T: Object>(&self) -> Vec<ObjectId> {
        self.settle().await;
        ids_of(self.data(), self.inner().settings.app.name(), T::CLASS)
            .expect("the data folder can be read")
    }
}
