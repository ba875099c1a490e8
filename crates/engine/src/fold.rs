//! A whole journal, whatever it begins with and however often its flow was changed, folded to a machine.

use crate::compat::{Numbered, replay};
use crate::{Event, EventBody, Machine, Plan};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Why a journal cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldError {
    /// It is empty, or begins with an event nothing can begin with.
    NoBeginning,
    /// A version of the flow it names is not there.
    MissingFlow(String),
    /// A state in it was written in a form this version cannot read.
    State(String),
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoldError::NoBeginning => f.write_str("the journal does not begin with a start"),
            FoldError::MissingFlow(hash) => write!(f, "the flow version {hash} is not stored here"),
            FoldError::State(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for FoldError {}

/// Folds numbered events in order. `plan` is the run's first flow version, `plan_of` finds others by content hash.
///
/// The events may begin with `started`, `forked` or the last `continued`. Commands still open afterwards come
/// out of [`Machine::poll`].
pub fn fold(
    plan: &Arc<Plan>,
    plan_of: &dyn Fn(&str) -> Option<Arc<Plan>>,
    events: &[Numbered],
) -> Result<Machine, FoldError> {
    let mut machine = match last_rebase(events) {
        Some(at) => rebased(plan_of, events, at)?,
        None => plain(plan, events)?,
    };
    machine.reissue();
    Ok(machine)
}

fn plain(plan: &Arc<Plan>, events: &[Numbered]) -> Result<Machine, FoldError> {
    let (_, first) = events.first().ok_or(FoldError::NoBeginning)?;
    let mut machine = begin(plan, first)?;
    events[1..].iter().for_each(|(_, event)| machine.handle(event));
    Ok(machine)
}

fn begin(plan: &Arc<Plan>, first: &Event) -> Result<Machine, FoldError> {
    match &first.body {
        EventBody::Started(started) => Ok(Machine::new(plan.clone(), started, first.at)),
        EventBody::Forked(forked) => Machine::restore(plan.clone(), &forked.state).map_err(FoldError::State),
        EventBody::Continued { state } => {
            let mut machine = Machine::restore(plan.clone(), state).map_err(FoldError::State)?;
            machine.handle(first);
            Ok(machine)
        }
        _ => Err(FoldError::NoBeginning),
    }
}

fn last_rebase(events: &[Numbered]) -> Option<usize> {
    events.iter().rposition(|(_, event)| matches!(event.body, EventBody::Rebased(_)))
}

/// What came before is matched against the new flow, less all that was ever set aside; what came after is in order.
/// The record of a fork has the state with it, since what came before lies in other journals.
fn rebased(plan_of: &dyn Fn(&str) -> Option<Arc<Plan>>, events: &[Numbered], at: usize) -> Result<Machine, FoldError> {
    let EventBody::Rebased(onto) = &events[at].1.body else { return Err(FoldError::NoBeginning) };
    let plan = plan_of(&onto.flow).ok_or_else(|| FoldError::MissingFlow(onto.flow.to_string()))?;
    let mut machine = match &onto.state {
        Some(state) => Machine::restore(plan, state).map_err(FoldError::State)?,
        None => {
            let dropped: BTreeSet<u64> = events[..=at].iter().flat_map(|(_, event)| dropped_by(event)).collect();
            replay(&plan, &events[..at], &dropped).ok_or(FoldError::NoBeginning)?.machine
        }
    };
    events[at..].iter().for_each(|(_, event)| machine.handle(event));
    Ok(machine)
}

fn dropped_by(event: &Event) -> Vec<u64> {
    match &event.body {
        EventBody::Rebased(onto) => onto.dropped.clone(),
        _ => Vec::new(),
    }
}
