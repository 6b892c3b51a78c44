//! What can be wrong with a graph, found before anything of it runs.

use std::fmt::Write as _;

use serde_json::Value;

use super::Form;
use crate::object::ActionInfo;

/// How many steps a graph may have.
const MAX_STEPS: usize = 1_000;

/// Why a graph cannot be run.
pub(super) fn check(form: &Form, actions: &[ActionInfo]) -> Result<(), String> {
    if form.steps.len() > MAX_STEPS {
        return Err(format!("a graph has at most {MAX_STEPS} steps"));
    }
    for (index, node) in form.steps.iter().enumerate() {
        let id = &node.id;
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_');
        if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
            return Err(format!(
                "`{id}` is no id of a step: take 1 to 64 letters, digits, `-` and `_`"
            ));
        }
        if form.steps[..index].iter().any(|other| other.id == *id) {
            return Err(format!("two steps are called `{id}`"));
        }
        let Some(action) = actions.iter().find(|action| action.name == node.action) else {
            return Err(format!("step `{id}`: there is no action `{}`", node.action));
        };
        if let Some(param) = (node.params.keys()).find(|param| !action.params.contains(&&***param))
        {
            return Err(format!(
                "step `{id}`: `{}` has no parameter `{param}`",
                node.action
            ));
        }
        if let Some(other) = (node.depends_on.iter()).find(|other| find(form, other).is_none()) {
            return Err(format!(
                "step `{id}` depends on `{other}`, which is no step"
            ));
        }
        if node.max_retries > 100 {
            return Err(format!("step `{id}` is tried again 100 times at most"));
        }
    }
    let before = order(form)?;
    for (node, before) in form.steps.iter().zip(&before) {
        let mut fault = None;
        let mut look = |text: &str| {
            if let Some(step) = text.strip_prefix("$steps.") {
                let step = step.split('.').next().unwrap_or_default();
                let known = find(form, step).is_some_and(|index| before.contains(&index));
                if !known && fault.is_none() {
                    fault = Some(format!(
                        "step `{}` refers to `{text}`, but does not depend on `{step}`",
                        node.id
                    ));
                }
            } else if is_reference(text) && !text.starts_with("$context") {
                fault.get_or_insert_with(|| {
                    format!(
                        "step `{}`: `{text}` is neither `$context.` nor `$steps.`",
                        node.id
                    )
                });
            }
        };
        for value in node.params.values() {
            each_text(value, &mut look);
        }
        if let Some(condition) = &node.condition {
            let reference = condition.strip_prefix('!').unwrap_or(condition);
            if !is_reference(reference) {
                return Err(format!(
                    "step `{}`: a condition is a reference such as `$steps.check.ok`, not `{condition}`",
                    node.id
                ));
            }
            look(reference);
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
    }
    Ok(())
}

/// Which steps come before each; refuses cycles.
fn order(form: &Form) -> Result<Vec<Vec<usize>>, String> {
    let mut before: Vec<Option<Vec<usize>>> = vec![None; form.steps.len()];
    loop {
        let mut came_further = false;
        for (index, node) in form.steps.iter().enumerate() {
            if before[index].is_some() {
                continue;
            }
            let needs: Vec<usize> = (node.depends_on.iter())
                .filter_map(|other| find(form, other))
                .collect();
            let mut all = needs.clone();
            let ready = needs.iter().all(|need| match &before[*need] {
                Some(earlier) => {
                    all.extend(earlier);
                    true
                }
                None => false,
            });
            if ready {
                all.sort_unstable();
                all.dedup();
                before[index] = Some(all);
                came_further = true;
            }
        }
        if !came_further {
            break;
        }
    }
    let stuck = form
        .steps
        .iter()
        .zip(&before)
        .filter(|(_, before)| before.is_none());
    let mut names = String::new();
    for (node, _) in stuck {
        // Writing to a string cannot fail.
        let _ = write!(names, "`{}` ", node.id);
    }
    if names.is_empty() {
        Ok(before.into_iter().flatten().collect())
    } else {
        Err(format!(
            "these steps depend on each other in a circle: {}",
            names.trim_end()
        ))
    }
}

pub(super) fn find(form: &Form, id: &str) -> Option<usize> {
    form.steps.iter().position(|node| node.id == id)
}

pub(super) fn is_reference(text: &str) -> bool {
    text.starts_with('$') && !text.starts_with("$$")
}

fn each_text(value: &Value, look: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, look)),
        Value::Object(fields) => fields.values().for_each(|field| each_text(field, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
