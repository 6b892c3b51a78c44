//! Work that is done later, again and again, or surely.

use std::time::Duration;

use stayput::mixins::Jobs;
use stayput::prelude::*;
use stayput::time::{Backoff, Missed};
use stayput::workflow::Workflow;

/// Notes what others defer.
#[durable_object(webhooks)]
#[derive(Debug)]
pub struct Agenda {
    notes: Log<String>,
    /// How many attempts fail from now on.
    failing: u32,
    #[mixin]
    aside: Aside,
    #[mixin]
    jobs: Jobs,
}

/// Has schedules of its own.
#[mixin(defers)]
#[derive(Debug)]
pub struct Aside {
    times: u32,
}

#[mixin]
impl Aside {
    /// Counts soon.
    #[action(public)]
    fn soon(&mut self, cx: &mut Context<Self>) -> Vec<String> {
        cx.schedule("count", cx.me().count())
            .after(Duration::from_millis(100));
        let all = cx.schedules().list(9);
        all.into_iter().map(|schedule| schedule.name).collect()
    }

    /// Counts.
    #[action(internal)]
    fn count(&mut self) {
        self.times += 1;
    }

    /// How often it counted.
    #[action(public)]
    fn times(&self) -> u32 {
        self.times
    }
}

/// Why an agenda fails.
#[derive(Debug, ActionError)]
pub enum AgendaError {
    /// It was told to.
    #[error(code = "agenda.failing", status = 409)]
    Failing,
}

#[durable_object]
impl Agenda {
    /// Notes something, unless it is to fail.
    #[action(public)]
    fn note(&mut self, text: String) -> Result<u64, AgendaError> {
        if self.failing > 0 {
            return Err(AgendaError::Failing);
        }
        Ok(self.notes.push(text))
    }

    /// Whether notes fail.
    #[action(public)]
    fn fail(&mut self, failing: u32) {
        self.failing = failing;
    }

    /// What was noted.
    #[action(public)]
    fn notes(&self) -> Vec<String> {
        self.notes.last(100)
    }

    /// Notes something later.
    #[action(public)]
    fn later(&mut self, cx: &mut Context<Self>, text: String, millis: u64) {
        let call = cx.me().note(&*text);
        cx.schedule(&text, call)
            .after(Duration::from_millis(millis));
    }

    /// Has another note something later.
    #[action(public)]
    fn tell_later(&mut self, cx: &mut Context<Self>, to: String, text: String, millis: u64) {
        Self::named(cx, &to)
            .note(text)
            .after(cx, Duration::from_millis(millis));
    }

    /// Notes something every second.
    #[action(public)]
    fn every_second(&mut self, cx: &mut Context<Self>) {
        cx.schedule("second", cx.me().note("tick"))
            .every(seconds(1), Missed::Once);
    }

    /// Notes something by the clock.
    #[action(public)]
    fn by_clock(&mut self, cx: &mut Context<Self>, cron: String, zone: String) -> Option<String> {
        cx.schedule("clock", cx.me().note("tock"))
            .cron(&cron, &zone, Missed::Skip);
        let schedule = cx.schedules().get("clock")?;
        Some(format!("{} {:?}", schedule.action, schedule.cron))
    }

    /// Whether two things or more were noted.
    #[action(public)]
    fn has_two(&self) -> bool {
        self.notes.len() >= 2
    }

    /// Cancels a schedule.
    #[action(public)]
    fn cancel(&mut self, cx: &mut Context<Self>, name: String) -> bool {
        cx.schedules_mut().cancel(&name)
    }

    /// The names of all schedules.
    #[action(public)]
    fn scheduled(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.schedules().list(9);
        all.into_iter().map(|schedule| schedule.name).collect()
    }

    /// Has another note things, surely.
    #[action(public)]
    fn tell(&mut self, cx: &mut Context<Self>, to: String, texts: Vec<String>) {
        for text in texts {
            let backoff = Backoff::default()
                .retries(3)
                .first(Duration::from_millis(200));
            Self::named(cx, &to).note(text).send_with(cx, backoff);
        }
    }

    /// Has another note something by a process.
    #[action(public)]
    fn tell_slowly(&mut self, cx: &mut Context<Self>, to: String) {
        Self::named(cx, &to).slowly().send(cx);
    }

    /// Notes something after a while.
    #[action(internal)]
    async fn slowly(this: Handle<Self>, cx: ProcessContext<Self>) -> Result<()> {
        cx.sleep(Duration::from_millis(50)).await;
        this.atomic(|agenda, _| agenda.note("slowly".to_owned()).map(drop))
            .await?;
        Ok(())
    }

    /// Tells another, and thinks better of it.
    #[action(public)]
    fn regret(&mut self, cx: &mut Context<Self>, to: String) -> Result<(), AgendaError> {
        Self::named(cx, &to).note("regretted").send(cx);
        cx.schedule("regret", cx.me().note("regretted"))
            .after(Duration::ZERO);
        Err(AgendaError::Failing)
    }

    /// Tells a server something, surely.
    #[action(public)]
    fn post(&mut self, cx: &mut Context<Self>, url: String, text: String, signed: Option<String>) {
        self.notes.push(text.clone());
        let backoff = Backoff::default()
            .retries(3)
            .first(Duration::from_millis(200));
        let post = cx.post(url).text(text).backoff(backoff);
        match signed {
            Some(setting) => post.signed(&setting).send(),
            None => post.send(),
        };
    }

    /// What waits for others.
    #[action(public)]
    fn waiting(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.outbox().list(100);
        let text =
            |pending: stayput::time::Pending| format!("{} {}", pending.target, pending.action);
        all.into_iter().map(text).collect()
    }

    /// What nobody took.
    #[action(public)]
    fn dead(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.dead_letters().list(100);
        let text = |dead: stayput::time::DeadLetter| {
            format!(
                "{} {} {} {}",
                dead.target, dead.action, dead.attempts, dead.error.code
            )
        };
        all.into_iter().map(text).collect()
    }

    /// Makes the oldest dead letter again.
    #[action(public)]
    fn replay(&mut self, cx: &mut Context<Self>) -> bool {
        let Some(dead) = cx.dead_letters().list(1).pop() else {
            return false;
        };
        cx.dead_letters_mut().replay(&dead.id)
    }

    /// Has two others note things, thinks, waits for a word, has a third note that; takes it back if that fails.
    #[action(public, workflow)]
    async fn errand(_this: Handle<Self>, flow: Workflow<Self>, name: String) -> Result<String> {
        let other = |which: &str| Self::named(&flow, &format!("{name}-{which}"));
        flow.compensate("one", other("one").note("undone"));
        let one = flow.step("one", other("one").note("done"));
        let two = flow.step("two", other("two").note("done"));
        let (one, two) = flow.join(one, two).await;
        one?;
        two?;
        flow.sleep("think", seconds(3)).await?;
        let word: Option<String> = flow.wait_for("word", Some(minutes(5))).await?;
        let word = word.unwrap_or_default();
        flow.step("three", other("three").note(&*word)).await?;
        Ok(word)
    }

    /// Asks for what cannot be.
    #[action(public)]
    fn misuse(&mut self, cx: &mut Context<Self>) {
        self.notes.push("never".to_owned());
        cx.schedule("~", cx.me().note("never"))
            .after(Duration::ZERO);
    }
}
