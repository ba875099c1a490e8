//! What a workflow hears of, and how answers of Temporal become such.

use super::Mail;
use crate::wire::{Beat, ChildEnd, Found, TaskDone, TaskFailed, VariablesFound};
use temporalio_common::error::{ActivityExecutionError, ChildWorkflowExecutionError, IncomingError};
use weir_base::Text;
use weir_engine::{StepError, category};

pub enum Happened {
    Mail(Mail),
    Cancelled(String),
    Task {
        path: Text,
        attempt: u32,
        answer: Answer,
    },
    /// A timer of the machine; `set` tells it from an earlier one of the same path.
    Timer {
        path: Text,
        set: u64,
    },
    /// The time of the next attempt.
    Retry {
        path: Text,
        attempt: u32,
    },
    Variables {
        path: Text,
        found: Result<VariablesFound, String>,
    },
    Found {
        path: Text,
        found: Result<Found, String>,
    },
    /// The child has begun, or could not.
    Begun {
        path: Text,
        refused: Option<StepError>,
    },
    Child(ChildEnd),
    Shipped {
        seq: u64,
        logs: usize,
        last: bool,
        done: Result<(), String>,
    },
    /// Something nobody waits for is over.
    Nothing,
}

/// What became of a task.
pub enum Answer {
    Done(TaskDone),
    Failed(Box<TaskFailed>),
    /// Whoever performed it was lost, and nobody knows how far it came; the last it said, if it said anything.
    Lost {
        message: String,
        beat: Option<Beat>,
    },
    Cancelled,
    /// The answer is none of Weir's.
    Broken(String),
}

pub fn answer(result: Result<TaskDone, ActivityExecutionError>) -> Answer {
    let error = match result {
        Ok(done) => return Answer::Done(done),
        Err(ActivityExecutionError::Cancelled(_)) => return Answer::Cancelled,
        Err(error) => error,
    };
    match error.cause() {
        Some(IncomingError::Application(failure)) => match failure.details::<TaskFailed>() {
            Ok(Some(failed)) => Answer::Failed(Box::new(failed)),
            _ => Answer::Broken(failure.failure().map_or_else(|| error.to_string(), |raw| raw.message.clone())),
        },
        Some(IncomingError::Timeout(timeout)) => Answer::Lost {
            message: timeout.failure().message.clone(),
            beat: timeout.last_heartbeat_details::<Beat>().ok().flatten(),
        },
        Some(IncomingError::Cancelled(_)) => Answer::Cancelled,
        _ => Answer::Broken(error.to_string()),
    }
}

/// The message of whatever went wrong with an activity of Weir's own.
pub fn said(error: &ActivityExecutionError) -> String {
    let inner = error.cause().map(|cause| cause.failure().message.clone());
    inner.filter(|message| !message.is_empty()).unwrap_or_else(|| error.to_string())
}

/// How a child that did not succeed looks to its parent. Most tell it themselves; this is for those that were ended
/// from outside.
pub fn child_error(run: &str, error: &ChildWorkflowExecutionError) -> StepError {
    let (code, what) = match error.cause() {
        Some(IncomingError::Application(failure)) => match failure.details::<StepError>() {
            Ok(Some(error)) => return error,
            _ => ("CHILD_FAILED", "failed"),
        },
        Some(IncomingError::Cancelled(_)) => ("CHILD_CANCELLED", "cancelled"),
        Some(IncomingError::Timeout(_)) => ("CHILD_TIMED_OUT", "timed_out"),
        _ => ("CHILD_FAILED", "failed"),
    };
    StepError::new(code, category::CHILD, format!("the run `{run}` ended as {what}"))
}
