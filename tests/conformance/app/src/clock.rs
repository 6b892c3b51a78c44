//! An object whose alarm does what it was told to, and tells a witness of each run.

use std::time::Duration;

use stayput::object::Bookmark;
use stayput::prelude::*;

use crate::Tally;

/// What one run of the alarm's handler does.
#[data]
#[derive(PartialEq)]
pub enum Deed {
    /// Ends well.
    Ring,
    /// Fails.
    Fail,
    /// Panics.
    Panic,
    /// Sets the alarm again, to so many milliseconds from now.
    Again(u64),
    /// The same, then goes on for a while.
    AgainAndLinger(u64, u64),
    /// Sets the alarm again, then fails.
    AgainThenFail(u64),
    /// Cancels the alarm, then fails.
    CancelThenFail,
}

/// Why an alarm rang in vain.
#[derive(Debug, ActionError)]
#[error(prefix = "clock")]
pub enum ClockError {
    /// As it was told.
    #[error(message = "the clock fails as it was told")]
    Told,
}

/// A second alarm in the same object.
#[mixin]
#[derive(Debug)]
pub struct Chime {
    chimed: u32,
}

#[mixin]
impl Chime {
    /// Sets this alarm.
    #[action(public)]
    fn chime_in(&mut self, cx: &mut Context<Self>, millis: u64) {
        cx.set_alarm(cx.now() + Duration::from_millis(millis));
    }

    /// How often it chimed.
    #[action(public)]
    fn chimed(&self) -> u32 {
        self.chimed
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        self.chimed += 1;
    }
}

/// An alarm clock.
#[durable_object]
#[derive(Debug)]
pub struct Clock {
    /// What the next runs do, a deed each; retries take the next one as well.
    deeds: Vec<Deed>,
    asked: Timestamp,
    /// What happened, in order.
    diary: Vec<String>,
    #[transient]
    awake: u32,
    #[mixin]
    chime: Chime,
}

#[durable_object]
impl Clock {
    /// A point in time: now, or so many milliseconds since 1970.
    #[action(public)]
    async fn bookmark(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        at: Option<i64>,
    ) -> Result<Bookmark> {
        drop(this);
        let found = match at {
            None => cx.bookmark().await,
            Some(at) => cx.bookmark_at(Timestamp::from_millis(at)).await,
        };
        Ok(found?)
    }

    /// Back to it.
    #[action(public)]
    async fn rewind(this: Handle<Self>, cx: ProcessContext<Self>, to: Bookmark) -> Result<()> {
        drop(this);
        Ok(cx.rewind(&to).await?)
    }

    /// Says what the alarm is to do, and sets it, each time to so many milliseconds from now: the last one counts.
    #[action(public)]
    fn set(&mut self, cx: &mut Context<Self>, deeds: Vec<Deed>, millis: Vec<u64>) {
        self.deeds = deeds;
        for millis in millis {
            self.asked = cx.now() + Duration::from_millis(millis);
            cx.set_alarm(self.asked);
        }
    }

    /// Sets it to a point in time.
    #[action(public)]
    fn set_at(&mut self, cx: &mut Context<Self>, at: Timestamp) -> Option<Timestamp> {
        self.asked = at;
        cx.set_alarm(at);
        cx.alarm()
    }

    /// Moves the alarm, or cancels it, then fails.
    #[action(public)]
    fn change_then_fail(
        &mut self,
        cx: &mut Context<Self>,
        millis: Option<u64>,
    ) -> Result<(), ClockError> {
        match millis {
            Some(millis) => cx.set_alarm(cx.now() + Duration::from_millis(millis)),
            None => cx.delete_alarm(),
        }
        Err(ClockError::Told)
    }

    /// Cancels it; whether there was one.
    #[action(public)]
    fn cancel(&mut self, cx: &mut Context<Self>) -> bool {
        let was_set = cx.alarm().is_some();
        cx.delete_alarm();
        was_set
    }

    /// Whether it is set.
    #[action(public)]
    fn is_set(&self, cx: &Context<Self>) -> bool {
        cx.alarm().is_some()
    }

    /// What happened.
    #[action(public)]
    fn diary(&self) -> Vec<String> {
        self.diary.clone()
    }

    /// How often it was asked since it woke.
    #[action(public)]
    fn awake(&mut self) -> u32 {
        self.awake += 1;
        self.awake
    }

    /// Keeps the object to itself for a while.
    #[action(public)]
    async fn hold(&mut self, cx: &mut Context<Self>, millis: u64) {
        self.diary.push("held".to_owned());
        cx.sleep(Duration::from_millis(millis)).await;
        self.diary.push("let go".to_owned());
    }

    /// Each run is told to the tally of this clock's name, which keeps it whatever becomes of the run.
    #[event(alarm)]
    async fn on_alarm(&mut self, cx: &mut Context<Self>, alarm: Alarm) -> Result<(), ClockError> {
        let deed = self
            .deeds
            .get(usize::try_from(alarm.attempt).unwrap_or(usize::MAX));
        let deed = deed.cloned().unwrap_or(Deed::Ring);
        let name = cx.name().unwrap_or("nameless").to_owned();
        let is_set = if cx.alarm().is_some() { "set" } else { "unset" };
        let asked = if alarm.scheduled == self.asked {
            "as asked"
        } else {
            "by itself"
        };
        let late = if cx.now() < alarm.scheduled {
            "early"
        } else {
            "due"
        };
        let text = format!(
            "{name} {deed:?}: attempt {}, {is_set}, {asked}, {late}",
            alarm.attempt
        );
        self.diary.push(text.clone());
        let told = Tally::named(cx, &format!("witness-{name}"))
            .note(text)
            .await;
        let done = usize::try_from(alarm.attempt)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        self.deeds.drain(..done.min(self.deeds.len()));
        if told.is_err() {
            self.diary.push("nobody was told".to_owned());
        }
        match deed {
            Deed::Ring => Ok(()),
            Deed::Fail => Err(ClockError::Told),
            Deed::Panic => panic!("the spring broke"),
            Deed::Again(millis) => {
                cx.set_alarm(cx.now() + Duration::from_millis(millis));
                Ok(())
            }
            Deed::AgainAndLinger(millis, linger) => {
                cx.set_alarm(cx.now() + Duration::from_millis(millis));
                cx.sleep(Duration::from_millis(linger)).await;
                self.diary.push("lingered".to_owned());
                Ok(())
            }
            Deed::AgainThenFail(millis) => {
                cx.set_alarm(cx.now() + Duration::from_millis(millis));
                Err(ClockError::Told)
            }
            Deed::CancelThenFail => {
                cx.delete_alarm();
                Err(ClockError::Told)
            }
        }
    }
}
