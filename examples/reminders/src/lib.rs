//! Reminders: schedules, cron, a workflow that waits for an approval, webhooks.
//!
//! ```text
//! REMINDERS_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw cargo run -p reminders
//! curl localhost:8787/reminders/ann/tell -d '{"url": "https://example.com/hook"}'
//! curl localhost:8787/reminders/ann/add -d '{"text": "tea", "minutes_from_now": 5}'
//! ```

use stayput::mixins::Jobs;
use stayput::prelude::*;
use stayput::time::Missed;
use stayput::workflow::Workflow;

/// The setting whose secret signs what is told; without it nothing is signed.
const SECRET: &str = "REMINDERS_SECRET";

/// Something to be reminded of.
#[data]
#[derive(PartialEq)]
pub struct Reminder {
    /// What of.
    pub text: String,
    /// When.
    pub due: Timestamp,
}

/// What the webhook is told.
#[data]
#[derive(PartialEq)]
pub enum Told {
    /// It is time.
    Due {
        /// The reminder's number.
        id: u64,
        /// What of.
        text: String,
    },
    /// A working day begins.
    Morning {
        /// How many reminders are open.
        open: u64,
    },
}

/// Why nothing is done.
#[derive(Debug, ActionError)]
#[error(prefix = "reminders")]
pub enum ReminderError {
    /// There is no such reminder, or it is done.
    #[error(status = 404, message = "no open reminder has the number {id}")]
    NotFound {
        /// Its number.
        id: u64,
    },
    /// Nobody approved within a day, or somebody refused.
    #[error(status = 409, message = "it was not approved")]
    NotApproved,
}

/// The reminders of one person.
#[durable_object(webhooks)]
#[derive(Debug)]
pub struct Reminders {
    url: Option<String>,
    open: Log<Reminder>,
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Reminders {
    /// Whom to tell from now on: a URL that is sent a `POST`.
    #[action]
    fn tell(&mut self, #[param(max_length = 2_000)] url: String) {
        self.url = Some(url);
    }

    /// Reminds of something; answers its number.
    #[action]
    fn add(
        &mut self,
        cx: &mut Context<Self>,
        #[param(max_length = 500)] text: String,
        #[param(max = 5_256_000)] minutes_from_now: u64,
    ) -> u64 {
        let due = cx.now() + minutes(minutes_from_now);
        let id = self.open.push(Reminder { text, due });
        cx.schedule(name_of(id), cx.me().remind(id)).at(due);
        id
    }

    /// Reminds of it later: a schedule that is registered again is moved.
    #[action]
    fn snooze(
        &mut self,
        cx: &mut Context<Self>,
        id: u64,
        #[param(max = 5_256_000)] minutes_from_now: u64,
    ) -> Result<(), ReminderError> {
        let due = cx.now() + minutes(minutes_from_now);
        let moved = self.open.update(id, |reminder| reminder.due = due);
        if moved.is_none() {
            return Err(ReminderError::NotFound { id });
        }
        cx.schedule(name_of(id), cx.me().remind(id)).at(due);
        Ok(())
    }

    /// Is not to be reminded of it any more.
    #[action]
    fn done(&mut self, cx: &mut Context<Self>, id: u64) -> Result<(), ReminderError> {
        if !self.open.remove(id) {
            return Err(ReminderError::NotFound { id });
        }
        cx.schedules_mut().cancel(&name_of(id));
        Ok(())
    }

    /// What is open, by number.
    #[action]
    fn list(&self) -> Vec<(u64, Reminder)> {
        self.open.iter().collect()
    }

    /// Tells every working day at eight how much is open, by the clocks of that place (`Europe/Berlin`).
    #[action]
    fn every_morning(&mut self, cx: &mut Context<Self>, zone: String) {
        cx.schedule("morning", cx.me().morning())
            .cron("0 8 * * 1-5", &zone, Missed::Once);
    }

    /// Forgets all that is open, once somebody has approved: `jobs.signal {id, name: "approval", data: true}`, with the id that
    /// this answers.
    #[action(workflow)]
    async fn clear(_this: Handle<Self>, flow: Workflow<Self>) -> Result<u64> {
        match flow.wait_for::<bool>("approval", Some(days(1))).await? {
            Some(true) => Ok(flow.step("forget", flow.me().forget()).await?),
            _ => Ok(flow.step("refuse", flow.me().refuse()).await?),
        }
    }

    #[action(internal)]
    fn remind(&mut self, cx: &mut Context<Self>, id: u64) {
        // Done meanwhile: nothing to say.
        if let Some(Reminder { text, .. }) = self.open.get(id) {
            self.say(cx, &Told::Due { id, text });
        }
    }

    #[action(internal)]
    fn morning(&mut self, cx: &mut Context<Self>) {
        let open = self.open.len();
        self.say(cx, &Told::Morning { open });
    }

    #[action(internal)]
    fn refuse(&self) -> Result<u64, ReminderError> {
        Err(ReminderError::NotApproved)
    }

    #[action(internal)]
    fn forget(&mut self, cx: &mut Context<Self>) -> u64 {
        let ids: Vec<u64> = self.open.iter().map(|(id, _)| id).collect();
        for id in &ids {
            self.open.remove(*id);
            cx.schedules_mut().cancel(&name_of(*id));
        }
        ids.len() as u64
    }

    /// Tells whoever wants to be told: it is sent with the commit of the action that says it.
    fn say(&self, cx: &mut Context<Self>, told: &Told) {
        let Some(url) = &self.url else { return };
        let is_signed = cx.env(SECRET).is_some();
        let post = cx.post(url).json(told);
        if is_signed {
            post.signed(SECRET).send();
        } else {
            post.send();
        }
    }
}

fn name_of(id: u64) -> String {
    format!("reminder {id}")
}

stayput::app!(Reminders);
