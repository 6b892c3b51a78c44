//! Events that are handled after the commit, and those that other objects subscribe to.

use stayput::event::{Subscriber, Subscription};
use stayput::prelude::*;

/// Something was printed.
#[event(durable, objects, can_subscribe = "is_welcome")]
#[derive(Debug)]
pub struct Printed {
    /// What it says.
    pub text: String,
}

fn is_welcome(subscriber: &Subscriber<'_>) -> bool {
    subscriber.name != Some("secret")
}

/// Prints, and has what it printed posted.
#[durable_object(defers, events(Printed))]
#[derive(Debug)]
pub struct Gazette {
    printed: u64,
    posted: Vec<String>,
    /// How many attempts to post fail.
    failing: u32,
}

/// Why a gazette fails.
#[derive(Debug, ActionError)]
pub enum GazetteError {
    /// It was told to.
    #[error(code = "gazette.failing", status = 409)]
    Failing,
}

#[durable_object]
impl Gazette {
    /// Prints texts: posted after the commit, and told to who subscribed.
    #[action(public)]
    fn print(&mut self, cx: &mut Context<Self>, texts: Vec<String>) {
        for text in texts {
            let printed = Printed { text };
            cx.emit(printed.clone());
            cx.broadcast(printed);
            self.printed += 1;
        }
    }

    /// Prints, and fails.
    #[action(public)]
    fn misprint(&mut self, cx: &mut Context<Self>) -> Result<(), GazetteError> {
        self.print(cx, vec!["never".to_owned()]);
        Err(GazetteError::Failing)
    }

    /// Posts it.
    #[event(Printed)]
    async fn post(this: Handle<Self>, event: Printed) -> Result<(), GazetteError> {
        let posted = this.atomic(|gazette, _| {
            if gazette.failing > 0 {
                gazette.failing -= 1;
                return Ok(false);
            }
            gazette.posted.push(event.text);
            Ok::<_, GazetteError>(true)
        });
        match posted.await {
            Ok(true) => Ok(()),
            _ => Err(GazetteError::Failing),
        }
    }

    /// So many attempts to post fail.
    #[action(public)]
    fn fail(&mut self, failing: u32) {
        self.failing = failing;
    }

    /// What was posted.
    #[action(public)]
    fn posted(&self) -> Vec<String> {
        self.posted.clone()
    }

    /// What waits.
    #[action(public)]
    fn waiting(&self, cx: &Context<Self>) -> Vec<String> {
        let all = cx.outbox().list(100);
        all.into_iter().map(|pending| pending.action).collect()
    }

    /// Who subscribed.
    #[action(public)]
    fn readers(&self, cx: &Context<Self>) -> Vec<String> {
        told(cx.subscribers().list(100))
    }
}

/// Reads what gazettes print.
#[durable_object(subscribes(Printed))]
#[derive(Debug)]
pub struct Reader {
    read: Vec<String>,
    later: Vec<String>,
    /// How many attempts to read fail.
    failing: u32,
    #[transient]
    tried: u32,
}

#[durable_object]
impl Reader {
    /// Subscribes to a gazette.
    #[action(public)]
    fn subscribe(&mut self, cx: &mut Context<Self>, gazette: String) {
        Gazette::named(cx, &gazette).subscribe::<Printed>(cx);
    }

    /// Subscribes to a gazette, and wants to have all that it printed.
    #[action(public)]
    fn collect(&mut self, cx: &mut Context<Self>, gazette: String) {
        Gazette::named(cx, &gazette).subscribe_after::<Printed>(cx, "oldest");
    }

    /// Ends it.
    #[action(public)]
    fn cancel(&mut self, cx: &mut Context<Self>, gazette: String) -> bool {
        Gazette::named(cx, &gazette).unsubscribe::<Printed>(cx)
    }

    /// So many attempts to read fail, from now on.
    #[action(public)]
    fn fail(&mut self, failing: u32) {
        (self.failing, self.tried) = (failing, 0);
    }

    #[event(Printed, required)]
    fn reads(&mut self, cx: &mut Context<Self>, event: Printed) -> Result<(), GazetteError> {
        self.tried += 1;
        if self.tried <= self.failing {
            return Err(GazetteError::Failing);
        }
        let source = cx.event_source();
        let name = source.as_ref().and_then(|source| source.name());
        let name = name.unwrap_or_default();
        self.read.push(format!("{} of {name}", event.text));
        Ok(())
    }

    #[event(Printed)]
    async fn reads_later(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        event: Printed,
    ) -> Result<()> {
        let source = cx.event_source();
        let class = source.map(|source| source.class().to_owned());
        let line = format!("{} of a {}", event.text, class.unwrap_or_default());
        this.atomic(|reader, _| {
            reader.later.push(line);
            Ok::<_, stayput::Error>(())
        })
        .await?;
        Ok(())
    }

    /// What was read, inside the commit and after it.
    #[action(public)]
    fn read(&self) -> (Vec<String>, Vec<String>) {
        (self.read.clone(), self.later.clone())
    }

    /// What it subscribes to.
    #[action(public)]
    fn gazettes(&self, cx: &Context<Self>) -> Vec<String> {
        told(cx.subscriptions().list(100))
    }

    /// What it asked for in vain: why, and after how many attempts.
    #[action(public)]
    fn refused(&self, cx: &Context<Self>) -> Vec<(String, u32)> {
        let all = cx.dead_letters().list(100);
        let one = |letter: stayput::time::DeadLetter| (letter.error.code, letter.attempts);
        all.into_iter().map(one).collect()
    }

    /// Ends the reader.
    #[action(public)]
    fn end(&mut self, cx: &mut Context<Self>) {
        cx.destroy();
    }
}

fn told(list: Vec<Subscription>) -> Vec<String> {
    let one = |entry: Subscription| format!("{} {}", entry.object, entry.event);
    list.into_iter().map(one).collect()
}
