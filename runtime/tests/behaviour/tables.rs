//! Tables: rows and their indexes, alone and under everything that can go wrong with an action.

use stayput::prelude::*;
use stayput::state::Explain;
use stayput::testing;

use crate::support::code;

#[data]
#[derive(Entity, PartialEq)]
#[index(by_city_and_age(city, age))]
#[index(by_age_and_name(age, desc(name)), include(city))]
#[index(present(last_seen), where = |user| user.last_seen.is_some())]
pub struct User {
    #[key(auto)]
    pub id: u64,
    #[index(unique)]
    pub email: Option<String>,
    pub name: String,
    pub city: String,
    pub age: u32,
    pub last_seen: Option<i64>,
    pub tags: Vec<String>,
}

#[durable_object]
pub struct Club {
    users: Table<User>,
}

fn user(name: &str, city: &str, age: u32) -> User {
    User {
        id: 0,
        email: Some(format!("{name}@example.org")),
        name: name.to_owned(),
        city: city.to_owned(),
        age,
        last_seen: None,
        tags: Vec::new(),
    }
}

#[durable_object]
impl Club {
    #[action(public)]
    fn join(&mut self, user: User) -> Result<u64> {
        Ok(self.users.insert(user)?)
    }

    #[action(public)]
    fn typed_join(&mut self, user: User) -> Result<u64, TableError> {
        self.users.insert(user)
    }

    #[action(public)]
    fn move_all(&mut self, from: String, to: String) -> Result<u64, TableError> {
        self.users
            .query_mut()
            .filter(User::CITY.eq(from))
            .update(|user| user.city.clone_from(&to))
    }

    #[action(public)]
    fn by_email(&self, email: String) -> Option<User> {
        self.users.find_by_email(email)
    }

    #[action(public)]
    fn names(&self, city: String, from: u32) -> (Vec<String>, Explain) {
        let query = self
            .users
            .query()
            .filter(User::CITY.eq(city).and(User::AGE.gte(from)))
            .order_by(User::AGE.asc())
            .select(User::NAME);
        let explain = query.explain();
        (query.all(), explain)
    }
}

stayput::app!(Club);

#[test]
fn rows_are_found_by_their_indexes() {
    testing::run(app(), async |t| {
        let club = Club::named(t, "home");
        assert_eq!(club.join(user("ann", "Rome", 20)).await.unwrap(), 1);
        assert_eq!(club.join(user("ben", "Rome", 17)).await.unwrap(), 2);
        assert_eq!(club.join(user("cleo", "Oslo", 40)).await.unwrap(), 3);
        t.restart().await;
        let found = club.by_email("ben@example.org").await.unwrap();
        assert_eq!(found.unwrap().id, 2);
        let (names, explain) = club.names("Rome", 18u32).await.unwrap();
        assert_eq!(names, ["ann"]);
        assert_eq!(explain.index.as_deref(), Some("by_city_and_age"));
        let twice = club.join(user("ann", "Rome", 20)).await;
        assert_eq!(code(twice), "table.unique");
        let twice = club.typed_join(user("ann", "Rome", 20)).await.unwrap_err();
        let CallError::Failed(error) = twice else {
            panic!("{twice:?}");
        };
        assert_eq!(error.index().as_deref(), Some("email"));
        assert_eq!(error.columns(), ["email"]);
        assert_eq!(club.move_all("Rome", "Oslo").await.unwrap(), 2);
        let (names, _) = club.names("Oslo", 0u32).await.unwrap();
        assert_eq!(names, ["ben", "ann", "cleo"]);
    });
}

/// The same class, before and after an index is declared.
mod before {
    use stayput::prelude::*;

    #[data]
    #[derive(Entity)]
    pub struct Plant {
        #[key]
        pub name: String,
        pub bed: u32,
    }

    #[durable_object]
    pub struct Garden {
        plants: Table<Plant>,
    }

    #[durable_object]
    impl Garden {
        #[action(public)]
        fn plant(&mut self, name: String, bed: u32) -> Result<String, TableError> {
            self.plants.insert(Plant { name, bed })
        }
    }

    stayput::app!(Garden);
}

mod after {
    use stayput::prelude::*;
    use stayput::state::Explain;

    #[data]
    #[derive(Entity)]
    #[index(by_bed(bed))]
    pub struct Plant {
        #[key]
        pub name: String,
        pub bed: u32,
    }

    #[durable_object]
    pub struct Garden {
        plants: Table<Plant>,
    }

    #[durable_object]
    impl Garden {
        #[action(public)]
        fn in_bed(&self, bed: u32) -> (Vec<String>, Explain) {
            let found = self.plants.find_by_bed(bed).select(Plant::NAME);
            let explain = found.explain();
            (found.all(), explain)
        }
    }

    stayput::app!(Garden);
}

mod strict {
    use stayput::prelude::*;

    #[data]
    #[derive(Entity)]
    #[index(by_bed(bed), unique)]
    pub struct Plant {
        #[key]
        pub name: String,
        pub bed: u32,
    }

    #[durable_object]
    pub struct Garden {
        plants: Table<Plant>,
    }

    #[durable_object]
    impl Garden {
        #[action(public)]
        fn count(&self) -> u64 {
            self.plants.len()
        }
    }

    stayput::app!(Garden);
}

#[test]
fn an_index_declared_anew_is_built_at_wake_and_committed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let test = |app| testing::Test::new(app).data(folder.path());
    test(before::app()).run(async |t| {
        let garden = before::Garden::named(t, "home");
        for (name, bed) in [("rose", 1_u32), ("mint", 2), ("aster", 1)] {
            garden.plant(name, bed).await.unwrap();
        }
    });
    test(after::app()).run(async |t| {
        let garden = after::Garden::named(t, "home");
        let (names, explain) = garden.in_bed(1u32).await.unwrap();
        assert_eq!(names, ["aster", "rose"]);
        assert!(explain.covering, "{explain}");
        // A query has woken the object, and yet the index is on disk.
        t.crash().await;
        t.fail_next(testing::Fault::Io);
        assert_eq!(garden.in_bed(2u32).await.unwrap().0, ["mint"]);
        // An unborn object is not born by this.
        let other = after::Garden::named(t, "other");
        assert_eq!(other.in_bed(1u32).await.unwrap().0.len(), 0);
    });
    test(strict::app()).run(async |t| {
        let garden = strict::Garden::named(t, "home");
        let refused = garden.count().await;
        assert_eq!(code(refused), "state.unstorable");
    });
    // Nothing is lost by that.
    test(after::app()).run(async |t| {
        let garden = after::Garden::named(t, "home");
        assert_eq!(garden.in_bed(1u32).await.unwrap().0.len(), 2);
    });
}
