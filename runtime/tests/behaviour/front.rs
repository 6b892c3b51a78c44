//! Routes of the app's own: who may use them, on whose behalf they call, which lists of them are refused.

use bytes::Bytes;
use stayput::front::{Forward, FrontContext, Json, Method, Request, Result, Routes, to};
use stayput::http::{AppRoutes, Asset, Front, FrontConfig};
use stayput::prelude::*;
use stayput::testing::{self, Client};

#[durable_object]
pub struct Diary {
    lines: Vec<String>,
}

#[durable_object]
impl Diary {
    #[action]
    fn write(&mut self, cx: &mut Context<Self>, line: String) -> u64 {
        let who = cx.caller().subject().to_owned();
        self.lines.push(format!("{who}: {line}"));
        self.lines.len() as u64
    }

    #[action(public, get = "/lines")]
    fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    #[action(scope = "diary:burn")]
    fn burn(&mut self) {
        self.lines.clear();
    }

    #[action(internal)]
    fn count(&self) -> u64 {
        self.lines.len() as u64
    }
}

stayput::app!(Diary; routes(front));

fn front(routes: Routes) -> Routes {
    routes
        .route("/d/{who}/*", to::<Diary>())
        .post("/write", write)
        .get("/public", subject)
        .public()
        .get("/scoped", subject)
        .scope("front:read")
        .get("/mine", mine)
        .get("/count", count)
        .method("whoami", whoami)
        .method("open", whoami)
        .public()
}

async fn subject(cx: FrontContext, _: Request) -> String {
    cx.caller().subject().to_owned()
}

/// Under the caller's own identity, as by any stub.
async fn write(cx: FrontContext, request: Request) -> Result<Json<u64>> {
    let line: String = request.json()?;
    let mut call = Diary::named(&cx, "shared").write(line);
    if let Some(key) = cx.key() {
        call = call.key(key);
    }
    Ok(Json(call.await?))
}

/// The caller's own diary, whoever that is.
async fn mine(cx: FrontContext, request: Request) -> Forward {
    let own = Diary::named(&cx, cx.caller().subject());
    own.fetch(request).at("/lines")
}

/// Code of the app may call what is internal, as an object may.
async fn count(cx: FrontContext, _: Request) -> Result<Json<u64>> {
    Ok(Json(Diary::named(&cx, "shared").count().await?))
}

async fn whoami(cx: FrontContext, (): ()) -> Result<String> {
    Ok(cx.caller().subject().to_owned())
}

async fn get(client: &Client, path: &str) -> (u16, String) {
    let response = client.get(path).await;
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), body)
}

async fn rpc(client: &Client, method: &str) -> serde_json::Value {
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#);
    let response = client.post("/rpc", body).await;
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn handlers_are_denied_unless_said_otherwise() {
    testing::run(app(), async |t| {
        let (nobody, ann) = (t.anonymous(), t.as_user("ann"));
        let reader = ann.with_scopes(["front:read"]);
        assert_eq!(get(&nobody, "/public").await.0, 200);
        assert_eq!(get(&nobody, "/mine").await.0, 401);
        assert_eq!(get(&nobody, "/scoped").await.0, 401);
        assert_eq!(get(&ann, "/scoped").await.0, 403);
        assert_eq!(get(&reader, "/scoped").await, (200, "ann".to_owned()));
        let code = |answer: serde_json::Value| answer["error"]["data"]["code"].clone();
        assert_eq!(code(rpc(&nobody, "whoami").await), "unauthenticated");
        assert_eq!(rpc(&ann, "whoami").await["result"], "ann");
        assert!(rpc(&nobody, "open").await["result"].is_string());
        assert_eq!(code(rpc(&ann, "who").await), "method_not_found");
    });
}

#[test]
fn handlers_call_on_behalf_of_their_caller() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        assert_eq!(ann.post("/write", r#""hello""#).await.body(), "1");
        assert_eq!(t.anonymous().post("/write", r#""x""#).await.status(), 401);
        let lines = get(&ann, "/d/shared/lines").await;
        assert_eq!(lines, (200, r#"["ann: hello"]"#.to_owned()));
        assert_eq!(get(&ann, "/count").await.1, "1");
        // What is internal stays so for who comes by a route.
        assert_eq!(get(&ann, "/d/shared/count").await.0, 404);
        assert_eq!(ann.post("/d/shared/burn", "").await.status(), 403);
        assert_eq!(ann.post("/d/ann/write", r#"["mine"]"#).await.body(), "1");
        let mine = get(&ann, "/mine").await;
        assert_eq!(mine, (200, r#"["ann: mine"]"#.to_owned()));
        assert_eq!(get(&t.as_user("ben"), "/mine").await.1, "[]");
    });
}

#[test]
fn a_key_that_is_handed_on_makes_a_call_safe_to_repeat() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        for _ in 0..2 {
            let request = ::http::Request::post("/write")
                .header("content-type", "application/json")
                .header("idempotency-key", "k-1")
                .body(r#""once""#.into());
            assert_eq!(ann.http(request).await.body(), "1");
        }
        let request = ::http::Request::post("/write")
            .header("content-type", "application/json")
            .header("idempotency-key", "no key")
            .body(r#""twice""#.into());
        assert_eq!(ann.http(request).await.status(), 400);
    });
}

#[test]
fn one_request_id_goes_all_the_way() {
    testing::run(app(), async |t| {
        let request = ::http::Request::get("/mine")
            .header("x-request-id", "r-7")
            .body(Bytes::new());
        let response = t.as_user("ann").http(request).await;
        assert_eq!(response.headers()["x-request-id"], "r-7");
        let request = ::http::Request::get("/d/x/nothing").body(Bytes::new());
        let response = t.as_user("ann").http(request).await;
        let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap();
        assert_eq!(body["error"]["data"]["request_id"], id);
    });
}

async fn nothing(_: FrontContext, _: Request) {}

type List = fn(Routes) -> Routes;

/// What `Front::new` says of a list.
fn refused(list: List) -> String {
    let app = app();
    let config = FrontConfig {
        classes: app.edge(),
        assets: vec![Asset {
            path: "/page.html",
            bytes: b"",
        }],
        routes: Some(AppRoutes::new(list(Routes::new()))),
        ..FrontConfig::default()
    };
    match Front::new(config) {
        Ok(_) => String::new(),
        Err(error) => {
            assert_eq!(error.code, "config.invalid");
            error.message.into_owned()
        }
    }
}

#[durable_object]
pub struct Unlisted {}

#[durable_object]
impl Unlisted {
    #[action]
    fn is_there(&self) -> bool {
        true
    }
}

#[test]
fn lists_that_mean_two_things_are_refused_by_name() {
    let cases: &[(List, &[&str])] = &[
        (
            |routes| routes.get("/x/{a}", nothing).get("/x/{b}", nothing),
            &["`GET /x/{a}`", "`GET /x/{b}`", "same requests"],
        ),
        (
            |routes| {
                routes
                    .any("/x/{a}/*", nothing)
                    .route("/x/{b}/*", to::<Diary>())
            },
            &["`/x/{a}/*`", "`/x/{b}/*`"],
        ),
        (
            |routes| routes.get("/healthz", nothing),
            &["`GET /healthz`", "system path `/healthz`"],
        ),
        (
            |routes| routes.any("/manifest.json/*", nothing),
            &["system path `/manifest.json`"],
        ),
        (
            |routes| routes.get("/diary/x", nothing),
            &["objects of the class `diary`"],
        ),
        (
            |routes| routes.get("/page.html", nothing),
            &["the asset `/page.html`"],
        ),
        (|routes| routes.get("/~x", nothing), &["starts with `~`"]),
        (|routes| routes.get("x", nothing), &["begin with `/`"]),
        (
            |routes| routes.get("/rpc", nothing).method("a", whoami),
            &["the methods at `/rpc`"],
        ),
        (
            |routes| routes.method("a", whoami).method("a", whoami),
            &["two methods `a`"],
        ),
        (
            |routes| routes.method("rpc.discover", whoami),
            &["`rpc.discover` cannot be a method"],
        ),
        (
            |routes| routes.route("/x", to::<Diary>()),
            &["does not say which object of `diary`"],
        ),
        (
            |routes| routes.route("/{a}/{b}", to::<Diary>()),
            &["does not say which object of `diary`"],
        ),
        (
            |routes| routes.route("/x/{a}", to::<Diary>().named_by_query("b")),
            &["a placeholder that nobody reads"],
        ),
        (
            |routes| routes.route("/x/{a}", to::<Unlisted>()),
            &["class `unlisted`, which is not in `app!(..)`"],
        ),
        (
            |routes| routes.route("/x/{a}", to::<Diary>()).public(),
            &["`public()` stands behind the route `/x/{a}`"],
        ),
        (
            |routes| routes.scope("x"),
            &["`scope(..)` stands behind nothing"],
        ),
        (
            |routes| routes.method("a", whoami).any_body(),
            &["`any_body()` stands behind a method"],
        ),
    ];
    for (list, words) in cases {
        let fault = refused(*list);
        for word in *words {
            assert!(fault.contains(word), "`{word}`: {fault}");
        }
    }
    assert_eq!(refused(|routes| routes.get("/rpc", nothing)), "");
    assert_eq!(
        refused(|routes| routes
            .get("/x", nothing)
            .post("/x", nothing)
            .any("/x", nothing)),
        ""
    );
}

#[test]
fn of_several_routes_the_one_that_says_most_is_meant() {
    async fn one(_: FrontContext, _: Request) -> &'static str {
        "word"
    }
    async fn two(_: FrontContext, _: Request) -> &'static str {
        "placeholder"
    }
    async fn three(_: FrontContext, _: Request) -> &'static str {
        "rest"
    }
    async fn four(_: FrontContext, _: Request) -> &'static str {
        "anything"
    }
    fn list(routes: Routes) -> Routes {
        routes
            .any("/*", four)
            .public()
            .any("/a/*", three)
            .public()
            .get("/a/{x}", two)
            .public()
            .get("/a/b", one)
            .public()
    }
    let app = stayput::App::new("test", "1").class::<Diary>().routes(list);
    testing::run(app, async |t| {
        let nobody = t.anonymous();
        for (method, path, told) in [
            (Method::GET, "/a/b", "word"),
            (Method::GET, "/a/c", "placeholder"),
            (Method::PUT, "/a/b", "rest"),
            (Method::GET, "/a/b/c", "rest"),
            (Method::GET, "/a", "rest"),
            (Method::GET, "/x/y", "anything"),
            (Method::GET, "/", "anything"),
            // What has a name of its own is no placeholder's.
            (Method::GET, "/diary/x/lines", "[]"),
            (Method::GET, "/healthz", r#"{"status":"ok"}"#),
        ] {
            let request = ::http::Request::builder()
                .method(&method)
                .header("content-type", "application/json")
                .uri(path);
            let response = nobody.http(request.body(Bytes::new())).await;
            assert_eq!(response.body(), told, "{method} {path}");
        }
    });
}
