//! What the installation does for itself, as flows like any other: letters, new passwords, usage, retention.
//!
//! Their runs are in the project [`SYSTEM_PROJECT`] of the organisation they are about, and of nobody where they are about
//! none. They cost nothing of what an organisation may use, and are forgotten after a few days. Start with `house.rs`.

mod house;
mod work;

pub(crate) use house::House;
pub use work::{Chore, ChoreError};

use std::sync::{Arc, LazyLock};
use weir_base::{Text, Value};
use weir_runs::{FlowRef, FlowSource, RunView, RunsError, RunsPort, StartRun};
use weir_store::SYSTEM_PROJECT;

/// What runs of the installation's own are marked with, as what started them.
const CAUSE: &str = "system";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SystemFlow {
    /// Sends one letter, until it is taken or given up.
    Mail,
    /// Writes the letter with which a new password is set.
    Reset,
    /// Adds up what an organisation has used.
    Usage,
    /// Forgets what is old enough.
    Retention,
}

static SOURCES: LazyLock<[Arc<FlowSource>; 4]> = LazyLock::new(|| {
    [
        source("mail.json", include_str!("flows/mail.json")),
        source("reset.json", include_str!("flows/reset.json")),
        source("usage.json", include_str!("flows/usage.json")),
        source("retention.json", include_str!("flows/retention.json")),
    ]
});

fn source(name: &str, text: &str) -> Arc<FlowSource> {
    // The files are a part of this program, and a test reads each of them.
    let flow = weir_ir::from_json(text).expect("a flow of the installation's own is sound");
    Arc::new(FlowSource { flow, files: vec![(name.into(), text.into())] })
}

impl SystemFlow {
    fn source(self) -> Arc<FlowSource> {
        SOURCES[self as usize].clone()
    }
}

/// Starts a run of the installation's own, which is on disk when this returns; and whether it was not there before.
/// The id is made of what it is about, so that it is started once.
pub(crate) async fn begin(
    runs: &dyn RunsPort,
    flow: SystemFlow,
    tenant: &Text,
    run: String,
    input: Value,
) -> Result<(RunView, bool), RunsError> {
    let start = StartRun {
        run: Some(run.into()),
        tenant: tenant.clone(),
        project: SYSTEM_PROJECT.into(),
        cause: Some(CAUSE.into()),
        ..StartRun::new(FlowRef::Source(flow.source()), input)
    };
    runs.begin(start).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_ir::NodeKind;

    const ALL: [SystemFlow; 4] = [SystemFlow::Mail, SystemFlow::Reset, SystemFlow::Usage, SystemFlow::Retention];

    #[test]
    fn every_flow_of_its_own_is_sound_and_has_a_concurrency_key_and_retries() {
        let names = ALL.map(|flow| flow.source().flow.name.clone());
        assert_eq!(names, ["mail", "password-reset", "usage", "retention"]);
        for flow in ALL {
            let source = flow.source();
            let concurrency = source.flow.settings.concurrency.clone().expect("a limit");
            let of_one = matches!(flow, SystemFlow::Mail | SystemFlow::Reset);
            assert_eq!(concurrency.key.is_some(), of_one, "{flow:?} is keyed by whom it is for");
            let mut tasks = 0;
            source.flow.for_each_node(&mut |node| {
                if let NodeKind::Task(task) = &node.kind {
                    tasks += 1;
                    let retry = task.retry.as_ref().expect("it is tried again");
                    assert!(retry.allows_after(5) && task.kind.starts_with("system."), "{flow:?}");
                }
            });
            assert!(tasks > 0);
        }
    }

    #[test]
    fn pauses_between_tries_of_a_letter_double_up_to_an_hour() {
        let source = SystemFlow::Mail.source();
        let mut pauses = Vec::new();
        source.flow.for_each_node(&mut |node| {
            if let NodeKind::Task(task) = &node.kind {
                let retry = task.retry.as_ref().expect("it is tried again");
                pauses = [1, 2, 3, 7, 8, 41].map(|attempt| retry.delay_after(attempt, 0.0).millis / 1_000).to_vec();
                assert!(retry.allows_after(1_000), "until it is taken or given up");
            }
        });
        assert_eq!(pauses, [30, 60, 120, 1_920, 3_600, 3_600]);
    }
}
