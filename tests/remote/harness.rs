//! The rules of calls hold for those that leave the app, too.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use shop::{Till, users};
use stayput::App;
use stayput::client::Client;
use stayput::prelude::*;
use stayput::testing::Test;
use support::process::{Launch, Server, scratch};
use support::workers::native;

fn balance(server: &Server, account: &str) -> u64 {
    let object = format!("account/{account}");
    let answer = server.connect().call(&object, "balance", &json!([]));
    answer.unwrap().unwrap().as_u64().unwrap()
}

#[test]
fn nothing_leaves_before_it_is_durable_or_after_a_fault() {
    let program = native("user-service");
    let data = scratch();
    let (server, _) = Launch::new(&program, data.path()).start();
    let url = format!("http://{}", server.address());
    Test::new(shop::app())
        .env("STAYPUT_USERS", &url)
        .run(async |t| {
            // An earlier commit is not on the disk yet: the call could tell of it.
            let held = t.hold_commits();
            let till = Till::named(t, "one");
            let first = t.spawn(till.sell("ann", 0));
            let second = t.spawn(till.pay("bob", 1));
            for _ in 0..50 {
                tokio::task::yield_now().await;
                std::thread::sleep(Duration::from_millis(2));
            }
            assert_eq!(balance(&server, "bob"), 0);
            drop(held);
            assert_eq!(first.await.unwrap(), 0);
            assert_eq!(second.await.unwrap(), 1);

            let error = till.spoil("cy").await.unwrap_err();
            assert_eq!(error.rejection().unwrap().code(), "state.unstorable");
            assert_eq!(balance(&server, "cy"), 0);

            // A test, too, calls the other app.
            assert_eq!(users::Account::named(t, "bob").balance().await.unwrap(), 1);
            // So does a program, at its client's own URL.
            let client = Client::new(&url, App::new("none", "0.0.0")).unwrap();
            let bob = users::Account::named(&client, "bob");
            assert_eq!(bob.balance().await.unwrap(), 1);
        });
}

#[test]
fn the_manifest_in_the_shop_is_the_app_s() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("remote/shop/users.json");
    let written = std::fs::read_to_string(file).unwrap();
    assert_eq!(written, user_service::app().manifest_text());
}
