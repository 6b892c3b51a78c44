//! Workflows as data: a graph of calls of one object's actions, checked before anything runs.

use std::fmt::Write as _;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Workflow, entry};
use crate::action::{Auth, encode};
use crate::error::{Error, Rejection};
use crate::mixins::jobs::JobFailure;
use crate::object::{ActionInfo, Call, Caller, Object, Stub, actions_of};
use crate::prelude::data;
use crate::state::Stateful;
use crate::time::Backoff;

/// How many steps a graph may have.
const MAX_STEPS: usize = 1_000;

/// A workflow as data: calls of actions of `S`, which come after one another or side by side. It is a parameter like any other;
/// one that cannot be run is refused as such, before anything runs.
///
/// ```
/// use stayput::prelude::*;
/// use stayput::mixins::Jobs;
/// use stayput::workflow::{Graph, GraphOutcome, Workflow};
///
/// #[durable_object]
/// struct Accounts { names: Log<String>, #[mixin] jobs: Jobs }
///
/// #[durable_object]
/// impl Accounts {
///     #[action]
///     fn create(&mut self, name: String) -> u64 { self.names.push(name) }
///
///     #[action]
///     fn greet(&self, id: u64) -> Option<String> { self.names.get(id) }
///
///     /// Runs a graph of this object's actions, with the caller's rights.
///     #[action(workflow)]
///     async fn run(_this: Handle<Self>, flow: Workflow<Self>, graph: Graph<Self>) -> Result<GraphOutcome> {
///         Ok(flow.run_graph(&graph).await?)
///     }
/// }
///
/// stayput::app!(Accounts);
///
/// # fn main() {
/// stayput::testing::run(app(), async |t| {
///     let accounts = Accounts::named(t, "all");
///     let graph: Graph<Accounts> = serde_json::from_str(r#"{
///         "context": {"name": "ann"},
///         "steps": [
///             {"id": "account", "action": "create", "params": {"name": "$context.name"}},
///             {"id": "hello", "action": "greet", "params": {"id": "$steps.account"}, "depends_on": ["account"]}
///         ]
///     }"#).unwrap();
///     let id = accounts.run(graph).await.unwrap().job;
///     t.settle().await;
///     let outcome = accounts.jobs().get(id).await.unwrap().result.unwrap();
///     assert_eq!((&outcome["status"], &outcome["steps"][1]["result"]), (&"done".into(), &"ann".into()));
/// });
/// # }
/// ```
///
/// A text that is `$context.a.b` stands for that part of `context`, one that is `$steps.id.a.b` for that part of what a
/// step answered that this one depends on; `$$` begins a text with `$`. Only actions are called that the caller of the workflow may call.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", try_from = "Form", into = "Form")]
pub struct Graph<S: Stateful> {
    form: Form,
    of: PhantomData<fn() -> S>,
}

/// The form of a graph.
#[data]
struct Form {
    /// After so many milliseconds nothing more is begun, and what is under way is let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    /// What steps may refer to.
    #[serde(default)]
    context: Map<String, Value>,
    /// The steps; those that depend on none of one another run at the same time.
    steps: Vec<Node>,
}

/// A step of a graph.
#[data]
struct Node {
    /// What others call it.
    id: String,
    /// The wire name of an action of the object.
    action: String,
    /// Its parameters by name.
    #[serde(default)]
    params: Map<String, Value>,
    /// The steps that must have ended well before.
    #[serde(default)]
    depends_on: Vec<String>,
    /// What an error means.
    #[serde(default)]
    on_error: OnError,
    /// How often it is tried again, if that is what an error means.
    #[serde(default)]
    max_retries: u32,
    /// A reference: the step is left out where that is `null`, `false`, 0 or empty; with `!` before it, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
}

/// What an error of a step means.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
enum OnError {
    /// The workflow fails: nothing more is begun.
    #[default]
    Fail,
    /// The others go on, but for those that depend on it.
    Continue,
    /// It is tried again, after 2 s, 4 s, ..; then the workflow fails.
    Retry,
}

/// What became of a graph.
#[data]
#[derive(PartialEq)]
pub struct GraphOutcome {
    /// The workflow's id.
    pub id: String,
    /// How it ended.
    pub status: GraphStatus,
    /// Its steps, in the order of the graph.
    pub steps: Vec<GraphStep>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobFailure>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// How a graph ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraphStatus {
    /// All of its steps have ended, or were left out.
    Done,
    /// A step failed whose errors fail the workflow.
    Failed,
    /// Its time was up.
    TimedOut,
}

/// What became of a step of a graph.
#[data]
#[derive(PartialEq)]
pub struct GraphStep {
    /// Its id.
    pub id: String,
    /// How it ended.
    pub status: GraphStepStatus,
    /// What it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<JobFailure>,
}

/// How a step of a graph ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraphStepStatus {
    /// It answered.
    Done,
    /// It failed.
    Failed,
    /// Its condition did not hold.
    Skipped,
    /// It was not begun, or was let go: because of one that it depends on, or the end of the workflow.
    NotRun,
}

impl<S: Stateful> Clone for Graph<S> {
    fn clone(&self) -> Self {
        Self {
            form: self.form.clone(),
            of: PhantomData,
        }
    }
}

impl<S: Stateful> From<Graph<S>> for Form {
    fn from(graph: Graph<S>) -> Self {
        graph.form
    }
}

impl<S: Stateful> TryFrom<Form> for Graph<S> {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        check(&form, &actions_of::<S>())?;
        Ok(Self {
            form,
            of: PhantomData,
        })
    }
}

impl<S: Stateful> std::fmt::Debug for Graph<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.form.fmt(f)
    }
}

impl<S: Stateful> schemars::JsonSchema for Graph<S> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Graph".into()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        "stayput::workflow::Graph".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Form::json_schema(generator)
    }
}

/// Why a graph cannot be run.
fn check(form: &Form, actions: &[ActionInfo]) -> Result<(), String> {
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

fn find(form: &Form, id: &str) -> Option<usize> {
    form.steps.iter().position(|node| node.id == id)
}

fn is_reference(text: &str) -> bool {
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

/// A graph that runs.
struct Running<'a> {
    form: &'a Form,
    steps: Vec<Option<GraphStep>>,
    begun: Vec<bool>,
    error: Option<JobFailure>,
}

impl Running<'_> {
    /// What a reference stands for; `null` if there is no such thing.
    fn value(&self, reference: &str) -> Value {
        let mut parts = reference.split('.');
        let mut found = match parts.next() {
            Some("$steps") => {
                let step = parts.next().and_then(|id| find(self.form, id));
                let step = step.and_then(|index| self.steps[index].as_ref());
                step.and_then(|step| step.result.as_ref())
            }
            _ => match parts.next() {
                Some(name) => self.form.context.get(name),
                None => return Value::Object(self.form.context.clone()),
            },
        };
        for part in parts {
            found = found.and_then(|value| match value {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                value => value.get(part),
            });
        }
        found.cloned().unwrap_or(Value::Null)
    }

    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if is_reference(text) => self.value(text),
            Value::String(text) => text
                .strip_prefix('$')
                .filter(|_| text.starts_with("$$"))
                .map_or_else(|| value.clone(), |text| Value::String(text.to_owned())),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => {
                let filled = fields
                    .iter()
                    .map(|(name, field)| (name.clone(), self.filled(field)));
                Value::Object(filled.collect())
            }
            value => value.clone(),
        }
    }

    fn holds(&self, condition: &str) -> bool {
        let (reference, negated) = match condition.strip_prefix('!') {
            Some(reference) => (reference, true),
            None => (condition, false),
        };
        let truth = match self.value(reference) {
            Value::Null => false,
            Value::Bool(truth) => truth,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
        };
        truth != negated
    }

    fn end(&mut self, index: usize, status: GraphStepStatus) {
        self.steps[index] = Some(GraphStep {
            id: self.form.steps[index].id.clone(),
            status,
            result: None,
            error: None,
        });
    }

    fn outcome(self, id: &str, is_late: bool, duration_ms: u64) -> GraphOutcome {
        let status = match (&self.error, is_late) {
            (Some(_), _) => GraphStatus::Failed,
            (None, true) => GraphStatus::TimedOut,
            (None, false) => GraphStatus::Done,
        };
        let steps = self.steps.into_iter().zip(&self.form.steps);
        let steps = steps.map(|(step, node)| {
            step.unwrap_or_else(|| GraphStep {
                id: node.id.clone(),
                status: GraphStepStatus::NotRun,
                result: None,
                error: None,
            })
        });
        GraphOutcome {
            id: id.to_owned(),
            status,
            steps: steps.collect(),
            error: self.error,
            duration_ms,
        }
    }
}

type StepRun = Pin<Box<dyn Future<Output = (usize, Result<Value, Rejection>)>>>;

impl<S: Object> Workflow<S> {
    /// Runs a graph of calls of this object's actions.
    ///
    /// # Errors
    ///
    /// The caller of the workflow may not call an action of it (`forbidden`); the workflow is being cancelled. What goes wrong in a
    /// step is in the outcome.
    pub async fn run_graph(&self, graph: &Graph<S>) -> Result<GraphOutcome, Rejection> {
        let form = &graph.form;
        for node in &form.steps {
            allow(&actions_of::<S>(), &node.action, self.caller())?;
        }
        let began = self.now();
        let mut running = Running {
            form,
            steps: form.steps.iter().map(|_| None).collect(),
            begun: vec![false; form.steps.len()],
            error: None,
        };
        let is_late = match form.timeout_ms {
            None => {
                self.go_through(&mut running).await?;
                false
            }
            Some(timeout) => {
                let time = std::time::Duration::from_millis(timeout);
                let all = self.go_through(&mut running);
                match self
                    .race("#timeout", all, self.sleep("#timeout wait", time))
                    .await?
                {
                    Ok(all) => all.map(|()| false)?,
                    Err(slept) => slept.map(|()| true)?,
                }
            }
        };
        if is_late {
            // What was let go; and of a run that comes by again, what an earlier one made before the time was up.
            self.take_from_journal(&mut running);
        }
        let took = self.now().since(began).as_millis();
        Ok(running.outcome(self.id(), is_late, u64::try_from(took).unwrap_or(u64::MAX)))
    }

    /// Begins each step as soon as it may, until none is left.
    async fn go_through(&self, running: &mut Running<'_>) -> Result<(), Rejection> {
        let mut under_way: Vec<StepRun> = Vec::new();
        loop {
            self.begin_ready(running, &mut under_way);
            if under_way.is_empty() {
                return Ok(());
            }
            let (index, reply) = first_of(&mut under_way).await;
            let node = &running.form.steps[index];
            match reply {
                Ok(value) => {
                    running.end(index, GraphStepStatus::Done);
                    if let Some(step) = &mut running.steps[index] {
                        step.result = (!value.is_null()).then_some(value);
                    }
                }
                Err(error) => {
                    // Not the step's error, but the end of the workflow.
                    self.inner.halt_if_cancelled()?;
                    let failure = entry::failure(error.wire());
                    running.end(index, GraphStepStatus::Failed);
                    if let Some(step) = &mut running.steps[index] {
                        step.error = Some(failure.clone());
                    }
                    if node.on_error != OnError::Continue {
                        running.error.get_or_insert(failure);
                    }
                }
            }
        }
    }

    /// What became of steps whose answers nobody has taken.
    fn take_from_journal(&self, running: &mut Running<'_>) {
        let journal = self.inner.journal.borrow();
        for (index, node) in running.form.steps.iter().enumerate() {
            if running.steps[index].is_some() {
                continue;
            }
            let tries = (0..=node.max_retries).map(|attempt| entry_name(&node.id, attempt));
            let Some(entry) = tries.map_while(|name| journal.get(&name)).last() else {
                continue;
            };
            running.steps[index] = Some(GraphStep {
                id: node.id.clone(),
                status: match entry.error {
                    None => GraphStepStatus::Done,
                    Some(_) => GraphStepStatus::Failed,
                },
                result: entry.result.clone(),
                error: entry.error.clone(),
            });
        }
    }

    fn begin_ready(&self, running: &mut Running<'_>, under_way: &mut Vec<StepRun>) {
        let form = running.form;
        loop {
            let mut came_further = false;
            for (index, node) in form.steps.iter().enumerate() {
                // What an earlier run made before the error came is come by again.
                let was_made = || self.inner.journal.borrow().contains_key(&node.id);
                if running.begun[index] || (running.error.is_some() && !was_made()) {
                    continue;
                }
                let mut ready = true;
                let mut never = false;
                for need in node.depends_on.iter().filter_map(|need| find(form, need)) {
                    match running.steps[need].as_ref().map(|step| step.status) {
                        Some(GraphStepStatus::Done | GraphStepStatus::Skipped) => {}
                        Some(_) => never = true,
                        None => ready = false,
                    }
                }
                if never {
                    running.begun[index] = true;
                    running.end(index, GraphStepStatus::NotRun);
                    came_further = true;
                } else if ready {
                    running.begun[index] = true;
                    came_further = true;
                    if node
                        .condition
                        .as_ref()
                        .is_some_and(|condition| !running.holds(condition))
                    {
                        running.end(index, GraphStepStatus::Skipped);
                    } else {
                        let params = running.filled(&Value::Object(node.params.clone()));
                        under_way.push(self.begin_step(index, node, params));
                    }
                }
            }
            if !came_further {
                return;
            }
        }
    }

    fn begin_step(&self, index: usize, node: &Node, params: Value) -> StepRun {
        let (flow, id, action) = (self.clone(), node.id.clone(), node.action.clone());
        let retries = match node.on_error {
            OnError::Retry => node.max_retries,
            OnError::Fail | OnError::Continue => 0,
        };
        Box::pin(async move {
            let mut attempt = 0;
            loop {
                let reply = flow.call(&entry_name(&id, attempt), &action, &params).await;
                let Err(error) = reply else {
                    return (index, reply);
                };
                if attempt == retries || flow.inner.cancelling.get() {
                    return (index, Err(error));
                }
                attempt += 1;
                let pause = Backoff::default().pause(attempt, 0);
                if let Err(error) = flow.sleep(&format!("{id}#{attempt} pause"), pause).await {
                    return (index, Err(error));
                }
            }
        })
    }

    async fn call(&self, name: &str, action: &str, params: &Value) -> Result<Value, Rejection> {
        let text = encode(params).map_err(Rejection::new)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let call: Call<Value, Error> = self.me().call_by_name(action, &text);
        self.step::<Value, Error, _>(name, call).await
    }
}

/// What an attempt of a step is called among the parts of the workflow. No id has a `#`.
fn entry_name(id: &str, attempt: u32) -> String {
    match attempt {
        0 => id.to_owned(),
        attempt => format!("{id}#{attempt}"),
    }
}

/// Whether a caller may call an action from outside: a graph gives nobody more than they have.
fn allow(actions: &[ActionInfo], name: &str, caller: &Caller) -> Result<(), Rejection> {
    let action = actions.iter().find(|action| action.name == name);
    let allowed = action.is_some_and(|action| match action.auth {
        Auth::Public => true,
        Auth::Authenticated => caller.is_authenticated(),
        Auth::Scope(scope) => caller.has_scope(scope),
        Auth::Internal => false,
    });
    if allowed {
        return Ok(());
    }
    let message = format!("the caller of the workflow may not call `{name}`");
    Err(Rejection::new(Box::new(crate::rpc::WireError::framework(
        crate::error::Code::Forbidden,
        message,
    ))))
}

/// The first that comes to its end.
async fn first_of(under_way: &mut Vec<StepRun>) -> (usize, Result<Value, Rejection>) {
    std::future::poll_fn(|cx| {
        for place in 0..under_way.len() {
            if let std::task::Poll::Ready(done) = under_way[place].as_mut().poll(cx) {
                drop(under_way.swap_remove(place));
                return std::task::Poll::Ready(done);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
