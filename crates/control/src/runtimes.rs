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

    /// Where Weir's own worker takes steps from that generated code leaves to it: in the queue that is given, else in
    /// that of the flow's connection, else in that of the only connection there is. None where a worker is none of ours.
    pub fn worker_queue(&self, given: Option<String>, connection: Option<&Text>) -> Option<String> {
        let of_connection = || queue_of(&self.connections(), connection.map(|name| &**name));
        given.filter(|queue| !queue.is_empty()).or_else(of_connection)
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

/// The queue of the connection of this name, else of the only one there is.
fn queue_of(all: &[Connection], name: Option<&str>) -> Option<String> {
    let named = name.and_then(|name| all.iter().find(|one| &*one.name == name));
    let only = || all.first().filter(|_| all.len() == 1);
    named.or_else(only).map(|one| one.task_queue.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(name: &str, queue: &str) -> Connection {
        let (address, namespace) = ("127.0.0.1:7233".into(), "default".into());
        Connection { name: name.into(), address, namespace, task_queue: queue.into(), worker: true }
    }

    #[test]
    fn a_queue_is_that_of_the_flows_connection_or_of_the_only_one() {
        let (one, two) = (connection("one", "a"), connection("two", "b"));
        let both = [one.clone(), two];
        let found = |all: &[Connection], name| queue_of(all, name).unwrap_or_default();
        assert_eq!(found(&both, Some("two")), "b");
        assert_eq!(found(std::slice::from_ref(&one), None), "a");
        assert_eq!(found(&[one], Some("gone")), "a");
        assert_eq!(queue_of(&both, None), None, "nobody can tell which");
        assert_eq!(queue_of(&[], Some("one")), None);
    }
}
