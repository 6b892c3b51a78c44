//! Who may call what: denied unless said otherwise.

use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

#[durable_object]
pub struct Door {
    opened: Vec<String>,
}

#[durable_object]
impl Door {
    #[action(public)]
    fn ring(&self) -> String {
        "ding".to_owned()
    }

    #[action]
    fn knock(&mut self, cx: &mut Context<Self>) -> String {
        cx.caller().subject().to_owned()
    }

    #[action(scope = "door:open")]
    fn open(&mut self, cx: &mut Context<Self>) -> u64 {
        self.opened.push(cx.caller().subject().to_owned());
        self.opened.len() as u64
    }

    #[action(internal)]
    fn unlock(&mut self, cx: &mut Context<Self>) -> String {
        format!("unlocked for {}", cx.caller().subject())
    }

    /// Objects may call what is internal, on behalf of whoever called first; scopes count at the edge only.
    #[action]
    async fn ask_next(&mut self, cx: &mut Context<Self>) -> Result<String> {
        let next = Door::named(cx, "next");
        next.open().await?;
        Ok(next.unlock().await?)
    }

    #[action]
    fn opened(&self) -> Vec<String> {
        self.opened.clone()
    }
}

stayput::app!(Door);

#[test]
fn stubs_pass_the_checks_of_the_edge() {
    testing::run(app(), async |t| {
        let door = |client: &testing::Client| Door::named(client, "front");
        let nobody = door(&t.anonymous());
        assert_eq!(nobody.ring().await.unwrap(), "ding");
        assert_eq!(code(nobody.knock().await), "unauthenticated");
        assert_eq!(code(nobody.open().await), "unauthenticated");
        let ann = t.as_user("ann");
        assert_eq!(door(&ann).knock().await.unwrap(), "ann");
        assert_eq!(code(door(&ann).open().await), "forbidden");
        assert_eq!(
            code(door(&ann.with_scopes(["door:close"])).open().await),
            "forbidden"
        );
        assert_eq!(
            door(&ann.with_scopes(["door:open"])).open().await.unwrap(),
            1
        );
        assert_eq!(
            Door::named(t, "front").open().await.unwrap(),
            2,
            "the developer has every scope"
        );
        for client in [t.anonymous(), ann.clone(), t.as_caller(Caller::developer())] {
            assert_eq!(code(door(&client).unlock().await), "method_not_found");
        }
        assert_eq!(door(&ann).opened().await.unwrap(), ["ann", "developer"]);
    });
}

#[test]
fn http_requests_are_judged_alike() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        let status = async |client: &testing::Client, action: &str| {
            client
                .post(&format!("/door/front/{action}"), "{}")
                .await
                .status()
                .as_u16()
        };
        assert_eq!(status(&t.anonymous(), "ring").await, 200);
        assert_eq!(status(&t.anonymous(), "knock").await, 401);
        assert_eq!(status(&ann, "open").await, 403);
        assert_eq!(status(&ann.with_scopes(["door:open"]), "open").await, 200);
        assert_eq!(status(&ann, "unlock").await, 404);
        assert_eq!(status(t, "unlock").await, 404);
        let rung = t.anonymous().get("/door/front/ring").await;
        assert_eq!(rung.body().as_ref(), b"\"ding\"");
        assert_eq!(
            ann.get("/door/front/knock").await.status(),
            405,
            "a GET runs no command"
        );
    });
}

#[test]
fn objects_call_each_other_on_behalf_of_the_first_caller() {
    testing::run(app(), async |t| {
        let ann = t.as_user("ann");
        let answer = Door::named(&ann, "front").ask_next().await.unwrap();
        assert_eq!(answer, "unlocked for ann");
        assert_eq!(Door::named(t, "next").opened().await.unwrap(), ["ann"]);
    });
}
