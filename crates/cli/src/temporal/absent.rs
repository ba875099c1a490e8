//! This program was built without Temporal.

use crate::args::Run;
use crate::args::temporal::Worker;
use crate::exit::{Exit, UsageError};
use weir_base::Value;
use weir_runs::FlowSource;

const ABSENT: &str = "TEMPORAL_NOT_BUILT: this program was built without Temporal; take a release, or build it with `--features temporal`";

pub fn worker(_: &Worker) -> anyhow::Result<Exit> {
    Err(UsageError(ABSENT.to_owned()).into())
}

pub fn run(_: &Run, _: Option<FlowSource>, _: Value) -> anyhow::Result<Exit> {
    Err(UsageError(ABSENT.to_owned()).into())
}
