//! The shop, from outside.
#![allow(clippy::unwrap_used, reason = "what goes wrong in a test fails it")]

use orders::{Item, Shop, app};
use serde_json::json;
use stayput::prelude::*;
use stayput::testing::Test;

fn coffee(count: u32) -> Vec<Item> {
    vec![Item {
        name: "coffee".to_owned(),
        count,
        cents: 250,
    }]
}

/// 2026-11-30 23:30 UTC.
fn evening() -> Timestamp {
    Timestamp::from_millis(1_796_081_400_000)
}

#[test]
fn projections_say_what_happened() {
    Test::new(app()).start(evening()).run(async |t| {
        let shop = Shop::named(t, "corner");
        shop.create_user("ada", "ada@example.org").await.unwrap();
        shop.create_user("bob", "bob@example.org").await.unwrap();
        for (order, user) in [("1", "ada"), ("2", "ada"), ("3", "bob")] {
            shop.place(order, user, coffee(2)).await.unwrap();
        }
        shop.complete("1", 1).await.unwrap();
        t.advance(hours(1)).await;
        shop.complete("2", None).await.unwrap();
        shop.cancel("3", None).await.unwrap();
        shop.delete_user("bob").await.unwrap();

        t.restart().await;
        let users = shop.projection("user_summary").await.unwrap();
        assert_eq!(
            users.data,
            json!([{"user": "ada", "email": "ada@example.org", "created_at": evening(), "orders": 2, "cents": 1_000}])
        );
        assert_eq!(users.position, 9);
        let totals = shop.projection("order_totals").await.unwrap();
        let of = |period: &str| json!({"period": period, "count": 1, "cents": 500});
        assert_eq!(
            totals.data,
            json!({"daily": [of("2026-12-01"), of("2026-11-30")], "monthly": [of("2026-12"), of("2026-11")]})
        );
        let log = shop.projection("activity_log").await.unwrap();
        let said: Vec<_> = log.data.as_array().unwrap().iter().map(|it| &it["summary"]).collect();
        assert_eq!(said[2], "Order 1 placed by ada for 5.00");
        assert_eq!(said[8], "User bob deleted");

        // Made anew they are the same.
        let admin = Shop::named(&t.as_user("root").with_scopes(["projections:rebuild"]), "corner");
        for before in [users, totals, log] {
            let name = before.projection.clone();
            assert!(admin.happened().rebuild(name.clone()).await.unwrap().is_done());
            assert_eq!(shop.projection(name).await.unwrap().data, before.data);
        }
    });
}

#[test]
fn only_what_may_happen_happens() {
    Test::new(app()).start(evening()).run(async |t| {
        let shop = Shop::named(t, "corner");
        assert_eq!(
            t.post("/shop/corner/orders/1/complete", "{}")
                .await
                .status(),
            404
        );
        assert!(shop.place("1", "ada", coffee(1)).await.is_err());
        shop.create_user("ada", "ada@example.org").await.unwrap();
        assert!(shop.create_user("ada", "ada@example.org").await.is_err());
        assert!(shop.place("1", "ada", coffee(0)).await.is_ok());
        let dear = vec![Item {
            cents: i64::MAX,
            ..coffee(2).remove(0)
        }];
        assert!(shop.place("2", "ada", dear).await.is_err());
        // The version that was read is not the one that is there.
        assert_eq!(
            t.post("/shop/corner/orders/1/cancel", r#"{"version": 7}"#)
                .await
                .status(),
            409
        );
        shop.cancel("1", 1).await.unwrap();
        assert!(shop.complete("1", None).await.is_err());
        assert_eq!(
            t.get("/shop/corner/projections/nothing").await.status(),
            404
        );
        let events = shop
            .events("OrderPlaced".to_owned(), None, 10)
            .await
            .unwrap();
        assert_eq!(events.items.len(), 1);
        assert_eq!(events.items[0].stream, "order/1");
    });
}

#[test]
fn the_activity_log_keeps_the_last_thousand() {
    Test::new(app()).start(evening()).run(async |t| {
        let shop = Shop::named(t, "corner");
        shop.create_user("ada", "ada@example.org").await.unwrap();
        for number in 0..1_005 {
            shop.place(number.to_string(), "ada", coffee(1))
                .await
                .unwrap();
        }
        let log = shop.projection("activity_log").await.unwrap();
        let entries = log.data.as_array().unwrap();
        assert_eq!(entries.len(), 1_000);
        assert_eq!(entries[999]["summary"], "Order 1004 placed by ada for 2.50");
        assert_eq!(entries[0]["summary"], "Order 5 placed by ada for 2.50");
    });
}

#[test]
fn the_board_says_what_is_to_be_done_and_how_far_it_is() {
    Test::new(app()).start(evening()).run(async |t| {
        let shop = Shop::named(t, "corner");
        let board = shop.board().await.unwrap();
        assert_eq!((board.last, board.open.len()), (0, 0));
        shop.create_user("ada", "ada@example.org").await.unwrap();
        for order in ["1", "2", "3"] {
            shop.place(order, "ada", coffee(2)).await.unwrap();
        }
        assert_eq!(shop.pay("1", 1).await.unwrap(), 2);
        assert!(shop.pay("1", None).await.is_err(), "paid twice");
        assert!(
            shop.complete("1", 1).await.is_err(),
            "the version is another"
        );
        shop.cancel("2", 1).await.unwrap();
        let board = shop.board().await.unwrap();
        let open: Vec<_> = board
            .open
            .iter()
            .map(|it| (&*it.order, it.paid, it.version))
            .collect();
        assert_eq!(open, [("1", true, 2), ("3", false, 1)]);
        assert_eq!(board.open[0].cents, 500);
        assert_eq!((board.last, board.activity.len()), (6, 6));
        for place in &board.projections {
            assert_eq!((place.position, place.updated_at), (6, Some(evening())));
        }
        let names: Vec<_> = board
            .projections
            .iter()
            .map(|place| &*place.projection)
            .collect();
        assert_eq!(
            names,
            [
                "user_summary",
                "order_totals",
                "activity_log",
                "open_orders"
            ]
        );
        shop.complete("1", 2).await.unwrap();
        let board = shop.board().await.unwrap();
        assert_eq!(board.totals.daily[0].totals.cents, 500);
        assert_eq!(board.open.len(), 1);
    });
}
