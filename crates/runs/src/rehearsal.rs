use crate::StepView;
use weir_base::{Text, Value};
use weir_engine::{Divergence, Record, Status, StepError};

/// What a flow makes of a recorded journal, with every outside result answered from it.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub status: Status,
    pub output: Value,
    pub error: Option<StepError>,
    pub variables: Value,
    pub steps: Vec<StepView>,
    /// Where the flow and the journal part ways.
    pub divergence: Option<Divergence>,
    /// Steps the journal has no answer for.
    pub open: Vec<Text>,
    /// The whole state at the end.
    pub state: Value,
}

/// A stored run as a test: its journal from the start, of a fork with what it inherited, and what comes of it.
#[derive(Clone, Debug)]
pub struct KeptRun {
    pub journal: Vec<Record>,
    pub rehearsal: Rehearsal,
}
