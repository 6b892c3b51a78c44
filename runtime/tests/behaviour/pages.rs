//! Pages of collections: an action returns one, its caller asks for the next, over stubs and over HTTP.

use serde_json::{Value, json};
use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

#[data]
#[derive(PartialEq)]
pub struct Post {
    pub id: u64,
    pub text: String,
}

#[durable_object]
pub struct Feed {
    posts: Log<String>,
    scores: Map<String, u64>,
    tags: Set<(bool, String)>,
    marked: Option<Cursor>,
}

#[durable_object]
impl Feed {
    #[action(public)]
    fn post(&mut self, text: String) -> u64 {
        self.scores.set(&text, &(text.len() as u64));
        self.tags.insert(&(text.len() > 3, text.clone()));
        self.posts.push(text)
    }

    #[action(public)]
    fn drop_post(&mut self, id: u64) -> bool {
        self.posts.remove(id)
    }

    #[action(public)]
    fn posts(
        &self,
        after: Option<Cursor>,
        #[param(min = 1, max = 200, default = 50)] limit: u32,
    ) -> Page<Post> {
        self.posts
            .page(after, limit)
            .map(|(id, text)| Post { id, text })
    }

    #[action(public)]
    fn newest(&self, before: Option<Cursor>, limit: u32) -> Page<u64> {
        self.posts.page_back(before, limit).map(|(id, _)| id)
    }

    #[action(public)]
    fn scores(&self, after: Option<Cursor>, limit: u32) -> Page<(String, u64)> {
        self.scores.page(after, limit)
    }

    #[action(public)]
    fn tags(&self, after: Option<Cursor>, limit: u32) -> Page<(bool, String)> {
        self.tags.page(after, limit)
    }

    /// Passes the fault on by itself.
    #[action(public)]
    fn tried(&self, after: Option<Cursor>) -> Result<u64> {
        Ok(self.posts.try_page(after, 100)?.items.len() as u64)
    }

    /// Sees what it has itself just written, and keeps the place where it stopped.
    #[action(public)]
    fn mark(&mut self, limit: u32) -> Page<u64> {
        let id = self.posts.push("mark".to_owned());
        self.posts.remove(id - 1);
        let page = self.posts.page(self.marked.take(), limit);
        self.marked.clone_from(&page.next);
        page.map(|(id, _)| id)
    }

    /// Walks another feed.
    #[action(public)]
    async fn count(&self, cx: &Context<Self>, of: String, after: Option<Cursor>) -> Result<u64> {
        let feed = Feed::named(cx, &of);
        let (mut from, mut count) = (after, 0);
        loop {
            let page = feed.posts(from, 2).await?;
            count += page.items.len() as u64;
            from = page.next;
            if from.is_none() {
                return Ok(count);
            }
        }
    }
}

stayput::app!(Feed);

const WORDS: [&str; 7] = ["a", "bb", "ccc", "dddd", "é", "/", "\0"];

async fn filled(t: &testing::Harness) -> FeedStub {
    let feed = Feed::named(t, "home");
    for word in WORDS {
        feed.post(word).await.unwrap();
    }
    feed
}

#[test]
fn a_stub_walks_by_pages_while_the_list_changes() {
    testing::run(app(), async |t| {
        let feed = filled(t).await;
        let first = feed.posts(None, 2).await.unwrap();
        assert_eq!(first.items[1].text, "bb");
        // The item of the cursor goes, and so does the next; one is added.
        feed.drop_post(2).await.unwrap();
        feed.drop_post(3).await.unwrap();
        feed.post("new").await.unwrap();
        t.restart().await;
        let ids = |page: &Page<Post>| page.items.iter().map(|post| post.id).collect::<Vec<_>>();
        let second = feed.posts(first.next, 3).await.unwrap();
        assert_eq!(ids(&second), [4, 5, 6]);
        let third = feed.posts(second.next, 3).await.unwrap();
        assert_eq!((ids(&third), third.next), (vec![7, 8], None));

        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = feed.newest(before, 3).await.unwrap();
            seen.extend(page.items);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, [8, 7, 6, 5, 4, 1]);

        let (mut after, mut scores) = (None, Vec::new());
        loop {
            let page = feed.scores(after, 3).await.unwrap();
            scores.extend(page.items.into_iter().map(|(word, _)| word));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(scores, ["\0", "/", "a", "bb", "ccc", "dddd", "new", "é"]);

        let tags = feed.tags(None, 7).await.unwrap();
        let rest = feed.tags(tags.next, 7).await.unwrap();
        assert_eq!(
            rest,
            Page {
                items: vec![(true, "dddd".to_owned())],
                next: None
            }
        );
    });
}

#[test]
fn a_page_sees_what_the_action_has_written_and_a_cursor_can_be_stored() {
    testing::run(app(), async |t| {
        let feed = filled(t).await;
        assert_eq!(feed.mark(5).await.unwrap().items, [1, 2, 3, 4, 5]);
        t.evict().await;
        let page = feed.mark(5).await.unwrap();
        assert_eq!((page.items, page.next), (vec![6, 9], None));
    });
}

#[test]
fn objects_walk_each_other() {
    testing::run(app(), async |t| {
        let feed = filled(t).await;
        let other = Feed::named(t, "other");
        assert_eq!(other.count("home", None).await.unwrap(), 7);
        let cursor = feed.scores(None, 1).await.unwrap().next;
        assert_eq!(code(other.count("home", cursor).await), "invalid_params");
    });
}

async fn call(t: &testing::Harness, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let response = t.post("/feed/home", request.to_string()).await;
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn pages_over_http() {
    testing::run(app(), async |t| {
        filled(t).await;
        let mut params = json!({"limit": 3});
        let mut ids = Vec::new();
        loop {
            let answer = call(t, "posts", params.clone()).await;
            let page = &answer["result"];
            ids.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|post| post["id"].clone()),
            );
            if page["next"].is_null() {
                break;
            }
            params["after"] = page["next"].clone();
        }
        assert_eq!(json!(ids), json!([1, 2, 3, 4, 5, 6, 7]));

        let response = t.get("/feed/home/posts?limit=1").await;
        let first = br#"{"items":[{"id":1,"text":"a"}],"next":"MDAwMDAwMDAwMDAwMDAwMQ"}"#;
        assert_eq!(&response.body()[..], first);
        let response = t
            .get("/feed/home/posts?limit=1&after=MDAwMDAwMDAwMDAwMDAwMQ")
            .await;
        let second = br#"{"items":[{"id":2,"text":"bb"}],"next":"MDAwMDAwMDAwMDAwMDAwMg"}"#;
        assert_eq!(&response.body()[..], second);
        let response = t.get("/feed/none/posts").await;
        assert_eq!(&response.body()[..], br#"{"items":[],"next":null}"#);
    });
}

#[test]
fn a_cursor_that_is_none_is_the_callers_mistake() {
    testing::run(app(), async |t| {
        let feed = filled(t).await;
        let expected = "a cursor: the `next` of an earlier page of the same list";

        for bad in [json!("?"), json!(""), json!(7), json!("A".repeat(3_000))] {
            let error = &call(t, "posts", json!({"after": bad})).await["error"];
            assert_eq!(error["code"], -32602, "{error}");
            let fault = &error["data"]["details"]["faults"][0];
            assert_eq!(
                (&fault["path"], &fault["expected"]),
                (&json!("/after"), &json!(expected))
            );
        }

        // One of another collection.
        let foreign = feed.scores(None, 1).await.unwrap().next.unwrap();
        for method in ["posts", "tried"] {
            let error = &call(t, method, json!({"after": foreign})).await["error"];
            assert_eq!(error["code"], -32602, "{error}");
            assert_eq!(error["data"]["code"], "invalid_params");
            assert_eq!(
                error["message"],
                "the cursor is none of `posts`: send the `next` of an earlier page of the same list, \
                 or none to begin anew"
            );
            assert_eq!(
                error["data"]["details"],
                json!({"faults": [{
                    "path": "", "rule": "cursor", "expected": expected,
                    "received": format!("\"{foreign}\""),
                }]})
            );
        }
        let response = t.get(&format!("/feed/home/posts?after={foreign}")).await;
        assert_eq!(response.status(), 400);
        assert_eq!(code(feed.posts(Some(foreign), 1).await), "invalid_params");
        assert_eq!(
            feed.posts(None, 9).await.unwrap().items.len(),
            7,
            "nothing is broken"
        );
    });
}

#[test]
fn clients_get_a_type_for_each_kind_of_page() {
    let manifest = serde_json::to_value(app().manifest()).unwrap();
    let schemas = &manifest["components"]["schemas"];
    assert_eq!(
        schemas["PageOfPost"],
        json!({
            "description": "Some items of a list, and where the next page begins.",
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Post"}},
                "next": {
                    "description": "Where the next page begins; null if there is nothing more.",
                    "anyOf": [{"$ref": "#/components/schemas/Cursor"}, {"type": "null"}],
                },
            },
            "required": ["items", "next"],
        })
    );
    assert_eq!(
        schemas["Cursor"],
        json!({
            "description": "Where a page ended: the `next` of an earlier page of the same list. Opaque.",
            "type": "string",
            "format": "cursor",
            "pattern": "^[A-Za-z0-9_-]+$",
        })
    );
    let names: Vec<_> = schemas.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "Cursor",
            "PageOfPost",
            "PageOfTupleOfBooleanAndString",
            "PageOfTupleOfStringAndUint64",
            "PageOfUint64",
            "Post",
        ]
    );
    let actions = &manifest["classes"]["feed"]["actions"];
    let result = &actions["posts"]["result"];
    assert_eq!(*result, json!({"$ref": "#/components/schemas/PageOfPost"}));
}
