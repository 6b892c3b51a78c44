//! An app that another app calls: every shape of type and error that stubs must carry.
#![allow(
    clippy::panic,
    clippy::unused_self,
    reason = "some actions fail on purpose, and some look at nothing but their context"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use stayput::prelude::*;

/// Who has an account.
#[data]
pub struct Profile {
    /// As they want to be called.
    pub name: String,
    /// Where to write.
    pub mail: Option<String>,
    /// What they pay for.
    pub plan: Plan,
    /// How much of what.
    pub limits: BTreeMap<String, u64>,
    /// Who vouches for them.
    pub sponsor: Option<Box<Profile>>,
    /// How long they wait.
    #[serde(rename = "maxWait")]
    pub max_wait: (u32, f64),
}

/// What they pay for.
#[data]
pub enum Plan {
    /// Nothing.
    Free,
    /// A fee.
    Paid {
        /// When it began.
        since: i64,
    },
    /// Somebody else does.
    Gift(String),
}

/// A line of the books; `kind` tells which.
#[data]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    /// Something came in.
    Deposit {
        /// How much.
        amount: u64,
    },
    /// Something to remember.
    Note {
        /// What.
        text: String,
    },
    /// A line.
    Mark,
}

/// What can go wrong.
#[derive(Debug, ActionError)]
#[error(prefix = "account")]
pub enum AccountError {
    /// There is not enough.
    #[error(status = 409, retryable)]
    Overdrawn {
        /// How much is lacking.
        missing: u64,
    },
    /// Nothing happens here any more.
    #[error(status = 410)]
    Closed,
}

/// Notes about something.
#[mixin]
#[derive(Debug)]
pub struct Notes {
    all: Vec<String>,
}

#[mixin]
impl Notes {
    /// Adds one; how many there are.
    #[action(public)]
    fn add(&mut self, text: String) -> u32 {
        self.all.push(text);
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }
}

/// An account of somebody.
#[durable_object]
#[derive(Debug)]
pub struct Account {
    balance: u64,
    profile: Option<Profile>,
    #[mixin]
    notes: Notes,
}

#[durable_object]
impl Account {
    /// What is in it.
    #[action(public)]
    fn balance(&self) -> u64 {
        self.balance
    }

    /// Puts something in.
    #[action(public)]
    fn deposit(&mut self, amount: u64) -> u64 {
        self.balance = self.balance.saturating_add(amount);
        self.balance
    }

    /// Takes something out.
    #[action(public)]
    fn withdraw(&mut self, amount: u64) -> Result<u64, AccountError> {
        let missing = amount.saturating_sub(self.balance);
        self.balance = self.balance.saturating_sub(amount);
        if missing > 0 {
            return Err(AccountError::Overdrawn { missing });
        }
        Ok(self.balance)
    }

    /// Whose it is, and was before.
    #[action(public)]
    fn introduce(&mut self, profile: Profile, books: Vec<Entry>) -> (Option<Profile>, Vec<Entry>) {
        (self.profile.replace(profile), books)
    }

    /// Who asks.
    #[action]
    fn who(&self, cx: &Context<Self>) -> String {
        cx.caller().subject().to_owned()
    }

    /// Its own id.
    #[action(public)]
    fn id(&self, cx: &Context<Self>) -> ObjectId {
        cx.id()
    }

    /// Takes its time.
    #[action(public)]
    async fn wait(&mut self, cx: &mut Context<Self>, millis: u64) -> u64 {
        self.balance += 1;
        cx.sleep(Duration::from_millis(millis)).await;
        self.balance
    }

    /// Panics.
    #[action(public)]
    fn fall(&mut self) -> u64 {
        self.balance += 1;
        panic!("on purpose");
    }

    /// Only for objects of this app.
    #[action(internal)]
    fn close(&mut self) {
        self.balance = 0;
    }
}

stayput::app!(Account);
