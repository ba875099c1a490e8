//! This program was built without Temporal.

use crate::args::Run;
use crate::args::temporal::Worker;
use crate::exit::{Exit, UsageError};
use weir_base::Value;
use weir_runs::FlowSource;

const CODE: &str = "TEMPORAL_NOT_BUILT";

pub fn worker(_: &Worker) -> anyhow::Result<Exit> {
    Err(absent())
}

pub fn run(_: &Run, _: Option<FlowSource>, _: Value) -> anyhow::Result<Exit> {
    Err(absent())
}

/// Whatever was asked for needs another program.
fn absent() -> anyhow::Error {
    let message = "this program was built without Temporal; take a release, or build it with `--features temporal`";
    UsageError(format!("{CODE}: {message}")).into()
}
