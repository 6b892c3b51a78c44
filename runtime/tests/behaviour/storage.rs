//! What is stored and cannot be read, or is to be stored and cannot be: a typed error, never a panic.

use stayput::prelude::*;
use stayput::testing;

use crate::support::{code, overwrite, stored};

#[durable_object]
pub struct Vault {
    number: f64,
    text: String,
    items: Log<f64>,
    shelf: Map<String, u64>,
}

#[durable_object]
impl Vault {
    #[action]
    fn fill(&mut self) {
        self.number = 1.5;
        self.text = "text".to_owned();
        self.items.push(2.5);
        self.shelf.insert("a".to_owned(), 1);
    }

    #[action]
    fn number(&self) -> f64 {
        self.number
    }

    #[action]
    fn items(&self) -> Vec<f64> {
        self.items.last(10)
    }

    #[action]
    fn shelf(&self) -> Vec<(String, u64)> {
        self.shelf.iter().collect()
    }

    /// Does not look at what it read: the fault must not get lost.
    #[action]
    fn copy(&mut self) -> u64 {
        let items = self.items.last(10);
        self.text = format!("{} items", items.len());
        items.len() as u64
    }

    #[action]
    async fn read_slowly(&self, cx: &Context<Self>, items: bool) -> u64 {
        let seen = if items {
            self.items.last(10).len()
        } else {
            self.shelf.iter().count()
        };
        cx.sleep(seconds(1)).await;
        seen as u64
    }

    #[action]
    fn set_number(&mut self, infinite: bool) {
        self.text = "changed".to_owned();
        self.number = if infinite { f64::INFINITY } else { 3.5 };
    }

    #[action]
    fn push_nan(&mut self) {
        self.text = "changed".to_owned();
        self.items.push(f64::NAN);
    }

    #[action]
    fn grow(&mut self, bytes: usize) {
        self.text = "x".repeat(bytes);
    }

    #[action]
    fn long_key(&mut self, bytes: usize) {
        self.shelf.insert("k".repeat(bytes), 1);
    }

    #[action]
    fn text(&self) -> String {
        self.text.clone()
    }
}

stayput::app!(Vault);

#[test]
fn a_record_that_cannot_be_read_fails_whoever_reads_it() {
    testing::run(app(), async |t| {
        let (vault, other) = (Vault::named(t, "broken"), Vault::named(t, "other"));
        vault.fill().await.unwrap();
        t.evict().await;
        assert_eq!(
            overwrite(t.data(), "c/items/0000000000000001", "\"no number\""),
            1,
            "{:?}",
            stored(t.data())
        );
        other.fill().await.unwrap();
        assert_eq!(code(vault.items().await), "state.unreadable");
        assert_eq!(code(vault.copy().await), "state.unreadable");
        assert_eq!(vault.text().await.unwrap(), "text", "nothing was changed");
        assert_eq!(
            vault.number().await.unwrap().to_string(),
            "1.5",
            "the rest can be read"
        );
        assert_eq!(vault.shelf().await.unwrap(), [("a".to_owned(), 1)]);
        assert_eq!(other.items().await.unwrap(), [2.5]);
    });
}

#[test]
fn a_fault_fails_the_query_that_met_it_and_no_other() {
    testing::run(app(), async |t| {
        let vault = Vault::named(t, "overlap");
        vault.fill().await.unwrap();
        t.evict().await;
        assert_eq!(overwrite(t.data(), "c/items/0000000000000001", "[]"), 1);
        let broken = t.spawn(vault.read_slowly(true));
        t.settle().await;
        let sound = t.spawn(vault.read_slowly(false));
        t.settle().await;
        assert_eq!(vault.number().await.unwrap().to_string(), "1.5");
        t.advance(seconds(1)).await;
        assert_eq!(code(broken.await), "state.unreadable");
        assert_eq!(sound.await.unwrap(), 1);
    });
}

#[test]
fn a_field_that_cannot_be_read_fails_every_call() {
    testing::run(app(), async |t| {
        let vault = Vault::named(t, "field");
        vault.fill().await.unwrap();
        t.evict().await;
        assert_eq!(overwrite(t.data(), "f/number", "{"), 1);
        for _ in 0..2 {
            assert_eq!(code(vault.text().await), "state.unreadable");
            assert_eq!(code(vault.fill().await), "state.unreadable");
        }
        // Repaired, it answers again.
        assert_eq!(overwrite(t.data(), "f/number", "7"), 1);
        assert_eq!(vault.number().await.unwrap().to_string(), "7");
    });
}

#[test]
fn state_of_a_newer_program_is_refused_by_name() {
    testing::run(app(), async |t| {
        let vault = Vault::named(t, "newer");
        vault.fill().await.unwrap();
        t.evict().await;
        let meta = "{\"v\":2,\"name\":\"newer\",\"born\":0,\"app\":\"x\",\"state\":{}}";
        assert_eq!(overwrite(t.data(), "!meta", meta), 1);
        let answer = vault.text().await.unwrap_err();
        assert_eq!(answer.rejection().unwrap().code(), "state.newer_than_code");
        let meta = meta.replace(":2,", ":1,").replace("{}", "{\"\":7}");
        overwrite(t.data(), "!meta", &meta);
        let answer = vault.fill().await.unwrap_err();
        assert_eq!(answer.rejection().unwrap().code(), "state.newer_than_code");
        assert!(answer.to_string().contains('7'), "{answer}");
    });
}

#[test]
fn what_cannot_be_stored_is_refused_by_the_fields_name() {
    testing::run(app(), async |t| {
        let vault = Vault::named(t, "encode");
        vault.fill().await.unwrap();
        for (answer, field) in [
            (vault.set_number(true).await.map(drop), "`number`"),
            (vault.push_nan().await.map(drop), "`items`"),
            (vault.grow(70_000).await.map(drop), "`text`"),
            (vault.long_key(3_000).await.map(drop), "`shelf`"),
        ] {
            let error = answer.unwrap_err();
            assert_eq!(
                error.rejection().unwrap().code(),
                "state.unstorable",
                "{field}"
            );
            assert_eq!(error.rejection().unwrap().status(), 422);
            assert!(error.to_string().contains(field), "{error}");
            if field == "`text`" {
                assert!(
                    error.to_string().contains("Log") && error.to_string().contains("Map"),
                    "{error}"
                );
            }
            assert_eq!(vault.text().await.unwrap(), "text", "nothing was changed");
            assert_eq!(vault.number().await.unwrap().to_string(), "1.5");
            assert_eq!(vault.items().await.unwrap(), [2.5]);
        }
        vault.grow(65_000).await.unwrap();
        vault.set_number(false).await.unwrap();
        t.restart().await;
        assert_eq!(vault.number().await.unwrap().to_string(), "3.5");
    });
}
