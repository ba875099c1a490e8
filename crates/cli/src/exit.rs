use std::fmt;
use std::process::ExitCode;
use weir_client::ClientError;
use weir_runs::RunsError;

/// Refusals that asking differently does not help against.
const BROKEN: [&str; 3] = ["ENGINE_ERROR", "RUN_UNREADABLE", "FLOW_UNREADABLE"];

/// How the command ended. `Problems` of `check`, `test` and the like is 1, of `run` it is 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Success,
    Failed,
    Usage,
    /// The flow that was to be run has problems.
    FlowProblems,
    /// Cancelled or timed out.
    Stopped,
    Waiting,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.number())
    }
}

/// Wrong usage that only shows after the arguments were read, such as a file that is not there.
#[derive(Debug)]
pub struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// As the same refusal of this machine ends: what asking differently helps against is wrong usage.
fn of_server(error: &ClientError) -> Exit {
    match error {
        ClientError::Address(_) => Exit::Usage,
        ClientError::Problem { code, .. } if code == "FLOW_PROBLEMS" => Exit::FlowProblems,
        ClientError::Problem { status: 400 | 404 | 422, .. } => Exit::Usage,
        _ => Exit::Failed,
    }
}

impl Exit {
    /// The number the shell sees.
    pub fn number(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::FlowProblems => 3,
            Exit::Stopped => 4,
            Exit::Waiting => 5,
        }
    }

    pub fn from_error(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<RunsError>() {
            Some(RunsError::NotFound { .. } | RunsError::FlowUnknown { .. }) => Exit::Usage,
            Some(RunsError::Rejected { code, .. }) if !BROKEN.contains(code) => Exit::Usage,
            None if error.is::<UsageError>() => Exit::Usage,
            None => error.downcast_ref::<ClientError>().map_or(Exit::Failed, of_server),
            _ => Exit::Failed,
        }
    }
}
