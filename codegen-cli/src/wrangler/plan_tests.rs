//! What is decided, case by case. Configurations are given as the JSON that both formats become.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use serde_json::{Value, json};

use super::*;
use crate::wrangler::change::{AppClass, AppUse};

/// An app with classes by path.
fn app(paths: &[&str]) -> App {
    App {
        name: "Rooms".to_owned(),
        main: "build/entry.js".to_owned(),
        build: "stayput build rooms --out build".to_owned(),
        classes: paths
            .iter()
            .map(|path| AppClass {
                path: (*path).to_owned(),
                name: exported_name(path).unwrap(),
                was: Vec::new(),
                binding: None,
            })
            .collect(),
        uses: Vec::new(),
    }
}

/// A configuration in which nothing but the classes can be wrong.
fn config(lifecycle: &Value, bindings: &[(&str, &str)]) -> Value {
    let bindings: Vec<Value> = bindings
        .iter()
        .map(|(name, class)| json!({ "name": name, "class_name": class }))
        .collect();
    let mut config = json!({
        "name": "rooms", "main": "./build/entry.js", "compatibility_date": COMPATIBILITY_DATE, "build": {},
        "durable_objects": { "bindings": bindings },
    });
    let members = lifecycle.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(members);
    config
}

fn live() -> Value {
    json!({ "type": "durable-object", "storage": "sqlite" })
}

fn renamed(pairs: &[(&str, &str)]) -> Said {
    let pair = |(old, new): &(&str, &str)| ((*old).to_owned(), (*new).to_owned());
    Said {
        renamed: pairs.iter().map(pair).collect(),
        deleted: Vec::new(),
    }
}

fn deleted(classes: &[&str]) -> Said {
    Said {
        renamed: Vec::new(),
        deleted: classes.iter().map(|class| (*class).to_owned()).collect(),
    }
}

fn decide(config: &Value, app: &App, said: &Said) -> Plan {
    plan(&Found::read(config).unwrap(), None, app, said)
}

/// The changes, as they are told; nothing may be refused.
fn changes(plan: &Plan) -> Vec<String> {
    assert_eq!(plan.refusals, []);
    plan.changes.iter().map(ToString::to_string).collect()
}

/// The one refusal.
fn refusal(plan: Plan) -> Refusal {
    let [refusal] = <[Refusal; 1]>::try_from(plan.refusals).unwrap();
    refusal
}

#[test]
fn what_is_missing_is_added() {
    let plan = decide(&json!({}), &app(&["chat-room"]), &Said::default());
    let expected = [
        "set `name` to \"rooms\"",
        "set `main` to \"build/entry.js\"",
        "set `compatibility_date` to \"2026-10-01\"",
        "set `build.command` to \"stayput build rooms --out build\"",
        "add class `ChatRoom`, stored in SQLite, to `exports`",
        "bind CHAT_ROOM to class `ChatRoom`",
    ];
    assert_eq!(changes(&plan), expected);
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
}

#[test]
fn what_is_there_stays() {
    let exports = json!({ "exports": {
        "Room": live(),
        "Hall": { "type": "durable-object", "state": "created", "storage": "sqlite" },
        "Gift": { "type": "durable-object", "state": "expecting-transfer", "storage": "sqlite", "transfer_from": "x" },
        "Old": { "type": "durable-object", "state": "renamed", "renamed_to": "Room" },
        "Gone": { "type": "durable-object", "state": "deleted" },
        "Lent": { "type": "durable-object", "state": "transferred", "transferred_to": "y" },
        "Edge": { "type": "worker" },
    } });
    let bindings = [("R", "Room"), ("HALL", "Hall"), ("GIFT", "Gift")];
    let plan = decide(
        &config(&exports, &bindings),
        &app(&["room", "hall", "gift"]),
        &Said::default(),
    );
    assert_eq!(changes(&plan), [""; 0]);
    assert!(plan.notes.is_empty(), "{:?}", plan.notes);
}

#[test]
fn a_newer_date_is_taken_and_an_older_one_refused() {
    let with = |date: &str| {
        let mut config = config(&json!({}), &[]);
        config["compatibility_date"] = date.into();
        decide(&config, &app(&[]), &Said::default())
    };
    assert_eq!(changes(&with("2026-10-02")), [""; 0]);
    let found = "2026-09-30".to_owned();
    assert_eq!(refusal(with("2026-09-30")), Refusal::OldDate { found });
}

#[test]
fn a_class_that_is_gone_must_be_spoken_of() {
    let file = config(
        &json!({ "exports": { "Room": live(), "Hall": live() } }),
        &[("ROOM", "Room"), ("HALL", "Hall")],
    );
    let class = "Room".to_owned();
    let plan = decide(&file, &app(&["hall"]), &Said::default());
    assert_eq!(refusal(plan), Refusal::Unsaid { class });

    // By path or by name.
    for said in [deleted(&["room"]), deleted(&["Room"])] {
        let plan = decide(&file, &app(&["hall"]), &said);
        assert_eq!(
            changes(&plan),
            [
                "mark `exports.Room` as deleted",
                "remove the binding ROOM, whose class is deleted"
            ]
        );
    }
    for said in [
        renamed(&[("room", "chat-room")]),
        renamed(&[("Room", "ChatRoom")]),
    ] {
        let plan = decide(&file, &app(&["hall", "chat-room"]), &said);
        assert_eq!(
            changes(&plan),
            [
                "add class `ChatRoom`, stored in SQLite, to `exports`",
                "mark `exports.Room` as renamed to `ChatRoom`",
                "bind ROOM to class `ChatRoom` instead"
            ]
        );
    }
}

#[test]
fn a_former_path_in_the_app_says_it_too() {
    let file = config(
        &json!({ "exports": { "Room": live() } }),
        &[("ROOM", "Room")],
    );
    let mut app = app(&["chat-room"]);
    app.classes[0].was = vec!["Room".to_owned(), "Never".to_owned()];
    let plan = decide(&file, &app, &Said::default());
    assert_eq!(
        changes(&plan),
        [
            "add class `ChatRoom`, stored in SQLite, to `exports`",
            "mark `exports.Room` as renamed to `ChatRoom`",
            "bind ROOM to class `ChatRoom` instead"
        ]
    );
    // The user goes before the app.
    let plan = decide(&file, &app, &deleted(&["room"]));
    assert_eq!(changes(&plan)[1], "mark `exports.Room` as deleted");
    // And a former name that has come back is a class like any other.
    app.classes.push(AppClass {
        path: "room".to_owned(),
        name: "Room".to_owned(),
        was: Vec::new(),
        binding: None,
    });
    let plan = decide(&file, &app, &Said::default());
    assert_eq!(
        changes(&plan),
        [
            "add class `ChatRoom`, stored in SQLite, to `exports`",
            "bind CHAT_ROOM to class `ChatRoom`"
        ]
    );
}

#[test]
fn what_was_said_and_done_may_be_said_again() {
    let file = config(
        &json!({ "exports": {
            "Old": { "type": "durable-object", "state": "renamed", "renamed_to": "Room" },
            "Gone": { "type": "durable-object", "state": "deleted" },
            "Room": live(),
        } }),
        &[("ROOM", "Room")],
    );
    let mut said = renamed(&[("old", "room")]);
    said.deleted.push("gone".to_owned());
    assert_eq!(changes(&decide(&file, &app(&["room"]), &said)), [""; 0]);
    let class = "Gone".to_owned();
    let plan = decide(&file, &app(&["room"]), &renamed(&[("gone", "room")]));
    assert_eq!(refusal(plan), Refusal::NotLive { class });
    let class = "Old".to_owned();
    let plan = decide(&file, &app(&["room"]), &deleted(&["old"]));
    assert_eq!(refusal(plan), Refusal::NotLive { class });
}

#[test]
fn what_is_said_must_fit() {
    let file = config(
        &json!({ "exports": { "Room": live(), "Hall": live(), "Lobby": live() } }),
        &[("ROOM", "Room"), ("HALL", "Hall"), ("LOBBY", "Lobby")],
    );
    let refused = |paths: &[&str], said: Said| decide(&file, &app(paths), &said).refusals;
    let text = str::to_owned;

    let all = ["room", "hall", "lobby"];
    let unknown = refused(&all, deleted(&["rom"]));
    assert!(
        matches!(&unknown[..], [Refusal::Unknown { class, known }] if class == "rom" && known.len() == 3)
    );
    let still = [Refusal::StillThere {
        class: text("Room"),
    }];
    assert_eq!(refused(&all, deleted(&["room"])), still);
    assert_eq!(refused(&all, renamed(&[("room", "hall")])), still);

    let some = ["hall", "lobby"];
    let no_target = refused(&some, renamed(&[("room", "salon")]));
    assert!(matches!(&no_target[0], Refusal::NoTarget { class, .. } if class == "salon"));
    let (from, to) = (text("Room"), text("Hall"));
    let occupied = Refusal::Occupied { from, to };
    assert_eq!(refused(&some, renamed(&[("room", "hall")])), [occupied]);

    let merged = Refusal::Merged {
        from: [text("Hall"), text("Room")],
        to: text("Salon"),
    };
    let said = renamed(&[("hall", "salon"), ("room", "salon")]);
    assert!(refused(&["lobby", "salon"], said).contains(&merged));

    let twice = [Refusal::SaidTwice {
        class: text("Room"),
    }];
    let said = renamed(&[("room", "salon"), ("room", "parlour")]);
    assert_eq!(refused(&["hall", "lobby", "salon", "parlour"], said), twice);
    let mut said = renamed(&[("room", "salon")]);
    said.deleted.push(text("room"));
    assert_eq!(refused(&["hall", "lobby", "salon"], said), twice);
}

#[test]
fn the_old_backend_is_refused_and_may_be_deleted() {
    let exports =
        json!({ "exports": { "Room": { "type": "durable-object", "storage": "legacy-kv" } } });
    let steps = json!({ "migrations": [{ "tag": "v1", "new_classes": ["Room"] }] });
    for lifecycle in [exports, steps] {
        let file = config(&lifecycle, &[("ROOM", "Room")]);
        let kv = Refusal::Kv {
            class: "Room".to_owned(),
        };
        let plan = decide(&file, &app(&["room"]), &Said::default());
        assert_eq!(refusal(plan), kv);
        let plan = decide(&file, &app(&["hall"]), &renamed(&[("room", "hall")]));
        assert_eq!(refusal(plan), kv);
        let plan = decide(&file, &app(&[]), &deleted(&["room"]));
        assert_eq!(changes(&plan).len(), 2);
    }
}

#[test]
fn migrations_stay_migrations() {
    let file = config(
        &json!({ "migrations": [
            { "tag": "v1", "new_sqlite_classes": ["A", "B"] },
            { "tag": "stayput-4", "renamed_classes": [{ "from": "A", "to": "C" }], "deleted_classes": ["B"] },
            { "tag": "v3", "transferred_classes": [{ "from": "X", "from_script": "s", "to": "D" }] },
        ] }),
        &[("C", "C"), ("D", "D")],
    );
    assert_eq!(
        changes(&decide(&file, &app(&["c", "d"]), &Said::default())),
        [""; 0]
    );

    let mut said = renamed(&[("c", "e")]);
    said.deleted.push("d".to_owned());
    let plan = decide(&file, &app(&["e", "f", "b"]), &said);
    let step = Change::Migrate(Step {
        tag: "stayput-5".to_owned(),
        // B ended once; a list of steps can begin it anew.
        created: vec!["F".to_owned(), "B".to_owned()],
        renamed: vec![("C".to_owned(), "E".to_owned())],
        deleted: vec!["D".to_owned()],
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(plan.changes[0], step);
    let unsaid = decide(&file, &app(&["c"]), &Said::default());
    assert_eq!(
        refusal(unsaid),
        Refusal::Unsaid {
            class: "D".to_owned()
        }
    );
}

#[test]
fn names_are_freed_before_they_are_taken() {
    let file = config(
        &json!({ "migrations": [
            { "tag": "v1", "new_sqlite_classes": ["A", "B"] },
            { "tag": "v2", "renamed_classes": [{ "from": "A", "to": "B" }], "deleted_classes": ["B"],
              "new_sqlite_classes": ["A"] },
        ] }),
        &[("A", "A"), ("B", "B")],
    );
    assert_eq!(
        changes(&decide(&file, &app(&["a", "b"]), &Said::default())),
        [""; 0]
    );
    // An empty list is none, for wrangler too.
    let empty = config(&json!({ "migrations": [] }), &[("A", "A")]);
    assert_eq!(
        changes(&decide(&empty, &app(&["a"]), &Said::default())),
        ["add class `A`, stored in SQLite, to `exports`"]
    );
}

#[test]
fn another_main_keeps_its_classes() {
    let mut file = config(
        &json!({ "exports": { "Theirs": live() } }),
        &[("T", "Theirs")],
    );
    file["main"] = "src/index.ts".into();
    let plan = decide(&file, &app(&["room"]), &Said::default());
    assert_eq!(
        changes(&plan),
        [
            "add class `Room`, stored in SQLite, to `exports`",
            "bind ROOM to class `Room`"
        ]
    );
    assert!(
        plan.notes[0].contains("\"src/index.ts\""),
        "{:?}",
        plan.notes
    );
    assert!(plan.notes[1].contains("`Theirs`"), "{:?}", plan.notes);
}

#[test]
fn a_class_that_vanished_since_the_commit_is_refused() {
    let before = Found::read(&config(
        &json!({ "exports": { "Room": live(), "Hall": live(), "Done": { "type": "durable-object", "state": "deleted" } } }),
        &[],
    ))
    .unwrap();
    let now = config(
        &json!({ "exports": { "Hall": live() } }),
        &[("HALL", "Hall")],
    );
    let decide = |now: &Value, paths: &[&str], said: &Said| {
        plan(&Found::read(now).unwrap(), Some(&before), &app(paths), said)
    };
    let vanished = Refusal::Vanished {
        class: "Room".to_owned(),
    };
    assert_eq!(refusal(decide(&now, &["hall"], &Said::default())), vanished);
    // Whoever made `main`: the objects are lost all the same.
    let mut foreign = now.clone();
    foreign["main"] = "src/index.ts".into();
    assert_eq!(
        refusal(decide(&foreign, &["hall"], &Said::default())),
        vanished
    );

    let plan = decide(&now, &["hall"], &deleted(&["room"]));
    assert_eq!(changes(&plan), ["mark `exports.Room` as deleted"]);
    let plan = decide(&now, &["hall", "salon"], &renamed(&[("room", "salon")]));
    assert_eq!(
        changes(&plan)[1],
        "mark `exports.Room` as renamed to `Salon`"
    );
    // The app still has it: it is put back.
    let plan = decide(&now, &["hall", "room"], &Said::default());
    assert_eq!(
        changes(&plan),
        [
            "add class `Room`, stored in SQLite, to `exports`",
            "bind ROOM to class `Room`"
        ]
    );
    // Into a list of steps it cannot be put back: it would be created twice.
    let steps = config(
        &json!({ "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Hall"] }] }),
        &[("HALL", "Hall"), ("ROOM", "Room")],
    );
    let plan = decide(&steps, &["hall", "room"], &Said::default());
    assert_eq!(
        refusal(plan),
        Refusal::Forgotten {
            class: "Room".to_owned()
        }
    );
}

#[test]
fn an_export_that_is_something_else_is_refused() {
    let tombstone =
        json!({ "exports": { "Room": { "type": "durable-object", "state": "deleted" } } });
    let plan = decide(&config(&tombstone, &[]), &app(&["room"]), &Said::default());
    assert_eq!(
        refusal(plan),
        Refusal::Tombstone {
            class: "Room".to_owned()
        }
    );
    let workflow = json!({ "exports": { "Room": { "type": "workflow" } } });
    let plan = decide(&config(&workflow, &[]), &app(&["room"]), &Said::default());
    assert!(matches!(refusal(plan), Refusal::Taken { kind, .. } if kind == "workflow"));
}

#[test]
fn a_rename_may_be_taken_back() {
    let file = config(
        &json!({ "exports": {
            "Room": { "type": "durable-object", "state": "renamed", "renamed_to": "Hall" }, "Hall": live(),
        } }),
        &[("HALL", "Hall")],
    );
    let plan = decide(&file, &app(&["room"]), &renamed(&[("hall", "room")]));
    assert_eq!(
        changes(&plan),
        [
            "add class `Room`, stored in SQLite, to `exports`",
            "mark `exports.Hall` as renamed to `Room`",
            "bind HALL to class `Room` instead"
        ]
    );
}

#[test]
fn bindings_are_those_of_this_worker() {
    let mut file = config(&json!({ "exports": { "Room": live() } }), &[]);
    // A class of the same name in another Worker is another class.
    file["durable_objects"]["bindings"] =
        json!([{ "name": "FAR", "class_name": "Room", "script_name": "other" }]);
    let plan = decide(&file, &app(&["room"]), &Said::default());
    assert_eq!(changes(&plan), ["bind ROOM to class `Room`"]);
    file["durable_objects"]["bindings"] =
        json!([{ "name": "NEAR", "class_name": "Room", "script_name": "rooms" }]);
    assert_eq!(
        changes(&decide(&file, &app(&["room"]), &Said::default())),
        [""; 0]
    );

    let file = config(
        &json!({ "exports": { "Room": live(), "Hall": live() } }),
        &[("ROOM", "Hall")],
    );
    let plan = decide(&file, &app(&["room", "hall"]), &Said::default());
    assert!(matches!(refusal(plan), Refusal::BindingTaken { other, .. } if other == "Hall"));
}

#[test]
fn a_class_may_name_its_binding() {
    let mut app = app(&["chat-room"]);
    app.classes[0].binding = Some("ROOMS".to_owned());
    let exports = json!({ "exports": { "ChatRoom": live() } });
    let plan =
        |bindings: &[(&str, &str)]| decide(&config(&exports, bindings), &app, &Said::default());
    assert_eq!(changes(&plan(&[])), ["bind ROOMS to class `ChatRoom`"]);
    // One of another name does not do: code asks for this one.
    let usual = [("CHAT_ROOM", "ChatRoom")];
    assert_eq!(changes(&plan(&usual)), ["bind ROOMS to class `ChatRoom`"]);
    let both = [("CHAT_ROOM", "ChatRoom"), ("ROOMS", "ChatRoom")];
    assert_eq!(changes(&plan(&both)), [""; 0]);
}

#[test]
fn classes_of_other_apps_are_bound_unless_something_leads_there() {
    let mut app = app(&[]);
    app.uses.push(AppUse {
        script: "users".to_owned(),
        class: "Account".to_owned(),
        binding: "USERS_ACCOUNT".to_owned(),
        service: "USERS".to_owned(),
        setting: "STAYPUT_USERS".to_owned(),
    });
    let with = |more: Value| {
        let mut config = config(&json!({}), &[]);
        let members = more.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(members);
        decide(&config, &app, &Said::default())
    };
    assert_eq!(
        changes(&with(json!({}))),
        ["bind USERS_ACCOUNT to class `Account` of the Worker \"users\""]
    );
    for way in [
        json!({ "durable_objects": { "bindings": [
            { "name": "USERS_ACCOUNT", "class_name": "Account", "script_name": "users" },
        ] } }),
        json!({ "services": [{ "binding": "USERS", "service": "users" }] }),
        json!({ "vars": { "STAYPUT_USERS": "https://users.example" } }),
    ] {
        assert_eq!(changes(&with(way)), [""; 0]);
    }
    let own = json!({
        "exports": { "Account": { "type": "durable-object", "state": "transferred", "transferred_to": "y" } },
        "durable_objects": { "bindings": [{ "name": "USERS_ACCOUNT", "class_name": "Account" }] },
    });
    assert!(matches!(refusal(with(own)), Refusal::BindingTaken { .. }));
}

#[test]
fn bindings_are_named_word_by_word() {
    for (class, name) in [
        ("Counter", "COUNTER"),
        ("ChatRoom", "CHAT_ROOM"),
        ("HTTPProxy", "HTTP_PROXY"),
        ("Room2Hall", "ROOM2_HALL"),
        ("A", "A"),
    ] {
        assert_eq!(binding_name(class), name);
    }
}

#[test]
fn faults_are_named_by_their_place() {
    for (config, pointer) in [
        (json!([]), "/"),
        (json!({ "main": 1 }), "/main"),
        (
            json!({ "compatibility_date": "today" }),
            "/compatibility_date",
        ),
        (
            json!({ "durable_objects": { "bindings": {} } }),
            "/durable_objects/bindings",
        ),
        (
            json!({ "durable_objects": { "bindings": [{ "name": "A" }] } }),
            "/durable_objects/bindings/0/class_name",
        ),
        (
            json!({ "exports": { "A": { "type": "durable-object" } } }),
            "/exports/A/storage",
        ),
        (
            json!({ "exports": { "A": { "type": "durable-object", "state": "lost" } } }),
            "/exports/A/state",
        ),
        (json!({ "migrations": [{}] }), "/migrations/0/tag"),
        (
            json!({ "migrations": [{ "tag": "v1" }], "exports": { "A": live() } }),
            "/migrations",
        ),
    ] {
        assert_eq!(
            Found::read(&config).unwrap_err().pointer,
            pointer,
            "{config}"
        );
    }
}
