//! Names, ids, and stubs as values.

use stayput::prelude::*;
use stayput::testing;

use crate::support::code;

#[durable_object]
pub struct Member {
    friend: Option<MemberStub>,
    club: Option<Id<Club>>,
    points: u64,
}

#[durable_object]
impl Member {
    #[action]
    fn befriend(&mut self, friend: MemberStub) {
        self.friend = Some(friend);
    }

    #[action]
    fn friend(&self) -> Option<MemberStub> {
        self.friend.clone()
    }

    #[action]
    async fn cheer_friend(&mut self) -> Result<u64> {
        match &self.friend {
            Some(friend) => Ok(friend.cheer().await?),
            None => Ok(0),
        }
    }

    #[action]
    fn cheer(&mut self) -> u64 {
        self.points += 1;
        self.points
    }

    #[action]
    fn join(&mut self, club: Id<Club>) {
        self.club = Some(club);
    }

    #[action]
    async fn greet_club(&mut self, cx: &mut Context<Self>) -> Result<u64> {
        match &self.club {
            Some(club) => Ok(club.stub(cx).visit().await?),
            None => Ok(0),
        }
    }

    #[action]
    fn who(&self, cx: &Context<Self>) -> (ObjectId, Option<String>) {
        (cx.id(), cx.name().map(str::to_owned))
    }

    #[action]
    async fn ask_bad_name(&mut self, cx: &mut Context<Self>, name: String) -> Result<u64> {
        Ok(Member::named(cx, &name).cheer().await?)
    }

    #[action]
    async fn make(&mut self, cx: &mut Context<Self>) -> Result<MemberStub> {
        let made = Member::unique(cx);
        made.cheer().await?;
        Ok(made)
    }

    #[action]
    fn me(&self, cx: &Context<Self>) -> MemberStub {
        cx.me()
    }
}

#[durable_object]
pub struct Club {
    visits: u64,
}

#[durable_object]
impl Club {
    #[action]
    fn visit(&mut self) -> u64 {
        self.visits += 1;
        self.visits
    }
}

stayput::app!(Member, Club);

#[test]
fn stubs_are_params_results_and_state() {
    testing::run(app(), async |t| {
        let (ann, bob) = (Member::named(t, "ann"), Member::named(t, "bob"));
        ann.befriend(bob.clone()).await.unwrap();
        assert_eq!(ann.cheer_friend().await.unwrap(), 1);
        t.restart().await;
        assert_eq!(ann.cheer_friend().await.unwrap(), 2);
        let friend = ann.friend().await.unwrap().unwrap();
        assert_eq!(friend.id().unwrap(), bob.id().unwrap());
        assert_eq!(
            friend.cheer().await.unwrap(),
            3,
            "a stub that was answered calls, too"
        );
        assert_eq!(bob.me().await.unwrap().cheer().await.unwrap(), 4);
    });
}

#[test]
fn ids_are_values_of_their_class() {
    testing::run(app(), async |t| {
        let (ann, club) = (Member::named(t, "ann"), Club::named(t, "chess"));
        let id = serde_json::to_string(&club.id().unwrap()).unwrap();
        let body = format!("{{\"club\":{id}}}");
        assert_eq!(t.post("/member/ann/join", body.clone()).await.status(), 200);
        assert_eq!(ann.greet_club().await.unwrap(), 1);
        t.restart().await;
        assert_eq!(ann.greet_club().await.unwrap(), 2);
        // An id of another class is refused by whoever decodes it.
        let foreign = serde_json::to_string(&ann.id().unwrap()).unwrap();
        let response = t
            .post("/member/ann/join", format!("{{\"club\":{foreign}}}"))
            .await;
        assert_eq!(response.status(), 400);
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert!(
            text.contains("invalid_params") && text.contains("club"),
            "{text}"
        );
        let response = t
            .post("/member/ann/befriend", format!("{{\"friend\":{id}}}"))
            .await;
        assert_eq!(response.status(), 400);
        assert_eq!(
            code(Club::by_id(t, ann.id().unwrap()).visit().await),
            "invalid_id"
        );
        assert_eq!(ann.greet_club().await.unwrap(), 3);
    });
}

#[test]
fn unique_objects_are_known_by_id_only() {
    testing::run(app(), async |t| {
        let (one, other) = (Member::unique(t), Member::unique(t));
        assert_ne!(one.id().unwrap(), other.id().unwrap());
        one.cheer().await.unwrap();
        let again = Member::by_id(t, one.id().unwrap());
        assert_eq!(again.cheer().await.unwrap(), 2);
        assert_eq!(again.who().await.unwrap(), (one.id().unwrap(), None));
        assert_eq!(other.cheer().await.unwrap(), 1);
        let made = one.make().await.unwrap();
        assert_eq!(made.cheer().await.unwrap(), 2);
        t.restart().await;
        let later = Member::unique(t);
        assert_ne!(
            later.id().unwrap(),
            one.id().unwrap(),
            "randomness goes on after a restart"
        );
    });
}

#[test]
fn a_named_object_knows_its_name_also_when_called_by_id() {
    testing::run(app(), async |t| {
        let ann = Member::named(t, "ann");
        ann.cheer().await.unwrap();
        let id = ann.id().unwrap();
        t.restart().await;
        assert_eq!(
            Member::by_id(t, id).who().await.unwrap(),
            (id, Some("ann".to_owned()))
        );
        assert_eq!(Member::by_id(t, id).cheer().await.unwrap(), 2);
    });
}

#[test]
fn bad_names_are_refused() {
    testing::run(app(), async |t| {
        let long = "x".repeat(513);
        for name in ["", ".", "..", "~", "~x", &long] {
            assert_eq!(
                code(Member::named(t, name).cheer().await),
                "invalid_name",
                "{name}"
            );
            let asked = Member::named(t, "ann").ask_bad_name(name).await;
            assert_eq!(code(asked), "invalid_name", "{name}");
        }
        for name in ["a", "...", "a~", "ä/ö?#%", &long[1..], "\u{0}"] {
            assert_eq!(Member::named(t, name).cheer().await.unwrap(), 1, "{name}");
        }
    });
}
