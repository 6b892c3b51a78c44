//! An object that counts, and fails in every way it can.

use std::time::Duration;

use stayput::prelude::*;

/// Counts, notes, and wakes by itself.
#[durable_object]
#[derive(Debug)]
pub struct Tally {
    value: i64,
    notes: Log<String>,
    woken: u32,
    #[transient]
    visits: u32,
}

/// Why the tally says no.
#[derive(Debug, ActionError)]
pub enum TallyError {
    /// Always.
    #[error(code = "tally.refused", status = 409)]
    Refused,
}

#[durable_object]
impl Tally {
    /// Adds `by` and returns the sum.
    #[action(public)]
    fn increment(&mut self, #[param(default = 1)] by: i64) -> i64 {
        self.value += by;
        self.value
    }

    /// The sum.
    #[action(public)]
    fn value(&self) -> i64 {
        self.value
    }

    /// Who this is.
    #[action(public)]
    fn id(&self, cx: &Context<Self>) -> ObjectId {
        cx.id()
    }

    /// The name it was born with.
    #[action(public)]
    fn name(&self, cx: &Context<Self>) -> Option<String> {
        cx.name().map(str::to_owned)
    }

    /// Notes a text and returns how many there are.
    #[action(public)]
    fn note(&mut self, text: String) -> u64 {
        self.notes.push(text);
        self.notes.len()
    }

    /// All notes.
    #[action(public)]
    fn notes(&self) -> Vec<String> {
        self.notes.last(100).into_iter().collect()
    }

    /// The notes, oldest first, a page at a time.
    #[action(public)]
    fn note_page(&self, after: Option<Cursor>, limit: u32) -> Page<(u64, String)> {
        self.notes.page(after, limit)
    }

    /// The notes, newest first, a page at a time.
    #[action(public)]
    fn note_page_back(&self, before: Option<Cursor>, limit: u32) -> Page<u64> {
        self.notes.page_back(before, limit).map(|(id, _)| id)
    }

    /// How often the alarm went off.
    #[action(public)]
    fn woken(&self) -> u32 {
        self.woken
    }

    /// Whether an alarm is set.
    #[action(public)]
    fn alarm_set(&self, cx: &Context<Self>) -> bool {
        cx.alarm().is_some()
    }

    /// Counts visits since the object was loaded.
    #[action(public)]
    fn visit(&mut self) -> u32 {
        self.visits += 1;
        self.visits
    }

    /// Changes everything there is to change, then fails.
    #[action(public)]
    fn fail_after_write(
        &mut self,
        cx: &mut Context<Self>,
        #[param(default = 1)] by: i64,
    ) -> Result<i64, TallyError> {
        self.change_everything(cx, by);
        Err(TallyError::Refused)
    }

    /// Changes everything there is to change, then panics.
    #[action(public)]
    fn panic_after_write(&mut self, cx: &mut Context<Self>, #[param(default = 1)] by: i64) -> i64 {
        self.change_everything(cx, by);
        panic!("deliberately")
    }

    /// Changes everything, waits, then panics.
    #[action(public)]
    async fn panic_after_wait(&mut self, cx: &mut Context<Self>, millis: u64) -> i64 {
        self.change_everything(cx, 1);
        cx.sleep(Duration::from_millis(millis)).await;
        panic!("deliberately")
    }

    /// Waits with the object to itself, then adds one.
    #[action(public)]
    async fn slow_increment(&mut self, cx: &mut Context<Self>, millis: u64) -> i64 {
        cx.sleep(Duration::from_millis(millis)).await;
        self.value += 1;
        self.value
    }

    /// Waits, and changes nothing.
    #[action(public)]
    async fn pause(&self, cx: &Context<Self>, millis: u64) {
        cx.sleep(Duration::from_millis(millis)).await;
    }

    /// Sets the alarm.
    #[action(public)]
    fn wake_in(&mut self, cx: &mut Context<Self>, millis: u64) {
        cx.set_alarm(cx.now() + Duration::from_millis(millis));
    }

    /// Sets the alarm, then fails.
    #[action(public)]
    fn wake_then_fail(&mut self, cx: &mut Context<Self>, millis: u64) -> Result<(), TallyError> {
        cx.set_alarm(cx.now() + Duration::from_millis(millis));
        Err(TallyError::Refused)
    }

    #[event(alarm)]
    fn on_alarm(&mut self) {
        self.woken += 1;
    }

    fn change_everything(&mut self, cx: &mut Context<Self>, by: i64) {
        self.value += by;
        self.notes.push("never seen".to_owned());
        self.woken += 1;
        cx.set_alarm(cx.now());
    }
}
