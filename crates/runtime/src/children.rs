//! Runs that runs start: their beginning, their cancelling, and the way back to the parent.

use crate::inner::{Beginning, Begun, Inner, Replies};
use crate::message::Message;
use crate::shard::Cx;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use weir_base::{Text, Value};
use weir_engine::{Origin, StartChild, Status, StepError, category};
use weir_runs::{OnRuntime, Request, RunView, RunsError};
use weir_store::{Effect, Place, Run, RunKey, StoreError};

/// How long to wait before a store that did not answer is asked again.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

pub(crate) struct ChildStart {
    pub parent: RunKey,
    pub parent_id: Text,
    pub place: Place,
    pub child: StartChild,
    pub effect: Option<Effect>,
}

/// Asks the store until it answers. `None` where it has failed for good; the whole runtime halts then.
pub(crate) async fn patiently<T, F>(mut ask: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match ask().await {
            Ok(answer) => return Some(answer),
            Err(error) if error.may_pass() => tokio::time::sleep(PATIENCE).await,
            Err(error) => {
                tracing::error!("{error}");
                return None;
            }
        }
    }
}

/// Starts a child, or tells the parent how one ended that was started before (semantics 5.5).
pub(crate) async fn start_child(inner: Arc<Inner>, start: ChildStart) {
    loop {
        match try_start(&inner, &start, Replies::default()).await {
            Err(error) if error.is_transient() => tokio::time::sleep(PATIENCE).await,
            Err(RunsError::Stopping | RunsError::Failed(_)) => return,
            Err(error) => return fail(&inner, &start, &error),
            Ok(Begun::Exists(run)) if run.status.is_final() => {
                return answer(&inner, start.parent, start.child.path, &run).await;
            }
            Ok(_) => return,
        }
    }
}

/// Starts a run that goes on by itself. The one that asked for it is told when it is on disk, and does not end
/// before: nothing would ask again after a crash (semantics 5.5).
pub(crate) async fn start_detached(inner: Arc<Inner>, start: ChildStart, generation: u64) {
    loop {
        match try_detached(&inner, &start).await {
            Ok(true) => break,
            Ok(false) => tokio::time::sleep(PATIENCE).await,
            Err(error) if error.is_transient() => tokio::time::sleep(PATIENCE).await,
            Err(RunsError::Stopping | RunsError::Failed(_)) => return,
            Err(error) => {
                tracing::warn!(run = %start.parent_id, child = %start.child.run, "not started: {error}");
                break;
            }
        }
    }
    inner.shared.send(start.parent, Message::DetachedStarted { key: start.parent, generation });
}

/// Whether the run is on disk.
async fn try_detached(inner: &Arc<Inner>, start: &ChildStart) -> Result<bool, RunsError> {
    let (reply, answer) = oneshot::channel();
    match try_start(inner, start, Replies { started: Some(reply), ended: None }).await? {
        Begun::Started => answer.await.unwrap_or_else(|_| Err(inner.gone())).map(|_| true),
        Begun::Pending(_) | Begun::Exists(_) => Ok(true),
        // On its way; whether it arrives is not certain yet.
        Begun::Running => Ok(false),
    }
}

async fn try_start(inner: &Arc<Inner>, start: &ChildStart, replies: Replies) -> Result<Begun, RunsError> {
    let ChildStart { parent_id, place, child, effect, .. } = start;
    let flow = match &child.version {
        Some(hash) => inner.flows.version(&place.tenant, hash).await?,
        None => inner.flows.newest(place, &child.flow, inner.now()).await?,
    };
    let origin = Origin { run: parent_id.clone(), path: child.path.clone(), detached: child.detached };
    let beginning = Beginning {
        id: child.run.clone(),
        place: place.clone(),
        input: child.input.clone(),
        priority: 0,
        cause: None,
        origin: Some(origin),
        effect: *effect,
        runtime: OnRuntime::Embedded,
        fresh: false,
    };
    inner.begin(beginning, flow, replies).await
}

fn fail(inner: &Inner, start: &ChildStart, error: &RunsError) {
    let code = match error {
        RunsError::FlowUnknown { .. } => "FLOW_UNKNOWN",
        RunsError::Rejected { code, .. } => code,
        _ => "CHILD_NOT_STARTED",
    };
    let error = Some(StepError::new(code, category::CHILD, error.to_string()));
    let (key, path) = (start.parent, start.child.path.clone());
    inner.shared.send(key, Message::ChildEnded { key, path, output: Value::Null, error });
}

async fn answer(inner: &Inner, key: RunKey, path: Text, child: &Run) {
    let Some(output) = patiently(|| inner.shared.store.run_output(child.key)).await else { return };
    let error = child_error(&child.id, child.status, child.error.clone());
    inner.shared.send(key, Message::ChildEnded { key, path, output, error });
}

/// What a parent sees of a child that did not succeed.
pub fn child_error(id: &str, status: Status, error: Option<StepError>) -> Option<StepError> {
    let code = match status {
        Status::Succeeded => return None,
        Status::Cancelled => "CHILD_CANCELLED",
        Status::TimedOut => "CHILD_TIMED_OUT",
        _ => "CHILD_FAILED",
    };
    let made = || StepError::new(code, category::CHILD, format!("the run `{id}` ended as {}", status.as_str()));
    Some(error.unwrap_or_else(made))
}

/// Hands a child's end to its parent, which may have left memory.
pub(crate) fn tell_parent(cx: &mut Cx, origin: Origin, view: RunView) {
    let error = child_error(&view.run, view.status, view.error);
    let (inner, path, output) = (cx.inner.clone(), origin.path, view.output);
    if let Some(key) = inner.shared.live_key(&origin.run) {
        return inner.shared.send(key, Message::ChildEnded { key, path, output, error });
    }
    cx.help(async move {
        let Some(Some(parent)) = patiently(|| inner.shared.store.run(&origin.run)).await else { return };
        let key = parent.key;
        inner.shared.send(key, Message::ChildEnded { key, path, output, error });
    });
}

/// Cancels a child that is still open.
pub(crate) async fn cancel_child(inner: Arc<Inner>, id: Text) {
    let Some(Some(run)) = patiently(|| inner.shared.store.run(&id)).await else { return };
    if !run.status.is_final() {
        let (key, request) = (run.key, Request::Cancel { reason: "the run that started this one has ended it".into() });
        inner.shared.send(key, Message::Request { key, request, inbox: None, reply: None });
    }
}

/// Cancels a child whose parent is over; the cancel may not have reached it before a crash.
pub(crate) async fn cancel_if_orphan(inner: Arc<Inner>, id: Text, origin: Origin) {
    let Some(parent) = patiently(|| inner.shared.store.run(&origin.run)).await else { return };
    if parent.is_none_or(|parent| parent.status.is_final()) {
        cancel_child(inner, id).await;
    }
}
