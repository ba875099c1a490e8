use crate::{
    Change, Ends, FlowSource, Forked, KeptRun, Load, LogView, Offer, Previewed, ReplayView, Request, RunView,
    RunsError, StartRun, StepView, Watch,
};
use async_trait::async_trait;
use std::time::Duration;
use weir_base::{Text, Value};
use weir_engine::{Decision, Preview, TaskResult};

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The run is over.
    Ended,
    /// The run is over, or cannot go on by itself at once: it waits for a timer, a signal, a child or a person.
    Settled,
}

/// Runs on some runtime. Used as `Arc<dyn RunsPort>`.
#[async_trait]
pub trait RunsPort: Send + Sync {
    /// The run is on disk when this returns: it will be carried to its end whatever happens.
    async fn start(&self, start: StartRun) -> Result<RunView, RunsError> {
        self.begin(start).await.map(|(view, _)| view)
    }

    /// As `start`, and whether the run was not there before.
    async fn begin(&self, start: StartRun) -> Result<(RunView, bool), RunsError>;

    /// As `begin`, and waits for the run's end, but no longer than `patience`: then the run is given as it is.
    async fn begin_and_wait(&self, start: StartRun, patience: Duration) -> Result<(RunView, bool), RunsError>;

    async fn view(&self, run: &str) -> Result<RunView, RunsError>;

    async fn wait(&self, run: &str, until: Until) -> Result<RunView, RunsError>;

    /// Starts a run and waits for its end.
    async fn run(&self, start: StartRun) -> Result<RunView, RunsError> {
        let view = self.start(start).await?;
        self.wait(&view.run, Until::Ended).await
    }

    /// The request is on disk when this returns. One that an ended run cannot take is [`RunsError::Ended`].
    async fn request(&self, run: &str, request: Request) -> Result<(), RunsError>;

    /// The value of a query the flow declares.
    async fn query(&self, run: &str, name: &str) -> Result<Value, RunsError>;

    /// Waits until something was written, of whichever run, after the count `seen`, and gives the count then.
    /// Begin with 0. For whoever reads the store as it grows; the same count again means that nothing follows.
    async fn committed(&self, seen: u64) -> u64;

    /// Every run that ends from now on, children too, as soon as its end is on disk.
    fn ended(&self) -> Ends;

    /// Lets go of what is kept ready of a flow version; it is made ready again when a run needs it.
    fn rest(&self, tenant: &str, version: &str);

    /// How busy it is, and what it has done so far. Cheap: nothing is asked of the store.
    fn load(&self) -> Load;

    /// Everything that happens in the run from now on. The run may be started later.
    async fn watch(&self, run: &str) -> Result<Watch, RunsError>;

    /// Every step so far, in the order of entering.
    async fn steps(&self, run: &str) -> Result<Vec<StepView>, RunsError>;

    /// The run after its record `to`; after the newest for `None`.
    async fn replay(&self, run: &str, to: Option<u64>) -> Result<ReplayView, RunsError>;

    /// The run's own flow over its whole journal, of a fork with what it inherited: what a test of the run expects.
    /// A fork whose inheritance is not known any more is [`RunsError::Rejected`]; so is a journal with payloads of more
    /// than `most` bytes, which is not read to its end.
    async fn rehearse(&self, run: &str, most: usize) -> Result<KeptRun, RunsError>;

    /// The run that the same start has made before, by its id or its key; none where it has made none, or names neither.
    async fn begun(&self, start: &StartRun) -> Result<Option<RunView>, RunsError>;

    /// What an expression gives at `step`, or at the run itself, after record `at` (nothing is changed, and nothing
    /// outside is asked). Without `at`, as the step saw it; after the newest record where there is no step.
    async fn preview(
        &self,
        run: &str,
        what: &Preview,
        step: Option<&str>,
        at: Option<u64>,
    ) -> Result<Previewed, RunsError>;

    /// What its steps have logged, in order.
    async fn logs(&self, run: &str) -> Result<Vec<LogView>, RunsError>;

    /// Starts a new run from `from` as it was after record `at`, with changes (semantics 6.3).
    ///
    /// The original is not touched. Steps that were open at `at` are performed again under the new run's keys.
    async fn fork(&self, from: &str, at: u64, changes: &[Change]) -> Result<Forked, RunsError>;

    /// The steps such a fork would run again. Nothing is written.
    async fn rehearse_fork(&self, from: &str, at: u64, changes: &[Change]) -> Result<Vec<Text>, RunsError>;

    /// Folds the journal of an ended run over another version of its flow (semantics 6.2), and, unless it is only
    /// asked, goes on with it. A compensated run goes on only with `force`.
    async fn fix_forward(&self, run: &str, source: &FlowSource, dry_run: bool, force: bool)
    -> Result<Offer, RunsError>;

    async fn signal(&self, run: &str, name: &str, id: Option<Text>, payload: Value) -> Result<(), RunsError> {
        self.request(run, Request::Signal { name: name.into(), id, payload }).await
    }

    async fn cancel(&self, run: &str, reason: &str) -> Result<(), RunsError> {
        self.request(run, Request::Cancel { reason: reason.into() }).await
    }

    async fn pause(&self, run: &str) -> Result<(), RunsError> {
        self.request(run, Request::Pause).await
    }

    async fn resume(&self, run: &str) -> Result<(), RunsError> {
        self.request(run, Request::Resume).await
    }

    async fn override_step(&self, run: &str, path: &str, result: TaskResult) -> Result<(), RunsError> {
        self.request(run, Request::Override { path: path.into(), result: Box::new(result) }).await
    }

    async fn decide(&self, run: &str, path: &str, decision: Decision) -> Result<(), RunsError> {
        self.request(run, Request::Decide { path: path.into(), decision }).await
    }
}
