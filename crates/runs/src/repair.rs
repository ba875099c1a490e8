use weir_base::{Text, Value};
use weir_engine::{EventBody, Status};

/// What a fork does differently.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `vars.total`, `vars.cart.items` or `input.x`, and its new value.
    Set { path: String, value: Value },
    /// Something that happens at once: a result, a signal, a decision.
    Event(Box<EventBody>),
}

/// A new run that goes on from a record of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Forked {
    pub run: Text,
    /// The steps that run again because they had no result yet.
    pub again: Vec<Text>,
}

/// What going on with a run under another version of its flow would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub run: Text,
    pub verdict: Verdict,
    /// Steps that ran because of the failure, such as a catch or a finally. Going on does not undo them.
    pub compensated: Vec<Text>,
    /// Whether the run has been taken up again.
    pub resumed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It can go on at these steps; everything finished before them stands.
    Compatible { resume: Vec<Text> },
    /// The journal and the flow part ways here.
    Diverges { path: Text, why: String },
    /// Under this flow the same journal fails again, or is over.
    EndsAgain { status: Status, path: Text, why: String },
    /// It cannot be asked of this run.
    Refused { why: String },
}
