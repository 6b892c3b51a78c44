//! What the tests of authentication call: twelve actions, queries, commands and processes of every permission.

use stayput::auth::{ApiKeys, AuthError, AuthRequest, Jwks, Jwt, Principal, env};
use stayput::front::{FrontContext, Request, Routes, to};
use stayput::prelude::*;

/// Rang.
#[event(public)]
#[derive(PartialEq, Eq)]
pub struct Rang {
    /// How often, up to now.
    pub times: u64,
}

/// Somebody looked inside.
#[event(scope = "vault:read")]
#[derive(PartialEq, Eq)]
pub struct Opened {
    /// Who.
    pub by: String,
}

/// Who calls, as the object sees it.
#[data]
#[derive(PartialEq, Eq)]
pub struct Who {
    /// The name.
    pub subject: String,
    /// What they may do.
    pub scopes: Vec<String>,
    /// Where they come from.
    pub ip: Option<String>,
}

/// Counts how often anything was done with it.
#[durable_object(events(Rang, Opened))]
#[derive(Debug)]
pub struct Vault {
    times: u64,
}

#[durable_object]
impl Vault {
    /// How often anything was done.
    #[action(public)]
    fn look(&self) -> u64 {
        self.times
    }

    /// Who calls.
    #[action]
    fn whoami(&self, cx: &Context<Self>) -> Who {
        Who {
            subject: cx.caller().subject().to_owned(),
            scopes: cx.caller().scopes().to_vec(),
            ip: cx.caller().ip().map(|ip| ip.to_string()),
        }
    }

    /// How often anything was done, for those who may know.
    #[action(scope = "vault:read")]
    fn read(&self) -> u64 {
        self.times
    }

    /// The same for few.
    #[action(scope = "vault:admin")]
    fn audit(&self) -> u64 {
        self.times
    }

    /// The same for objects.
    #[action(internal)]
    fn sweep(&self) -> u64 {
        self.times
    }

    /// Rings.
    #[action(public)]
    fn ring(&mut self, cx: &mut Context<Self>) -> u64 {
        self.times += 1;
        cx.broadcast(Rang { times: self.times });
        self.times
    }

    /// Opens it.
    #[action]
    fn open(&mut self, cx: &mut Context<Self>) -> u64 {
        self.times += 1;
        let by = cx.caller().subject().to_owned();
        cx.broadcast(Opened { by });
        self.times
    }

    /// Puts something in.
    #[action(scope = "vault:write")]
    fn store(&mut self) -> u64 {
        self.times += 1;
        self.times
    }

    /// Empties it.
    #[action(scope = "vault:admin")]
    fn wipe(&mut self) -> u64 {
        self.times += 1;
        self.times
    }

    /// Begins anew.
    #[action(internal)]
    fn reset(&mut self) {
        self.times = 0;
    }

    /// Asks it, holding nothing.
    #[action]
    async fn poll(this: Handle<Self>) -> Result<u64> {
        Ok(this.read(|vault| vault.times).await?)
    }

    /// Turns the lock.
    #[action(scope = "vault:admin")]
    async fn rotate(this: Handle<Self>) -> Result<u64> {
        let turned = this.atomic(|vault, _| {
            vault.times += 1;
            Ok::<_, stayput::Error>(vault.times)
        });
        Ok(turned.await?)
    }
}

/// Something that only few may bring to life.
#[durable_object(create = "vault:admin")]
#[derive(Debug)]
pub struct Safe {
    turned: u64,
}

#[durable_object]
impl Safe {
    /// How often it was turned.
    #[action(public)]
    fn turned(&self) -> u64 {
        self.turned
    }

    /// Turns it.
    #[action]
    fn turn(&mut self) -> u64 {
        self.turned += 1;
        self.turned
    }
}

/// Answers whatever is asked below it, to those who may read.
#[durable_object]
#[derive(Debug)]
pub struct Shelf {
    asked: u64,
}

#[durable_object]
impl Shelf {
    /// How often it was asked.
    #[action(public)]
    fn asked(&self) -> u64 {
        self.asked
    }

    #[event(fetch, scope = "vault:read")]
    async fn fetch(this: Handle<Self>, _request: Request) -> stayput::front::Result<String> {
        let ask = |shelf: &mut Self, _: &mut Context<Self>| {
            shelf.asked += 1;
            Ok::<_, stayput::Error>(())
        };
        this.atomic(ask).await?;
        Ok("a book".to_owned())
    }
}

/// The same for whoever has a name.
#[durable_object]
#[derive(Debug)]
pub struct Rack {}

#[durable_object]
impl Rack {
    #[event(fetch)]
    async fn fetch(this: Handle<Self>, _request: Request) -> String {
        drop(this);
        "a coat".to_owned()
    }
}

async fn page(_: FrontContext, _: Request) -> &'static str {
    "a page"
}

async fn method(_: FrontContext, (): ()) -> stayput::front::Result<u64> {
    Ok(7)
}

fn routes(routes: Routes) -> Routes {
    routes
        .route("/vaults/{name}/*", to::<Vault>())
        .get("/pages/open", page)
        .public()
        .get("/pages/named", page)
        .get("/pages/few", page)
        .scope("vault:admin")
        .method("open", method)
        .public()
        .method("named", method)
        .method("few", method)
        .scope("vault:write")
}

/// A proxy before the app has asked for a name, and says so.
async fn by_proxy(request: &AuthRequest<'_>) -> std::result::Result<Option<Principal>, AuthError> {
    match (
        request.header("x-proxy-secret"),
        request.header("x-proxy-user"),
    ) {
        (None, _) => Ok(None),
        (Some("a long secret of the proxy"), Some(name)) => Ok(Some(Principal::new(name))),
        _ => Err(AuthError::refused("the proxy's secret is wrong")),
    }
}

stayput::app!(Rack, Safe, Shelf, Vault; auth(
    ApiKeys::from_env("API_KEYS"),
    Jwt::new("https://issuer.example", env("AUDIENCE")).keys(Jwks::text(env("JWKS"))),
    Jwt::new("https://shared.example", env("AUDIENCE")).secret(env("JWT_SECRET")),
    Jwt::new("https://rotating.example", env("AUDIENCE")).keys(Jwks::url(env("JWKS_URL"))),
    by_proxy,
); routes(routes));
