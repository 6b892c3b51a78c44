//! Routes of the app's own, in front of its objects.

use stayput::front::{
    Body, Forward, FrontContext, HeaderValue, IntoResponse, Json, Request, Response, Result,
    Routes, StatusCode, header, to,
};
use stayput::prelude::*;

use crate::tally::TallyError;
use crate::{Canal, Folder, Hall, Tally};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .route("/t/{name}/*", to::<Tally>())
        .route("/of", to::<Tally>().named_by_query("tally"))
        .route("/lobby/*", to::<Hall>().named_by_query("hall").or("main"))
        .route("/one/*", to::<Tally>().named("the one"))
        .route("/files/*", to::<Folder>().named("base"))
        .route("/canals/{name}/*", to::<Canal>())
        .get("/drops/{n}/{how}", drops)
        .public()
        .get("/api/tallies/{name}/value", value)
        .public()
        .post("/api/tallies/{name}", add)
        .public()
        .any("/api/*", echo)
        .public()
        .delete("/api/{thing}", nothing)
        .public()
        .post("/hook", length)
        .public()
        .any_body()
        .get("/fail/{how}", fail)
        .public()
        .any("/gate/{name}/*", gate)
        .public()
        .get("/locked", secret)
        .get("/scoped", secret)
        .scope("front:read")
        .method("tally.add", tally_add)
        .public()
        .method("tally.fail", tally_fail)
        .public()
        .method("secret", secret_method)
}

async fn value(cx: FrontContext, _: Request) -> Result<Json<i64>> {
    let name: String = cx.value("name")?;
    Ok(Json(Tally::named(&cx, &name).value().await?))
}

async fn add(cx: FrontContext, request: Request) -> Result<(StatusCode, Json<i64>)> {
    let by: i64 = request.json()?;
    let tally = Tally::named(&cx, &cx.value::<String>("name")?);
    let mut call = tally.increment(by);
    if let Some(key) = cx.key() {
        call = call.key(key);
    }
    Ok((StatusCode::CREATED, Json(call.await?)))
}

async fn echo(cx: FrontContext, request: Request) -> Result<Json<(String, String, Option<u8>)>> {
    let method = request.method().to_string();
    Ok(Json((method, cx.rest().to_owned(), cx.query("n")?)))
}

/// Piece by piece, and then an end as it is asked for.
async fn drops(cx: FrontContext, _: Request) -> Result<(StatusCode, Body)> {
    let (n, how) = (cx.value::<u32>("n")?, cx.value::<String>("how")?);
    let tally = Tally::named(&cx, "drops");
    let body = Body::stream(async move |chunks| {
        for n in 0..n {
            chunks.send(format!("{n}\n")).await?;
        }
        match &*how {
            "call" => Ok(chunks.send(tally.value().await?.to_string()).await?),
            "panic" => panic!("CANARY"),
            "fail" => Err(TallyError::Refused.into()),
            _ => Ok(()),
        }
    });
    Ok((StatusCode::ACCEPTED, body))
}

async fn nothing(_: FrontContext, _: Request) {}

async fn length(_: FrontContext, request: Request) -> Response {
    let mut response = Response::new(request.body().len().to_string().into());
    let media = HeaderValue::from_static("text/x-length");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

async fn fail(cx: FrontContext, _: Request) -> Result<()> {
    match &*cx.value::<String>("how")? {
        "own" => Err(TallyError::Refused.into()),
        "called" => Ok(Tally::named(&cx, "f").fail_after_write(1).await.map(drop)?),
        "name" => Ok(Tally::named(&cx, "").value().await.map(drop)?),
        "panic" => panic!("deliberately"),
        text => Err(stayput::front::FrontError::msg(text)),
    }
}

/// Lets through whoever says the word.
async fn gate(cx: FrontContext, request: Request) -> Result<Forward, Rejected> {
    match request.header("x-word") {
        None if request.header("upgrade").is_none() => Err(Rejected),
        _ => {
            let name: String = cx.value("name").map_err(|_| Rejected)?;
            Ok(Hall::named(&cx, &name.to_lowercase()).fetch(request))
        }
    }
}

/// The gate stays shut.
#[derive(Debug, ActionError)]
#[error(code = "gate.shut", status = 403)]
struct Rejected;

async fn secret(_: FrontContext, _: Request) -> impl IntoResponse {
    "secret"
}

#[data]
struct Add {
    name: String,
    by: i64,
}

async fn tally_add(cx: FrontContext, add: Add) -> Result<i64> {
    Ok(Tally::named(&cx, &add.name).increment(add.by).await?)
}

async fn tally_fail(cx: FrontContext, (): ()) -> Result<i64, CallError<TallyError>> {
    Tally::named(&cx, "f").fail_after_write(1).await
}

async fn secret_method(cx: FrontContext, (): ()) -> Result<String> {
    Ok(cx.caller().subject().to_owned())
}
