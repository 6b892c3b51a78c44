//! Results that come item by item.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::de::DeserializeOwned;
use stayput::object::{Call, ItemByItem};
use stayput::prelude::*;

/// Sends items.
#[durable_object]
#[derive(Debug)]
pub struct Spring {
    drops: u32,
    open: bool,
}

/// How it runs dry.
#[derive(Debug, ActionError)]
#[error(prefix = "spring")]
pub enum SpringError {
    /// Nothing is left.
    #[error(status = 409, message = "dry after {drops}")]
    Dry {
        /// How many there were.
        drops: u32,
    },
}

/// Bodies that run, and items that were sent: of this program, or of this object's instance.
static RUNNING: AtomicU32 = AtomicU32::new(0);
static SENT: AtomicU32 = AtomicU32::new(0);

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

#[durable_object]
impl Spring {
    /// Counts down.
    #[action(public, get = "/down")]
    fn countdown(this: Handle<Self>, from: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            for n in (0..=from).rev() {
                items.send(n).await?;
            }
            Ok(())
        })
    }

    /// Counts drops, each in a commit of its own.
    #[action(public, post = "/drops")]
    fn drip(this: Handle<Self>, drops: u32) -> Streaming<u32> {
        Streaming::new(async move |items| {
            for _ in 0..drops {
                let sum = this.atomic(|spring, _| -> Result<u32> {
                    spring.drops += 1;
                    Ok(spring.drops)
                });
                items.send(sum.await?).await?;
            }
            Ok(())
        })
    }

    /// Ends by an error, or is refused by one.
    #[action(public)]
    fn dry(this: Handle<Self>, drops: u32) -> Result<Streaming<u32, SpringError>, SpringError> {
        drop(this);
        if drops == 0 {
            return Err(SpringError::Dry { drops });
        }
        Ok(Streaming::with_error(async move |items| {
            for n in 0..drops {
                items.send(n).await?;
            }
            Err(SpringError::Dry { drops }.into())
        }))
    }

    /// Panics after so many items.
    #[action(public)]
    fn burst(this: Handle<Self>, drops: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            for n in 0..drops {
                items.send(n).await?;
            }
            panic!("CANARY")
        })
    }

    /// One item, and another when it is let.
    #[action(public)]
    fn lock(this: Handle<Self>, cx: ProcessContext<Self>) -> Streaming<String> {
        Streaming::new(async move |items| {
            let _running = Running::begin();
            items.send("closed".to_owned()).await?;
            while !this.read(|spring| spring.open).await? {
                cx.sleep(std::time::Duration::from_millis(20)).await;
            }
            items.send("open".to_owned()).await?;
            Ok(())
        })
    }

    /// Lets it.
    #[action(public)]
    fn unlock(&mut self, open: bool) {
        self.open = open;
    }

    /// Never ends by itself.
    #[action(public)]
    fn flood(this: Handle<Self>, size: u32) -> Streaming<String> {
        drop(this);
        Streaming::new(async move |items| {
            let _running = Running::begin();
            let text = "x".repeat(usize::try_from(size)?);
            SENT.store(0, Ordering::SeqCst);
            loop {
                items.send(text.clone()).await?;
                SENT.fetch_add(1, Ordering::SeqCst);
            }
        })
    }

    /// What another one sends, item by item, at most so many; and how that ended.
    #[action(public)]
    async fn sip(
        this: Handle<Self>,
        cx: ProcessContext<Self>,
        of: String,
        what: String,
        most: usize,
    ) -> Vec<String> {
        drop(this);
        let other = Self::named(&cx, &of);
        match what.as_str() {
            "countdown" => sips(other.countdown(3_u32), most).await,
            "drip" => sips(other.drip(3_u32), most).await,
            "dry" => sips(other.dry(2_u32), most).await,
            "refused" => sips(other.dry(0_u32), most).await,
            "burst" => sips(other.burst(2_u32), most).await,
            "broken" => sips(other.burst(0_u32), most).await,
            "channel" => sips(other.channel(20_000_u32), most).await,
            _ => sips(other.flood(1_000_u32), most).await,
        }
    }

    /// What another one sends, passed on as it comes.
    #[action(public)]
    fn channel(this: Handle<Self>, cx: ProcessContext<Self>, from: u32) -> Streaming<u32> {
        drop(this);
        Streaming::new(async move |items| {
            let mut source = Self::named(&cx, "source").countdown(from).stream().await?;
            while let Some(n) = source.next().await? {
                items.send(n).await?;
            }
            Ok(())
        })
    }

    /// Bodies that run, and items that were sent.
    #[action(public)]
    fn look(&self) -> (u32, u32) {
        let look = |count: &AtomicU32| count.load(Ordering::SeqCst);
        (look(&RUNNING), look(&SENT))
    }
}

async fn sips<T: DeserializeOwned + ToString, E: ActionError + std::fmt::Display>(
    call: Call<Vec<T>, E, ItemByItem>,
    most: usize,
) -> Vec<String> {
    let mut sipped = Vec::new();
    let mut items = match call.stream().await {
        Ok(items) => items,
        Err(error) => return vec![format!("refused: {error}")],
    };
    while sipped.len() < most {
        match items.next().await {
            Ok(Some(item)) => sipped.push(item.to_string()),
            Ok(None) => {
                sipped.push("end".to_owned());
                break;
            }
            Err(error) => {
                sipped.push(format!("failed: {error}"));
                break;
            }
        }
    }
    // Of many only how many, and the last ones.
    let rest = sipped.split_off(sipped.len().saturating_sub(5));
    if !sipped.is_empty() {
        sipped = vec![format!("{} before", sipped.len())];
    }
    sipped.extend(rest);
    for item in &mut sipped {
        item.truncate(40);
    }
    sipped
}
