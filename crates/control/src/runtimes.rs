//! What can carry runs besides this process.

use crate::control::Control;
use crate::{ControlError, Result};
use weir_base::Text;
use weir_runs::{Connection, RunsError};

/// What a look at a connection has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeCheck {
    /// Whether flows can be started on it.
    pub reachable: bool,
    /// Whether somebody works on its runs.
    pub has_worker: bool,
    /// What stands in the way: a code and what to do.
    pub problem: Option<(&'static str, String)>,
}

impl Control {
    /// Connections that flows can be started on, by name.
    pub fn connections(&self) -> Vec<Connection> {
        self.carrier.connections()
    }

    /// Tries a connection. What stands in the way is the answer; only a name that there is not is an error.
    pub async fn check_connection(&self, name: &str) -> Result<RuntimeCheck> {
        self.known(name)?;
        let found = match self.carrier.check(name).await {
            Ok(()) => self.carrier.has_worker(name).await,
            Err(error) => return Ok(RuntimeCheck { reachable: false, has_worker: false, problem: Some(told(error)) }),
        };
        Ok(match found {
            Ok(has_worker) => RuntimeCheck { reachable: true, has_worker, problem: self.without(name, has_worker) },
            Err(error) => RuntimeCheck { reachable: true, has_worker: false, problem: Some(told(error)) },
        })
    }

    fn known(&self, name: &str) -> Result<Connection> {
        let found = self.connections().into_iter().find(|one| &*one.name == name);
        found.ok_or(ControlError::not_found("connection"))
    }

    fn without(&self, name: &str, has_worker: bool) -> Option<(&'static str, String)> {
        let queue = self.known(name).map(|one| one.task_queue).unwrap_or_else(|_| Text::from("weir"));
        let message = format!(
            "nobody works on the task queue `{queue}`: set `worker: true` for the connection, or start a worker there: weir worker --temporal ADDRESS --task-queue {queue} --no-store"
        );
        (!has_worker).then_some(("TEMPORAL_NO_WORKER", message))
    }

    /// The error of a connection that leads nowhere.
    pub(crate) async fn reach(&self, name: &str) -> Result<()> {
        self.carrier.check(name).await.map_err(|error| match error {
            RunsError::Rejected { code, message } if code != "RUNTIME_UNKNOWN" => {
                ControlError::elsewhere(code, message)
            }
            other => other.into(),
        })
    }
}

fn told(error: RunsError) -> (&'static str, String) {
    match error {
        RunsError::Rejected { code, message } => (code, message),
        other => ("TEMPORAL_UNREACHABLE", other.to_string()),
    }
}
