//! `ParamsSchema`: parameters checked against a JSON Schema of one's own, whatever way they came.

use serde_json::{Value, json};
use stayput::middleware::ParamsSchema;
use stayput::prelude::*;
use stayput::testing::Harness;

static ORDER: ParamsSchema = ParamsSchema::new(
    r#"{
        "properties": {
            "name": { "type": "string", "minLength": 3, "pattern": "^[a-z0-9]+$" },
            "count": { "type": "integer", "multipleOf": 6 },
            "extra": {
                "type": "object",
                "properties": { "kind": { "enum": ["big", "small"] } },
                "additionalProperties": false
            }
        },
        "if": { "properties": { "count": { "minimum": 12 } } },
        "then": { "required": ["address"] }
    }"#,
);

static BROKEN: ParamsSchema = ParamsSchema::new(r#"{ "type": "no such" }"#);

#[durable_object]
pub struct Bakery {
    orders: u64,
}

#[durable_object]
impl Bakery {
    #[action(public, middleware(&ORDER))]
    fn order(
        &mut self,
        name: String,
        count: u64,
        extra: Option<Value>,
        address: Option<String>,
    ) -> u64 {
        let _ = (name, count, extra, address);
        self.orders += 1;
        self.orders
    }

    #[action(public, middleware(&ORDER))]
    fn look(&self, name: String, count: u64) -> String {
        format!("{name} {count}")
    }

    #[action(public, middleware(&BROKEN))]
    fn broken(&self) {}

    #[action(public)]
    fn orders(&self) -> u64 {
        self.orders
    }
}

stayput::app!(Bakery);

async fn post(t: &Harness, params: &Value) -> Value {
    let answer = t.post("/bakery/main/order", params.to_string()).await;
    serde_json::from_slice(answer.body()).unwrap()
}

#[stayput::test(app = app())]
async fn all_faults_are_told_as_ours_are(t: &Harness) {
    let answer = post(
        t,
        &json!({ "name": "A", "count": 13, "extra": { "kind": "odd", "more/": 1 } }),
    )
    .await;
    let error = &answer["error"];
    assert_eq!(error["code"], -32602);
    assert_eq!(error["data"]["code"], "invalid_params");
    let mut faults = error["data"]["details"]["faults"]
        .as_array()
        .unwrap()
        .clone();
    faults.sort_by_key(|fault| format!("{} {}", fault["path"], fault["rule"]));
    assert_eq!(
        Value::from(faults),
        json!([
            { "path": "/address", "rule": "required", "expected": "a value" },
            { "path": "/count", "rule": "multipleOf", "expected": "a multiple of 6", "received": "13", "allowed": 6 },
            { "path": "/extra/kind", "rule": "enum", "expected": r#"one of ["big","small"]"#, "received": "\"odd\"", "allowed": ["big", "small"] },
            { "path": "/extra/more~1", "rule": "additionalProperties", "expected": "no such member", "received": "1" },
            { "path": "/name", "rule": "minLength", "expected": "at least 3 characters", "received": "\"A\"", "allowed": 3 },
            { "path": "/name", "rule": "pattern", "expected": "a match of `^[a-z0-9]+$`", "received": "\"A\"", "allowed": "^[a-z0-9]+$" },
        ])
    );
    let bakery = Bakery::named(t, "main");
    assert_eq!(bakery.orders().await.unwrap(), 0);
}

#[stayput::test(app = app())]
async fn what_fits_goes_on_by_name_and_by_position(t: &Harness) {
    assert_eq!(post(t, &json!({ "name": "ann", "count": 6 })).await, 1);
    assert_eq!(post(t, &json!(["ann", 6])).await, 2);
    let refused = post(t, &json!(["ann", 7])).await;
    let fault = &refused["error"]["data"]["details"]["faults"][0];
    assert_eq!(fault["path"], "/count", "{refused}");
    let order = Bakery::named(t, "main").order("a".to_owned(), 6, None, None);
    let refused = order.await.unwrap_err();
    assert_eq!(refused.rejection().unwrap().code(), "invalid_params");
}

/// `123` and `007` look like numbers, and are texts of a parameter that wants one. What is checked is what the action gets.
#[stayput::test(app = app())]
async fn texts_of_a_url_are_what_the_schema_says(t: &Harness) {
    for (query, body) in [
        ("name=ann&count=6", "ann 6"),
        ("name=123&count=6", "123 6"),
        ("name=007&count=6", "007 6"),
    ] {
        let answer = t.get(&format!("/bakery/main/look?{query}")).await;
        let told: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(told, body);
    }
    for query in ["name=12&count=6", "name=1.5&count=6", "name=ann&count=7"] {
        let answer = t.get(&format!("/bakery/main/look?{query}")).await;
        assert_eq!(answer.status(), 400, "{query}");
    }
}

#[stayput::test(app = app())]
async fn a_schema_that_is_none_is_found_by_its_check(t: &Harness) {
    ORDER.check().unwrap();
    assert!(BROKEN.check().is_err());
    let refused = Bakery::named(t, "main").broken().await.unwrap_err();
    assert_eq!(refused.rejection().unwrap().code(), "config.invalid");
}

/// A value may be nested as deeply as the action can read alone, and then too deeply for the object of all parameters.
#[stayput::test(app = app())]
async fn what_cannot_be_checked_does_not_pass(t: &Harness) {
    for depth in 120..=130 {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body = format!(r#"{{"name":"ann","count":6,"extra":{open}{close}}}"#);
        let answer = t.post("/bakery/main/order", body).await;
        assert_eq!(answer.status(), 400, "{depth}");
    }
    assert_eq!(Bakery::named(t, "main").orders().await.unwrap(), 0);
}
