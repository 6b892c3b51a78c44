//! An app that calls another app, of which it has nothing but the manifest.

use stayput::prelude::*;
use stayput::remote::{JsClass, Json};

/// The app that has the accounts.
pub mod users {
    stayput::stub!("users.json", name = "USERS");
}

static GREETER: JsClass = JsClass::bound("GREETER");

use users::{Account, AccountError, Entry, Plan, Profile};

/// What can go wrong.
#[derive(Debug, ActionError)]
#[error(prefix = "till")]
pub enum TillError {
    /// The buyer has too little.
    Poor {
        /// How much.
        missing: u64,
    },
    /// The account cannot be reached.
    Closed {
        /// Why.
        code: String,
    },
}

/// A till.
#[durable_object]
#[derive(Debug)]
pub struct Till {
    sold: u64,
    log: Log<String>,
}

#[durable_object]
impl Till {
    /// Sells something; what the buyer has left.
    #[action(public)]
    async fn sell(
        &mut self,
        cx: &mut Context<Self>,
        buyer: String,
        price: u64,
    ) -> Result<u64, TillError> {
        self.sold += 1;
        match Account::named(cx, &buyer).withdraw(price).await {
            Ok(left) => Ok(left),
            Err(CallError::Failed(AccountError::Overdrawn { missing })) => {
                Err(TillError::Poor { missing })
            }
            Err(error) => Err(TillError::Closed {
                code: told(error).0,
            }),
        }
    }

    /// Calls a method of an object that is written in JavaScript.
    #[action(public)]
    async fn script(&mut self, cx: &mut Context<Self>, method: String, args: Json) -> Result<Json> {
        self.sold += 1;
        Ok(GREETER.named(cx, "main").call(&method, &args).await?)
    }

    /// Sends a request to an object that is written in JavaScript: status, cookies, body.
    #[action(public)]
    async fn request(
        &mut self,
        cx: &mut Context<Self>,
        method: String,
        path: String,
        body: String,
    ) -> Result<(u16, Vec<String>, String)> {
        let method = method.parse().unwrap_or_default();
        let request = GREETER.named(cx, "main").fetch(method, &path);
        let response = request.header("x-mark", "m").body(body).await?;
        let cookies = response.headers().get_all("set-cookie").iter();
        let cookies = cookies.map(|value| value.to_str().unwrap_or_default().to_owned());
        let text = String::from_utf8_lossy(response.body()).into_owned();
        Ok((response.status().as_u16(), cookies.collect(), text))
    }

    /// How much was sold.
    #[action(public)]
    fn sold(&self) -> u64 {
        self.sold
    }

    /// Puts something in an account.
    #[action(public)]
    async fn pay(&mut self, cx: &mut Context<Self>, to: String, amount: u64) -> Result<u64> {
        Ok(Account::named(cx, &to).deposit(amount).await?)
    }

    /// What is in an account, asked by a query.
    #[action(public)]
    async fn ask(&self, cx: &Context<Self>, of: String) -> Result<u64> {
        Ok(Account::named(cx, &of).balance().await?)
    }

    /// A query that calls a command.
    #[action(public)]
    async fn sneak(&self, cx: &Context<Self>, to: String) -> Result<u64> {
        Ok(Account::named(cx, &to).deposit(1).await?)
    }

    /// Every shape of type, there and back.
    #[action(public)]
    async fn introduce(&mut self, cx: &mut Context<Self>, to: String) -> Result<bool> {
        let profile = |name: &str, plan, sponsor: Option<Profile>| Profile {
            name: name.to_owned(),
            mail: None,
            plan,
            limits: [("day".to_owned(), u64::MAX)].into(),
            sponsor: sponsor.map(Box::new),
            max_wait: (7, 0.5),
        };
        let ann = profile("Ann", Plan::Paid { since: -5 }, None);
        let bob = profile("Bob", Plan::Gift("from Ann".to_owned()), Some(ann.clone()));
        let books = vec![
            Entry::Deposit { amount: 1 },
            Entry::Note {
                text: "ü".to_owned(),
            },
            Entry::Mark,
        ];
        let account = Account::named(cx, &to);
        let first = account.introduce(bob.clone(), books.clone()).await?;
        let second = account.introduce(ann, Vec::new()).await?;
        Ok(first == (None, books) && second == (Some(bob), Vec::new()))
    }

    /// Who asks there.
    #[action(public)]
    async fn who(&self, cx: &Context<Self>, at: String) -> Result<String> {
        Ok(Account::named(cx, &at).who().await?)
    }

    /// The same object by its id.
    #[action(public)]
    async fn by_id(&mut self, cx: &mut Context<Self>, to: String) -> Result<bool> {
        let id = Account::named(cx, &to).id().await?;
        let before = Account::by_id(cx, id).deposit(1).await?;
        Ok(Account::named(cx, &to).balance().await? == before)
    }

    /// A mixin's action.
    #[action(public)]
    async fn note(&mut self, cx: &mut Context<Self>, to: String, text: String) -> Result<u32> {
        Ok(Account::named(cx, &to).notes().add(text).await?)
    }

    /// How a panic over there arrives: code, and whether it may have been executed.
    #[action(public)]
    async fn fall(&mut self, cx: &mut Context<Self>, to: String) -> Result<(String, bool)> {
        let fault = Account::named(cx, &to).fall().await.map_err(told);
        Ok(fault.map_or_else(|fault| fault, |value| (value.to_string(), false)))
    }

    /// How a name that no object can have is refused.
    #[action(public)]
    async fn misname(&mut self, cx: &mut Context<Self>) -> Result<(String, bool)> {
        let fault = Account::named(cx, "~").balance().await.map_err(told);
        Ok(fault.map_or_else(|fault| fault, |value| (value.to_string(), false)))
    }

    /// Waits for an account that takes its time.
    #[action(public)]
    async fn linger(&mut self, cx: &mut Context<Self>, at: String) -> Result<u64> {
        Ok(Account::named(cx, &at).wait(60_000).await?)
    }

    /// Stores what cannot be stored, then pays.
    #[action(public)]
    async fn spoil(&mut self, cx: &mut Context<Self>, to: String) -> Result<u64> {
        self.log.push("x".repeat(3_000_000));
        Ok(Account::named(cx, &to).deposit(1).await?)
    }

    /// What is said where nothing leads to the other app.
    #[action(public)]
    async fn lost(&mut self, cx: &mut Context<Self>) -> Result<(String, String)> {
        let fault = Account::named(cx, "a").balance().await;
        let fault = fault.err().and_then(|error| {
            let rejection = error.rejection()?;
            Some((rejection.code().to_owned(), rejection.to_string()))
        });
        Ok(fault.unwrap_or_default())
    }
}

fn told<E>(error: CallError<E>) -> (String, bool) {
    match error {
        CallError::Failed(_) => ("failed".to_owned(), false),
        CallError::Rejected(rejection) => (rejection.code().to_owned(), rejection.maybe_executed()),
    }
}

stayput::app!(Till; uses(users::APP));
