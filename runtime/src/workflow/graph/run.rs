//! Running a graph: each step as soon as what it depends on has ended.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

use super::check::{find, is_reference};
use super::{Form, Graph, GraphOutcome, GraphStatus, GraphStep, GraphStepStatus, Node, OnError};
use crate::action::{Auth, encode};
use crate::error::{Error, Rejection};
use crate::mixins::jobs::JobFailure;
use crate::object::{ActionInfo, Call, Caller, Object, Stub, actions_of};
use crate::time::Backoff;
use crate::workflow::{Workflow, entry};

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
                let time = Duration::from_millis(timeout);
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
