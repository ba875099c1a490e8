use tokio::sync::{OwnedSemaphorePermit, oneshot};
use weir_base::{Text, Value};
use weir_engine::{EventBody, Started, StepError};
use weir_kind::{TaskError, TaskOutput};
use weir_runs::{Request, RunView, RunsError};
use weir_store::{CommitError, Effect, InboxKey, Run, RunKey};

use crate::admission::Slot;
use crate::flows::Prepared;
use crate::fold::{Folded, Unfolded};
use std::sync::Arc;

/// What a loop is told. Everything it does follows from these, from timers and from its own results.
pub(crate) enum Message {
    Start(Box<NewRun>),
    /// Carry on a run that is in the store and not over.
    Load {
        run: Box<Run>,
    },
    /// As `Load`, several at once because the program has just started.
    Recover {
        runs: Vec<Run>,
        turn: Turn,
    },
    Loaded {
        key: RunKey,
        result: Box<Result<Folded, Unfolded>>,
    },
    /// `generation` tells the run's present machine from one that was dropped.
    Finished {
        key: RunKey,
        generation: u64,
        path: Text,
        attempt: u32,
        result: Attempted,
    },
    /// The answer to a read of service and project variables.
    VariablesRead {
        key: RunKey,
        path: Text,
        answer: Box<EventBody>,
    },
    Request {
        key: RunKey,
        request: Request,
        inbox: Option<InboxKey>,
        reply: Option<Answer>,
    },
    /// A run that goes on by itself, or the reason why it cannot, is on disk.
    DetachedStarted {
        key: RunKey,
        generation: u64,
    },
    ChildEnded {
        key: RunKey,
        path: Text,
        output: Value,
        error: Option<StepError>,
    },
    View {
        key: RunKey,
        until: Awaited,
        reply: oneshot::Sender<Result<RunView, RunsError>>,
    },
    Query {
        key: RunKey,
        name: Text,
        reply: oneshot::Sender<Result<Value, RunsError>>,
    },
    /// Someone watches this run from now on.
    Trace {
        key: RunKey,
    },
    /// Something done beside the loop for one of its runs is over.
    HelperDone,
    Committed {
        ticket: u64,
        runs: Vec<RunKey>,
        result: Result<(), CommitError>,
    },
    /// What the store says of a run someone waits for that is not in memory.
    Row {
        run: Box<Run>,
        output: Value,
    },
    /// Nothing can be written at present: whoever waits outside for rows on their way is told.
    Stalled,
    /// These new runs were given back by the writer: they do not exist.
    Withdrawn {
        runs: Vec<RunKey>,
    },
    /// The store has lost what was written last: every machine is dropped and folded again.
    Lost(CommitError),
    /// Look around: something outside the loop has changed.
    Nudge,
    /// Start no further attempts; answered when none is under way.
    Drain(oneshot::Sender<()>),
    /// Park what can be parked, leave the rest, and end.
    Stop(oneshot::Sender<()>),
    /// The store has failed for good: end at once.
    Halt,
}

/// Held until the last of the runs it was given for is in memory, or cannot be.
pub(crate) type Turn = Arc<OwnedSemaphorePermit>;
pub(crate) type Attempted = Result<TaskOutput, TaskError>;
pub(crate) type Answer = oneshot::Sender<Result<(), RunsError>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Now,
    Settled,
    Ended,
}

/// A run whose row and first record are still to be written.
pub(crate) struct NewRun {
    pub run: Run,
    pub flow: Arc<Prepared>,
    pub started: Started,
    pub slot: Slot,
    /// For a detached child: the parent's command, written with the child so that it is never started again.
    pub effect: Option<Effect>,
    /// Told when the start is on disk.
    pub started_reply: Option<oneshot::Sender<Result<RunView, RunsError>>>,
    /// Told when the run is over.
    pub ended_reply: Option<oneshot::Sender<Result<RunView, RunsError>>>,
}

impl NewRun {
    /// Whether somebody outside waits for it, who can ask again.
    pub fn is_asked_for(&self) -> bool {
        self.started_reply.is_some() || self.ended_reply.is_some()
    }
}

impl Message {
    /// The run a message is about, where it is about one that may have to be loaded first.
    pub fn run(&self) -> Option<RunKey> {
        match self {
            Message::Request { key, .. } | Message::ChildEnded { key, .. } => Some(*key),
            _ => None,
        }
    }
}
