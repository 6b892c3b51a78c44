//! The Rust client, with a token that stays and with tokens that change.

use std::cell::Cell;
use std::rc::Rc;

use auth_app::{Opened, Vault};
use serde_json::json;
use stayput::client::Client;
use stayput::prelude::*;

use crate::place::Place;
use crate::tokens::{Keys, now, with};

pub(crate) fn carry_tokens(place: &Place, keys: &Rc<Keys>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let url = format!("http://{}", place.server.address());
        let nobody = Client::new(&url, auth_app::app()).unwrap();
        let vault = |client: &Client| Vault::named(client, "clients");
        let refused = vault(&nobody).whoami().await.unwrap_err();
        assert_eq!(refused.rejection().unwrap().code(), "unauthenticated");

        let admin = nobody.bearer("key-of-the-admin-00003").unwrap();
        assert_eq!(vault(&admin).whoami().await.unwrap().subject, "admin");
        let live = admin.connect(&vault(&admin)).await.unwrap();
        let mut opened = live.events::<Opened>().await.unwrap();

        let asked = Rc::new(Cell::new(0));
        let (count, signer) = (asked.clone(), keys.clone());
        let ann = nobody.bearer_by(async move || {
            count.set(count.get() + 1);
            let subject = format!("ann{}", count.get());
            Ok::<_, String>(signer.good(&with(json!({ "sub": subject, "exp": now() + 2 }))))
        });
        assert_eq!(vault(&ann).whoami().await.unwrap().subject, "ann1");
        vault(&ann).open().await.unwrap();
        assert_eq!(opened.next().await.unwrap().unwrap().by, "ann2");
        let short = ann.connect(&vault(&ann)).await.unwrap();
        let who = Vault::named(&short, "clients").whoami().await.unwrap();
        assert_eq!((&*who.subject, asked.get()), ("ann3", 3));
        assert_eq!(
            short.closed().await,
            (4401, "unauthenticated".to_owned()),
            "{}",
            place.name
        );

        let broken = nobody.bearer_by(async || Err::<String, _>("nobody is logged in"));
        let failed = vault(&broken).look().await.unwrap_err();
        assert_eq!(failed.rejection().unwrap().code(), "bad_token");
        assert_eq!(
            broken.connect(&vault(&broken)).await.unwrap_err().code(),
            "bad_token"
        );
    });
}
