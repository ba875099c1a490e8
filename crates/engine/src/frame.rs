use crate::StepError;
use crate::arena::Ix;
use crate::plan::NodeIx;
use crate::step::{
    agent::AgentState, graph::GraphState, looping::LoopState, mailbox::MailboxState, parallel::ParallelState,
};
use serde::{Deserialize, Serialize};
use weir_base::{Micros, Text, Value};

/// A live region or an open step. Finished ones are gone: the state of a run holds live regions only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Frame {
    pub node: NodeIx,
    pub parent: Ix,
    /// Which child of its parent this is.
    pub slot: u32,
    pub env: Ix,
    pub path: Text,
    /// Children that have been entered and have not been reported back.
    pub children: u32,
    /// Live child frames, a doubly linked list.
    pub first_child: Ix,
    pub next: Ix,
    pub prev: Ix,
    /// Set once the outcome is decided and the children are being ended.
    pub closing: Option<Outcome>,
    /// The name of this frame's open timer.
    pub timer: Option<Text>,
    pub open: Open,
    pub state: State,
    pub entered_at: Micros,
}

/// What a frame waits for, besides its children and its timer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Open {
    #[default]
    Nothing,
    Task,
    Child,
    Read,
    Signal(Text),
    /// For ever: only an end from outside closes it.
    Never,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Success { output: Value, handle: Option<Text> },
    Failure(Box<StepError>),
    Cancelled,
}

impl Outcome {
    pub fn success(output: Value) -> Self {
        Outcome::Success { output, handle: None }
    }

    pub fn failure(error: StepError) -> Self {
        Outcome::Failure(Box::new(error))
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Outcome::Success { .. })
    }
}

/// Where a frame stands. One variant per control node that keeps something while it is suspended.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) enum State {
    #[default]
    Plain,
    Sequence {
        /// The child that runs or ran last.
        at: u32,
        /// How often the region was gone through from its first child; reactive ones only.
        pass: u32,
        /// The guard that is being checked again.
        check: Option<u32>,
        /// What the running child gave while guards were being checked.
        held: Option<Outcome>,
        /// Something visible changed and the guards have not been checked since.
        dirty: bool,
        /// The running child itself has changed something: it counts once the child is suspended.
        own: bool,
        /// The event at which the running child was entered.
        since: u64,
    },
    Parallel(Box<ParallelState>),
    Graph(Box<GraphState>),
    Branch {
        case: u32,
    },
    Loop(Box<LoopState>),
    Try {
        phase: TryPhase,
        result: Option<Outcome>,
    },
    Retry {
        attempt: u32,
    },
    UntilFailure {
        pass: u64,
    },
    Precondition {
        check: u32,
        runs: u32,
        resolved: bool,
    },
    Yield {
        left: u64,
    },
    Task {
        #[serde(with = "crate::sealed")]
        params: Value,
        timeout: Option<u64>,
    },
    Child {
        flow: Text,
        version: Option<Text>,
        input: Value,
    },
    Mailbox(Box<MailboxState>),
    Agent(Box<AgentState>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TryPhase {
    Body,
    Catch,
    Finally,
}
