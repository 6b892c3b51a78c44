//! Trips: workflows through several stops, which know what was done to them.

use std::time::Duration;

use stayput::mixins::Jobs;
use stayput::prelude::*;
use stayput::workflow::Workflow;

/// How many stops a trip has.
const STOPS: u64 = 6;

/// Sends trips on their way.
#[durable_object]
pub(crate) struct Agency {
    #[mixin]
    jobs: Jobs,
}

#[durable_object]
impl Agency {
    /// Goes to six stops, some at the same time, with pauses; what each said comes out in their order. Trips that are to fail do so at
    /// the last, and are taken back.
    #[action(workflow)]
    async fn travel(
        _this: Handle<Self>,
        flow: Workflow<Self>,
        id: String,
        pauses: Vec<u64>,
        fails: bool,
    ) -> Result<Vec<u64>> {
        let stop = |number: u64| Stop::named(&flow, &number.to_string());
        let mut said = Vec::new();
        for number in (0..STOPS).step_by(2) {
            let fails = fails && number + 2 >= STOPS;
            for number in [number, number + 1] {
                flow.compensate(&format!("leave {number}"), stop(number).leave(&*id));
            }
            let one = flow.step(&format!("visit {number}"), stop(number).visit(&*id, false));
            let other = number + 1;
            let two = flow.step(&format!("visit {other}"), stop(other).visit(&*id, fails));
            let (one, two) = flow.join(one, two).await;
            said.push(one?);
            said.push(two?);
            let pause = pauses.get(usize::try_from(number / 2).unwrap_or(0));
            let pause = Duration::from_millis(pause.copied().unwrap_or(0));
            flow.sleep(&format!("pause {number}"), pause).await?;
        }
        Ok(said)
    }
}

/// Why nobody may stay.
#[derive(Debug, ActionError)]
enum StopError {
    /// It was told to.
    #[error(code = "stop.full", status = 409)]
    Full,
}

/// A stop of trips.
#[durable_object]
pub(crate) struct Stop {
    /// What each visit was told, in their order.
    visits: Log<(String, u64)>,
    left: Log<String>,
}

#[durable_object]
impl Stop {
    /// Answers any number, another one each time.
    #[action(internal)]
    fn visit(&mut self, cx: &mut Context<Self>, id: String, fails: bool) -> Result<u64, StopError> {
        if fails {
            return Err(StopError::Full);
        }
        let number = cx.random() >> 12;
        self.visits.push((id, number));
        Ok(number)
    }

    #[action(internal)]
    fn leave(&mut self, id: String) {
        self.left.push(id);
    }

    /// All visits, and who has left.
    #[action]
    fn seen(&self) -> (Vec<(String, u64)>, Vec<String>) {
        (
            self.visits.iter().map(|(_, visit)| visit).collect(),
            self.left.iter().map(|(_, id)| id).collect(),
        )
    }
}
