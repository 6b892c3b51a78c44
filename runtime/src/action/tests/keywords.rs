//! JSON-Schema-Test-Suite, for every keyword that `#[param(..)]` can say: ours, and the public one where it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::bound::Subject;
use super::vectors::VECTORS;

/// The group of the public suite in which we differ, and in how many vectors: which characters a label may encode is a
/// matter of IDNA's tables, which do not belong into a Worker. `docs/params.md` says so.
const DIFFERENT: (&str, usize) = ("validation of A-label (punycode) host names", 23);

/// How one set of vectors went.
#[derive(Debug, Default)]
struct Score {
    /// Per keyword.
    right: BTreeMap<String, usize>,
    wrong: Vec<String>,
    /// Vectors on which we differ knowingly.
    different: usize,
    /// Patterns that the macros refuse.
    refused: Vec<String>,
}

impl Score {
    /// Runs the groups of one file; those with other keywords are not about us.
    fn run(&mut self, file: &str, groups: &Value) {
        for group in groups.as_array().unwrap() {
            let Some(schema) = group["schema"].as_object() else {
                continue;
            };
            let said = schema.iter().filter(|(keyword, _)| {
                !["$schema", "$comment", "type"].contains(&keyword.as_str())
            });
            let bounds: Option<Vec<_>> = said
                .clone()
                .map(|(keyword, value)| super::bound(keyword, value))
                .collect();
            // Types are serde's.
            if schema.contains_key("type") && file != "multipleOf.json" {
                continue;
            }
            let Some(bounds) = bounds.filter(|bounds| !bounds.is_empty()) else {
                continue;
            };
            let bounds: Vec<_> = match bounds.into_iter().collect() {
                Ok(bounds) => bounds,
                Err(why) => {
                    let pattern = schema["pattern"].as_str().unwrap();
                    self.refused.push(format!("{pattern}: {why}"));
                    continue;
                }
            };
            let keyword = said.map(|(keyword, _)| keyword.as_str());
            let keyword = keyword.collect::<Vec<_>>().join("+");
            for test in group["tests"].as_array().unwrap() {
                let json = test["data"].to_string();
                let subject = Subject::new(&json, || false);
                let valid = bounds.iter().all(|bound| bound.check(&subject).is_none());
                let name = format!("{}: {}", group["description"], test["description"]);
                if valid == test["valid"].as_bool().unwrap() {
                    *self.right.entry(keyword.clone()).or_default() += 1;
                } else if group["description"] == DIFFERENT.0 && valid {
                    self.different += 1;
                } else {
                    self.wrong
                        .push(format!("{file}: {name}: {json} is {valid}"));
                }
            }
        }
    }
}

/// The keywords that both sets must have vectors for.
const KEYWORDS: &[&str] = &[
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

fn judge(what: &str, score: &Score) {
    let count: usize = score.right.values().sum();
    println!("{what}: {count} vectors: {:?}", score.right);
    println!(
        "{what}: patterns that the macros refuse: {:#?}",
        score.refused
    );
    assert!(
        score.wrong.is_empty(),
        "{what}:\n{}",
        score.wrong.join("\n")
    );
    for keyword in KEYWORDS {
        assert!(
            score.right.contains_key(*keyword),
            "{what}: none for {keyword}"
        );
    }
}

#[test]
fn our_vectors() {
    let mut score = Score::default();
    score.run("ours", &serde_json::from_str(VECTORS).unwrap());
    judge("ours", &score);
}

#[test]
fn the_public_vectors() {
    let Some(data) = super::data() else {
        println!("STAYPUT_TEST_DATA is not set: only our own vectors are run");
        return;
    };
    let folder = data.join("JSON-Schema-Test-Suite/tests/draft2020-12");
    let mut score = Score::default();
    for folder in [
        &*folder,
        &folder.join("optional"),
        &folder.join("optional/format"),
    ] {
        for file in files(folder) {
            let text = fs::read_to_string(folder.join(&file)).unwrap();
            // In the main folder `format` only annotates.
            if file != "format.json" {
                score.run(&file, &serde_json::from_str(&text).unwrap());
            }
        }
    }
    judge("JSON-Schema-Test-Suite", &score);
    let count: usize = score.right.values().sum();
    assert!(count > 500, "{count} vectors");
    assert_eq!(score.different, DIFFERENT.1);
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|fault| panic!("{folder:?}: {fault}"));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "json"))
        .collect();
    names.sort();
    names
}
