use super::plan::Target;
use crate::control::Control;
use crate::error::ControlError;
use crate::model::Running;
use crate::runs::NewRun;
use weir_base::{Micros, Text, Value};
use weir_runs::FlowRef;
use weir_store::Place;

/// What became of a start.
#[derive(Clone, Debug, PartialEq)]
pub enum Fired {
    Started,
    /// It had started before.
    Known,
    /// It will not start, however often it is tried.
    Refused {
        code: &'static str,
        message: String,
    },
    /// Nothing has happened; it may start later.
    Later(String),
}

/// The id of the run that a tick starts: the same tick cannot start two.
pub fn run_of_tick(trigger: &str, tick: Micros) -> Text {
    format!("tick-{trigger}-{tick}").into()
}

/// The id of the run that the end of another starts, and how many such starts led to it.
pub fn run_of_end(trigger: &str, ended: &str) -> (Text, u32) {
    let depth = depth_of(ended).saturating_add(1);
    let hash = weir_store::blob_hash(ended.as_bytes());
    (format!("event-{trigger}-{depth}-{}", hash.get(..32).unwrap_or(&hash)).into(), depth)
}

/// How many ends, each starting the next run, led to a run. It is in the run's own id, so nothing a flow does changes it.
fn depth_of(run: &str) -> u32 {
    let event = run.strip_prefix("event-").and_then(|rest| rest.rsplit('-').nth(1));
    event.and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

impl Control {
    /// Starts the run of a trigger; with `unsure`, only where it is not there already.
    pub(crate) async fn fire(&self, target: &Target, cause: Text, run: &Text, input: Value, unsure: bool) -> Fired {
        let Some(Running { hash, runtime }) = &target.running else {
            return Fired::Refused { code: "FLOW_STOPPED", message: "the flow is stopped".to_owned() };
        };
        if unsure {
            match self.store.run(run).await {
                Ok(None) => {}
                Ok(Some(_)) => return Fired::Known,
                Err(error) => return Fired::Later(error.to_string()),
            }
        }
        let place =
            Place { tenant: target.tenant.clone(), project: target.project.clone(), service: target.service.clone() };
        let (run, runtime) = (Some(run.clone()), runtime.clone());
        let new = NewRun { input, run, cause: Some(cause), runtime, ..NewRun::default() };
        match self.begin_in(place, &target.flow, &target.name, FlowRef::Version(hash.clone()), new).await {
            Ok(_) => Fired::Started,
            Err(error) => failed(error),
        }
    }
}

fn failed(error: ControlError) -> Fired {
    let message = error.to_string();
    let code = match error {
        ControlError::Busy(_) | ControlError::Unavailable(_) | ControlError::TooMany { .. } => {
            return Fired::Later(message);
        }
        ControlError::Refused { code, .. }
        | ControlError::Elsewhere { code, .. }
        | ControlError::State { code, .. }
        | ControlError::Invalid { code, .. }
        | ControlError::Limit { code, .. } => code,
        ControlError::Unauthenticated(_)
        | ControlError::TokenRefused(_)
        | ControlError::Forbidden { .. }
        | ControlError::NotFound { .. }
        | ControlError::Conflict { .. } => "NOT_FOUND",
    };
    Fired::Refused { code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_one_run_and_a_chain_of_events_is_counted() {
        assert_eq!(run_of_tick("a", 5), "tick-a-5".into());
        let id = "019b0000-0000-7000-8000-000000000000";
        let (first, depth) = run_of_end(id, "some-run-of-7");
        assert_eq!((depth, run_of_end(id, "some-run-of-7").0), (1, first.clone()));
        assert_ne!(run_of_end(id, "some-run-of-8").0, first);
        let mut run = first;
        for expected in 2..=20 {
            let (next, depth) = run_of_end(id, &run);
            assert_eq!(depth, expected);
            assert!(next.len() < 100);
            run = next;
        }
    }
}
