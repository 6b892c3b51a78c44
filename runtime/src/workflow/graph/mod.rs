//! Workflows as data: a graph of calls of one object's actions, checked before anything runs.

mod check;
mod run;

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::mixins::jobs::JobFailure;
use crate::object::actions_of;
use crate::prelude::data;
use crate::state::Stateful;
use check::check;

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
