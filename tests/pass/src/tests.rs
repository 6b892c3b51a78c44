//! What the expansions say, where compiling alone does not show it.

use stayput::__private::{Actions, Auth, Event, Stateful};
use stayput::config::EnvReader;
use stayput::error::ActionError;
use stayput::prelude::Object;

use crate::errors::{All, Tuple, Unit};

fn names<T: Stateful>() -> Vec<&'static str> {
    T::PARTS
        .iter()
        .flat_map(|part| part.actions)
        .map(|action| action.name)
        .collect()
}

#[test]
fn raw_names_lose_their_mark() {
    use crate::keyword_names::Struct;
    assert_eq!(names::<Struct>(), ["match", "async"]);
    let table = <Struct as Actions<0>>::TABLE;
    let params = format!("{:?}", table.actions[0].params);
    assert!(
        params.contains("\"type\"") && params.contains("\"in\""),
        "{params}"
    );
    assert_eq!(Struct::CLASS, "struct");
    assert_eq!(Struct::TYPE_NAME, "Struct");
    assert_eq!(
        crate::keyword_names::Fault::Missing {
            r#type: "x".to_owned()
        }
        .to_string(),
        "no x"
    );
}

#[test]
fn what_cfg_takes_away_is_not_in_the_table() {
    use crate::cfg_off::Thing;
    assert_eq!(names::<Thing>(), ["value"]);
    let mounts: Vec<_> = Thing::MOUNTS.iter().map(|mount| mount.name).collect();
    assert_eq!(mounts, ["part"]);
    assert_eq!(<Thing as Actions<0>>::TABLE.handlers.len(), 1);
}

#[test]
fn blocks_are_listed_in_order() {
    use crate::split_impls::Room;
    assert_eq!(names::<Room>(), ["size", "ban", "kind"]);
    let auth: Vec<_> = Room::PARTS
        .iter()
        .flat_map(|part| part.actions)
        .map(|action| action.auth)
        .collect();
    assert_eq!(
        auth,
        [
            Auth::Public,
            Auth::Scope("room:moderate"),
            Auth::Authenticated
        ]
    );
}

#[test]
fn names_come_from_types() {
    assert_eq!(crate::cfg_off::Seen::NAME, "seen");
    assert_eq!(crate::two_objects::First::CLASS, "first");
    assert_eq!(crate::no_implicit_prelude::Object::WAS, ["old"]);
}

#[test]
fn settings_name_what_is_missing() {
    let none = |_: &str| None;
    let error = crate::settings(&EnvReader::new(&none)).unwrap_err();
    assert_eq!(error.faults(), ["`PRESENT` is missing"]);
    let some = |name: &str| (name != "MAYBE").then(|| "3".to_owned());
    assert_eq!(crate::settings(&EnvReader::new(&some)), Ok(9));
}

#[test]
fn errors_travel_there_and_back() {
    let over = All::TooMany { max: 7, got: 9 };
    assert_eq!(over.to_string(), "holds   7 {not 9}");
    let wire = over.to_wire();
    assert_eq!(
        (&*wire.code, wire.status, wire.retryable),
        ("all.over", 409, true)
    );
    assert_eq!(wire.details.as_ref().unwrap().get(), r#"{"max":7,"got":9}"#);
    assert!(matches!(
        All::from_wire(&wire),
        Some(All::TooMany { max: 7, got: 9 })
    ));
    assert!(Unit::from_wire(&wire).is_none());

    assert_eq!(All::Empty.to_string(), "Nothing there.");
    assert_eq!(All::Empty.to_wire().status, 400);
    assert!(matches!(
        All::from_wire(&All::Empty.to_wire()),
        Some(All::Empty)
    ));

    let pair = All::Pair("a".to_owned(), vec![1]).to_wire();
    assert_eq!(pair.details.as_ref().unwrap().get(), r#"{"0":"a","1":[1]}"#);
    assert!(
        matches!(All::from_wire(&pair), Some(All::Pair(text, bytes)) if text == "a" && bytes == [1])
    );

    let tuple = Tuple(4).to_wire();
    assert_eq!((&*tuple.code, &*tuple.message), ("all.tuple", "4"));
    assert!(matches!(Tuple::from_wire(&tuple), Some(Tuple(4))));
    assert!(Unit::from_wire(&Unit.to_wire()).is_some());
}
