//! The object: what it takes, refuses and tells.

use stayput::prelude::*;
use stayput::testing::Harness;

use super::{put, replace};
use crate::{Document, DocumentError, Edited, app, units};

const KEPT: u64 = crate::KEPT as u64;

#[stayput::test]
async fn edits_are_fitted_in_and_told(t: &Harness) {
    let notes = Document::named(t, "notes");
    notes
        .edit(0u64, "a", vec![put(0, "hello world")])
        .await
        .unwrap();
    let ann = t.connect(&notes).await.unwrap();
    ann.subscribe(&["edited", "joined", "left", "selected"])
        .await
        .unwrap();
    let hers = Document::named(&ann, "notes");
    let welcome = hers.join("ann", None).await.unwrap();
    assert_eq!(
        (welcome.version, welcome.text.as_deref()),
        (1, Some("hello world"))
    );
    hers.select(1u64, 6, 11).await.unwrap();

    let ben = t.connect(&notes).await.unwrap();
    ben.subscribe(&["edited", "selected"]).await.unwrap();
    let his = Document::named(&ben, "notes");
    let welcome = his.join("ben", 0u64).await.unwrap();
    assert_eq!((welcome.text, welcome.edits.len()), (None, 1));
    assert_eq!(
        welcome
            .people
            .iter()
            .map(|it| (&*it.name, it.anchor, it.head))
            .collect::<Vec<_>>(),
        [("ann", 6, 11), ("ben", 0, 0)]
    );
    t.settle().await;
    assert_eq!(ann.next::<crate::Joined>().unwrap().person.name, "ben");

    // Both at once, for the same version; the second one without a connection.
    assert_eq!(
        his.edit(1u64, "b", vec![replace(0, 5, "Hi")])
            .await
            .unwrap(),
        2
    );
    assert_eq!(notes.edit(1u64, "c", vec![put(5, ",")]).await.unwrap(), 3);
    assert_eq!(notes.read().await.unwrap().text, "Hi, world");
    t.settle().await;
    for author in [&ann, &ben] {
        let told: Vec<_> = std::iter::from_fn(|| author.next::<Edited>())
            .map(|it| (it.version, it.id))
            .collect();
        assert_eq!(told, [(2, "b".to_owned()), (3, "c".to_owned())]);
    }
    // The selection went with its word, the author's cursor stands behind what they wrote.
    let people = notes.people().await.unwrap();
    assert_eq!(
        people
            .iter()
            .map(|it| (it.anchor, it.head))
            .collect::<Vec<_>>(),
        [(4, 9), (2, 2)]
    );

    // Sent again, it is made once; and what does not fit changes nothing.
    assert_eq!(notes.edit(1u64, "c", vec![put(5, ",")]).await.unwrap(), 3);
    for (changes, id) in [
        (vec![put(99, "x")], "d"),
        (vec![], "e"),
        (vec![put(0, "\r\n")], "f"),
    ] {
        assert!(notes.edit(3u64, id, changes).await.is_err(), "{id}");
    }
    t.restart().await;
    assert_eq!(
        notes.read().await.unwrap(),
        crate::Text {
            text: "Hi, world".to_owned(),
            version: 3
        }
    );
    assert_eq!(notes.people().await.unwrap(), []);
}

#[stayput::test]
async fn an_edit_of_a_text_that_is_too_old_is_refused(t: &Harness) {
    let notes = Document::named(t, "notes");
    let changes = |count: u64| (0..count).map(|_| put(0, "x"));
    for (id, change) in changes(KEPT + 1).enumerate() {
        notes
            .edit(id as u64, id.to_string(), vec![change])
            .await
            .unwrap();
    }
    let stale = notes.edit(0u64, "late", vec![put(0, "y")]).await;
    assert!(
        matches!(
            stale,
            Err(CallError::Failed(DocumentError::Stale {
                base: 0,
                oldest: 1
            }))
        ),
        "{stale:?}"
    );
    let unknown = notes.edit(KEPT + 2, "early", vec![put(0, "y")]).await;
    assert!(
        matches!(
            unknown,
            Err(CallError::Failed(DocumentError::Unknown { .. }))
        ),
        "{unknown:?}"
    );
    assert_eq!(
        notes
            .edit(1u64, "in time", vec![put(1, "y")])
            .await
            .unwrap(),
        KEPT + 2
    );
    let ann = t.connect(&notes).await.unwrap();
    let welcome = Document::named(&ann, "notes")
        .join("ann", 0u64)
        .await
        .unwrap();
    assert_eq!((welcome.edits.len(), welcome.version), (0, KEPT + 2));
    assert_eq!(welcome.text.map(|text| units(&text)), Some(crate::KEPT + 2));
}
