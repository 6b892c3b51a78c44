//! `stayput wrangler` on files: what it makes of them, what it leaves alone, and how it says no. After a wanted change:
//! `EXPECTORATE=overwrite cargo test -p stayput-cli`, and read the difference.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with a manifest of the given classes and one configuration.
struct Scene {
    folder: TempDir,
    name: &'static str,
}

/// Exit code, standard output, standard error.
type Answer = (i32, String, String);

impl Scene {
    fn new(name: &'static str, text: &str, classes: &[&str]) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            name,
        };
        scene.classes(classes);
        std::fs::write(scene.path(), text).unwrap();
        scene
    }

    fn classes(&self, classes: &[&str]) {
        let classes: Vec<String> = classes
            .iter()
            .map(|path| format!(r#""{path}": {{ "type": "T", "actions": {{}} }}"#))
            .collect();
        let manifest = format!(
            r#"{{ "stayput": {{ "manifest": 1 }}, "app": {{ "name": "rooms", "version": "0.1.0" }},
                "classes": {{ {} }} }}"#,
            classes.join(", ")
        );
        std::fs::write(self.folder.path().join("manifest.json"), manifest).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn run(&self, more: &[&str]) -> Answer {
        run_in(self.folder.path(), more)
    }

    /// Writes, compares with the golden file, and sees that there is nothing left to do.
    fn assert_golden(&self, golden: &str, more: &[&str]) {
        let (code, out, err) = self.run(more);
        assert_eq!((code, out.trim()), (0, self.name), "{err}");
        let text = self.text();
        expectorate::assert_contents(format!("golden/wrangler/{golden}"), &text);
        assert_eq!(self.run(&["--check"]), (0, String::new(), String::new()));
        let (code, out, err) = self.run(more);
        assert_eq!((code, out.as_str()), (0, ""), "{err}");
        assert_eq!(self.text(), text);
    }

    fn git(&self, args: &[&str]) {
        let status = Command::new("git")
            .current_dir(self.folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@localhost"])
            .args(["-c", "commit.gpgsign=false"])
            .args(args)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

fn run_in(folder: &Path, more: &[&str]) -> Answer {
    let output = Command::new(env!("CARGO_BIN_EXE_stayput"))
        .current_dir(folder)
        .args(["wrangler", "--from", "manifest.json"])
        .args(more)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The lines of `before` stand in `after`, in their order.
fn assert_kept(before: &str, after: &str) {
    let mut rest = after.lines();
    for line in before.lines() {
        let plain = line.trim_end_matches(',');
        assert!(
            rest.any(|other| other.trim_end_matches(',') == plain),
            "{line:?} is not in its place in\n{after}"
        );
    }
}

const JSONC: &str = r#"{
	/* ours since 2024 */
	"$schema": "./node_modules/wrangler/config-schema.json",
	"vars": { "B": "1",   "A": "2" }, // in this order

	// logs
	"observability": { "enabled": true },
	"durable_objects": {
		"bindings": [
			// kept under its own name
			{ "name": "ROOMS", "class_name": "ChatRoom" }, // since ever
		],
	},
	"exports": {
		"ChatRoom": { "type": "durable-object", "storage": "sqlite" },
		// long gone
		"Parlour": { "type": "durable-object", "state": "deleted" },
	},
	"name": "mine",
}
"#;

const TOML: &str = r#"# ours since 2024
name   = "mine" # in lower case
compatibility_date = '2026-10-07'

# settings
[vars]
B = "1"
A = "2" # in this order

# kept under its own name
[[durable_objects.bindings]]
name = "ROOMS"
class_name = "ChatRoom" # since ever

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room", "Hall"]

[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Room", to = "ChatRoom" }]

[observability]
enabled = true
# the end
"#;

const TOML_INLINE: &str = r#"name = "mine"
main = "./build/entry.js"
compatibility_date = "2026-10-01"
build = { command = "make" }
durable_objects.bindings = [
  { name = "HALL", class_name = "Hall" },   # the first
  { name = "ROOM", class_name = "Room" }    # the second
]

[exports]
Hall = { type = "durable-object", storage = "sqlite" } # grand
Room = { type = 'durable-object', storage = "sqlite" } # small
"#;

#[test]
fn a_new_file_has_everything_and_says_why() {
    let scene = Scene::new("wrangler.jsonc", "", &["chat-room", "hall"]);
    std::fs::remove_file(scene.path()).unwrap();
    let (code, _, err) = scene.run(&["--check"]);
    assert_eq!(code, 1);
    assert!(err.contains("there is no such file"), "{err}");
    assert!(!scene.path().exists());
    scene.assert_golden("new.jsonc", &[]);
    for name in ["wrangler.toml", "wrangler.json"] {
        let scene = Scene {
            folder: tempfile::tempdir().unwrap(),
            name,
        };
        scene.classes(&["chat-room", "hall"]);
        assert_eq!(scene.run(&["--config", name]).0, 0);
        expectorate::assert_contents(format!("golden/wrangler/new{}", &name[8..]), &scene.text());
        assert_eq!(scene.run(&["--check"]), (0, String::new(), String::new()));
    }
}

#[test]
fn jsonc_is_completed_in_place() {
    let scene = Scene::new("wrangler.jsonc", JSONC, &["chat-room", "hall"]);
    scene.assert_golden("completed.jsonc", &[]);
    assert_kept(JSONC, &scene.text());
}

#[test]
fn toml_is_completed_in_place() {
    let scene = Scene::new("wrangler.toml", TOML, &["chat-room", "hall", "lobby"]);
    scene.assert_golden("completed.toml", &[]);
    assert_kept(TOML, &scene.text());
}

#[test]
fn renames_and_deletions_are_written_where_the_class_stands() {
    let scene = Scene::new("wrangler.jsonc", JSONC, &["salon"]);
    scene.assert_golden("renamed.jsonc", &["--renamed", "chat-room=salon"]);
    let scene = Scene::new("wrangler.jsonc", JSONC, &["salon"]);
    scene.assert_golden("deleted.jsonc", &["--deleted", "ChatRoom"]);
    let scene = Scene::new("wrangler.toml", TOML, &["salon"]);
    scene.assert_golden(
        "renamed.toml",
        &["--renamed", "chat-room=salon", "--deleted", "hall"],
    );
    assert_kept(
        &TOML.replace("\"ChatRoom\" # since", "\"Salon\" # since"),
        &scene.text(),
    );
    let scene = Scene::new("wrangler.toml", TOML_INLINE, &["salon", "lobby"]);
    scene.assert_golden(
        "inline.toml",
        &["--renamed", "room=salon", "--deleted", "hall"],
    );
}

#[test]
fn a_manifest_may_tell_former_paths() {
    let scene = Scene::new("wrangler.toml", TOML, &[]);
    let manifest = r#"{ "stayput": { "manifest": 1 }, "app": { "name": "rooms", "version": "0.1.0" },
        "classes": { "salon": { "type": "T", "actions": {}, "was": ["chat-room"] },
                     "hall": { "type": "T", "actions": {} } } }"#;
    std::fs::write(scene.folder.path().join("manifest.json"), manifest).unwrap();
    let (code, _, err) = scene.run(&[]);
    assert_eq!(code, 0, "{err}");
    let step =
        "tag = \"stayput-1\"\nrenamed_classes = [{ from = \"ChatRoom\", to = \"Salon\" }]\n\n";
    assert!(scene.text().contains(step), "{}", scene.text());
    assert_eq!(scene.run(&["--check"]).0, 0);
}

#[test]
fn comments_of_an_inline_list_stay_with_their_items() {
    let trailing = TOML_INLINE.replace("}    # the second", "},   # the second");
    let single = "durable_objects = { bindings = [{ name = \"ROOM\", class_name = \"Room\" }] }\n";
    let added = |text: &str| {
        let scene = Scene::new("wrangler.toml", text, &["hall", "lobby", "room"]);
        let (code, _, err) = scene.run(&[]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(scene.run(&["--check"]).0, 0);
        scene.text()
    };
    let expected = "  { name = \"HALL\", class_name = \"Hall\" },   # the first\n  \
                    { name = \"ROOM\", class_name = \"Room\" },    # the second\n  \
                    { name = \"LOBBY\", class_name = \"Lobby\" }\n]\n";
    let text = added(TOML_INLINE);
    assert!(text.contains(expected), "{text}");
    let text = added(&trailing);
    let expected = expected
        .replace(",    # the second", ",   # the second")
        .replace("}\n]", "},\n]");
    assert!(text.contains(&expected), "{text}");
    let before = TOML_INLINE.replace(
        "}    # the second",
        "} # before its comma\n  ,   # the second",
    );
    let text = added(&before);
    let expected = "} # before its comma\n  ,   # the second\n  { name = \"LOBBY\"";
    assert!(text.contains(expected), "{text}");
    let text = added(single);
    let expected = "[{ name = \"ROOM\", class_name = \"Room\" }, { name = \"HALL\", class_name = \"Hall\" }, \
                    { name = \"LOBBY\", class_name = \"Lobby\" }] }\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn line_ends_stay_as_they_are() {
    for (name, text) in [("wrangler.jsonc", JSONC), ("wrangler.toml", TOML)] {
        let unix = Scene::new(name, text, &["chat-room", "hall"]);
        assert_eq!(unix.run(&[]).0, 0);
        let windows = Scene::new(name, &text.replace('\n', "\r\n"), &["chat-room", "hall"]);
        assert_eq!(windows.run(&[]).0, 0);
        assert_eq!(windows.text(), unix.text().replace('\n', "\r\n"));
        let marked = Scene::new(name, &format!("\u{feff}{text}"), &["chat-room", "hall"]);
        assert_eq!(marked.run(&[]).0, 0);
        assert_eq!(marked.text(), format!("\u{feff}{}", unix.text()));
    }
}

#[test]
fn a_file_whose_other_lines_would_change_is_refused() {
    let mixed = TOML.replacen('\n', "\r\n", 3);
    let scene = Scene::new("wrangler.toml", &mixed, &["chat-room", "hall"]);
    let (code, _, err) = scene.run(&[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("help: let all its lines end alike"), "{err}");
    assert_eq!(scene.text(), mixed);

    let twice = "{ \"exports\": {},\n  \"exports\": {} }\n";
    let scene = Scene::new("wrangler.jsonc", twice, &["hall"]);
    let (code, _, err) = scene.run(&[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("each key stand once"), "{err}");
    assert_eq!(scene.text(), twice);
}

#[test]
fn check_says_what_to_do_and_writes_nothing() {
    let scene = Scene::new("wrangler.jsonc", JSONC, &["chat-room", "hall"]);
    let (code, out, err) = scene.run(&["--check"]);
    assert_eq!((code, out.as_str()), (1, ""));
    for line in [
        "  set `main` to \"build/entry.js\"\n",
        "  set `compatibility_date` to \"2026-10-01\"\n",
        "  set `build.command` to \"stayput build rooms --out build\"\n",
        "  add class `Hall`, stored in SQLite, to `exports`\n",
        "  bind HALL to class `Hall`\n",
        "help: run the same command without `--check`\n",
    ] {
        assert!(err.contains(line), "{line}\n{err}");
    }
    assert!(!err.contains("`name`") && !err.contains("ROOMS"), "{err}");
    assert_eq!(scene.text(), JSONC);
}

#[test]
fn a_class_that_is_gone_is_refused_until_it_is_spoken_of() {
    for (name, text) in [("wrangler.jsonc", JSONC), ("wrangler.toml", TOML)] {
        let scene = Scene::new(name, text, &["hall"]);
        for more in [&[][..], &["--check"]] {
            let (code, _, err) = scene.run(more);
            assert_eq!(code, 1, "{err}");
            assert!(
                err.contains("`--renamed ChatRoom=NEW`") && err.contains("`--deleted ChatRoom`"),
                "{err}"
            );
            assert!(!err.contains("run the same command"), "{err}");
        }
        assert_eq!(scene.text(), text);
    }
}

#[test]
fn an_older_date_is_refused_by_its_line() {
    for (name, text, line) in [
        (
            "wrangler.jsonc",
            "{\n  \"main\": \"build/entry.js\",\n  \"compatibility_date\": \"2025-01-01\"\n}\n",
            3,
        ),
        (
            "wrangler.toml",
            "# one\n\ncompatibility_date = \"2025-01-01\"\n",
            3,
        ),
    ] {
        let scene = Scene::new(name, text, &["hall"]);
        for more in [&[][..], &["--check"]] {
            let (code, _, err) = scene.run(more);
            assert_eq!(code, 1, "{err}");
            assert!(
                err.contains(&format!("line {line}: `compatibility_date` is 2025-01-01")),
                "{err}"
            );
            assert!(err.contains("fix: write \"2026-10-01\" there"), "{err}");
        }
        assert_eq!(scene.text(), text);
    }
}

#[test]
fn faulty_files_and_wrong_usage_are_named() {
    let faulty = [
        (
            "wrangler.jsonc",
            "{ \"a\": 1, 'b': 2 }",
            "line 1, column 11",
        ),
        ("wrangler.jsonc", "{ a: 1 }", "line 1, column 3"),
        ("wrangler.jsonc", "", "at /: expected an object"),
        (
            "wrangler.toml",
            "name = \"a\"\nname = \"b\"\n",
            "line 2, column 1",
        ),
        (
            "wrangler.toml",
            "compatibility_date = 2026-10-01\n",
            "at /compatibility_date: expected a string",
        ),
        (
            "wrangler.json",
            "{ \"exports\": [] }",
            "at /exports: expected an object",
        ),
    ];
    for (name, text, part) in faulty {
        let scene = Scene::new(name, text, &["hall"]);
        let (code, _, err) = scene.run(&[]);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(&format!("{name}: {part}")), "{part}\n{err}");
        assert!(err.contains("\nhelp: "), "{err}");
        assert_eq!(scene.text(), text);
    }
    let scene = Scene::new("wrangler.jsonc", JSONC, &["chat-room"]);
    for (more, part) in [
        (&["--renamed", "chat-room"][..], "write `--renamed OLD=NEW`"),
        (
            &["--renamed", "chat-room=nobody"],
            "the app has no class `nobody`",
        ),
        (
            &["--deleted", "chat-room"],
            "the app still has class `ChatRoom`",
        ),
        (
            &["--deleted", "nobody", "--check"],
            "its classes are: ChatRoom, Parlour",
        ),
        (
            &["--config", "wrangler.yaml"],
            "ends in .jsonc, .json or .toml",
        ),
        (&["--out", "a b"], "a letter that a shell would read"),
        (&["rooms"], "cannot be used with"),
    ] {
        let (code, _, err) = scene.run(more);
        assert_eq!(code, 2, "{more:?}: {err}");
        assert!(err.contains(part), "{part}\n{err}");
    }
    assert_eq!(scene.text(), JSONC);
}

#[test]
fn paths_are_those_of_the_configuration_s_folder() {
    let scene = Scene {
        folder: tempfile::tempdir().unwrap(),
        name: "deploy/wrangler.json",
    };
    scene.classes(&["hall"]);
    std::fs::create_dir(scene.folder.path().join("deploy")).unwrap();
    let (code, _, err) = scene.run(&["--config", "deploy/wrangler.json", "--out", "./dist/../web"]);
    assert_eq!(code, 0, "{err}");
    let text = scene.text();
    assert!(text.contains(r#""main": "../web/entry.js""#), "{text}");
    assert!(
        text.contains("stayput build rooms --out ../web\""),
        "{text}"
    );
}

#[test]
fn a_class_that_vanished_since_the_commit_is_refused() {
    for (name, text) in [("wrangler.jsonc", JSONC), ("wrangler.toml", TOML)] {
        let scene = Scene::new(name, text, &["chat-room", "hall"]);
        assert_eq!(scene.run(&[]).0, 0);
        let whole = scene.text();
        let torn = if name == "wrangler.toml" {
            whole.replace("[\"Room\", \"Hall\"]", "[\"Room\"]")
        } else {
            let without = Scene::new(name, text, &["chat-room"]);
            assert_eq!(without.run(&[]).0, 0);
            without.text()
        };
        assert_ne!(torn, whole);
        scene.classes(&["chat-room"]);
        std::fs::write(scene.path(), &torn).unwrap();
        // Without a repository nobody knows of the class.
        let (_, _, err) = scene.run(&["--check"]);
        assert!(!err.contains("committed file"), "{err}");

        scene.git(&["init", "--quiet"]);
        std::fs::write(scene.path(), &whole).unwrap();
        scene.git(&["add", name]);
        // Nor before it is committed.
        std::fs::write(scene.path(), &torn).unwrap();
        let (_, _, err) = scene.run(&["--check"]);
        assert!(!err.contains("committed file"), "{err}");
        scene.git(&["commit", "--quiet", "-m", "one"]);
        for more in [&[][..], &["--check"]] {
            let (code, _, err) = scene.run(more);
            assert_eq!(code, 1, "{err}");
            assert!(
                err.contains("class `Hall` was live in the committed file")
                    && err.contains(
                        "fix: put it back, or say `--renamed Hall=NEW` or `--deleted Hall`"
                    ),
                "{err}"
            );
        }
        assert_eq!(scene.text(), torn);
        let (code, _, err) = scene.run(&["--deleted", "hall"]);
        assert_eq!(code, 0, "{err}");
        assert_eq!(scene.run(&["--check"]).0, 0);
    }
}

#[test]
fn the_first_of_several_files_is_taken() {
    let scene = Scene::new("wrangler.toml", TOML, &["chat-room", "hall"]);
    std::fs::write(scene.folder.path().join("wrangler.json"), "{}").unwrap();
    let (code, out, err) = scene.run(&[]);
    assert_eq!((code, out.trim()), (0, "wrangler.json"), "{err}");
    assert_eq!(scene.text(), TOML);
}

/// An app that calls another, and names a binding.
const CALLER: &str = r#"{ "stayput": { "manifest": 1 }, "app": { "name": "rooms", "version": "0.1.0" },
    "uses": [{ "app": "Users", "class": "account", "exported": "Account", "binding": "USERS_ACCOUNT",
        "service": "USERS", "setting": "STAYPUT_USERS" }],
    "classes": { "chat-room": { "type": "T", "binding": "ROOMS", "actions": {} } } }"#;

#[test]
fn classes_of_other_apps_are_bound_by_their_script() {
    for (name, golden) in [
        ("wrangler.jsonc", "uses.jsonc"),
        ("wrangler.toml", "uses.toml"),
    ] {
        let start = if name.ends_with("toml") {
            "name = \"x\"\n"
        } else {
            "{\n  \"name\": \"x\"\n}\n"
        };
        let scene = Scene::new(name, start, &[]);
        std::fs::write(scene.folder.path().join("manifest.json"), CALLER).unwrap();
        scene.assert_golden(golden, &[]);
    }
}
