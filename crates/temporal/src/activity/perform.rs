use super::beat::Gathered;
use crate::codec::Told;
use crate::wire::{Beat, TaskDone, TaskFailed, TaskInput, quoted};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use weir_base::{Micros, Text};
use weir_engine::sealed_from_json;
use weir_kind::{
    CancellationToken, Category, HostOptions, Ports, Registry, TaskError, TaskHost, TaskOutput, TaskRequest,
};
use weir_runtime::Clock;
use weir_runtime::policy::{noise, retries, usage_of};

/// Performs attempts of steps for workflows.
pub(crate) struct Performer {
    host: TaskHost,
    gathered: Arc<Gathered>,
    clock: Arc<dyn Clock>,
    /// What the `files` folder of flows is relative to.
    files_root: Option<PathBuf>,
    /// Whether large payloads are kept in a store here.
    has_blobs: bool,
}

impl Performer {
    /// `ports` are made with what is gathered from attempts; what they log goes there.
    pub fn new(
        registry: Registry,
        ports: impl FnOnce(Arc<Gathered>) -> Ports,
        clock: Arc<dyn Clock>,
        files_root: Option<PathBuf>,
        has_blobs: bool,
    ) -> Self {
        let gathered: Arc<Gathered> = Arc::default();
        let ports = ports(gathered.clone());
        Self { host: TaskHost::new(registry, ports, HostOptions::default()), gathered, clock, files_root, has_blobs }
    }

    /// The names of everything that can be performed here.
    pub fn kinds(&self) -> Vec<Text> {
        self.host.catalog().iter().map(|entry| entry.component().name.clone()).collect()
    }

    pub async fn perform(&self, cx: ActivityContext, input: TaskInput) -> Result<Told<TaskDone>, ActivityError> {
        let attempt = attempt_of(&cx, &input);
        let key = (input.run.clone(), input.path.clone(), attempt);
        let began_at = self.clock.now();
        self.gathered.begin(&key);
        let result = self.attempt(&cx, &input, &key, began_at).await;
        let (output, error) = match result {
            Ok(output) => match fits(&output, input.max_payload) {
                Ok(()) => (Some(output), None),
                Err(error) => (None, Some(error)),
            },
            Err(error) => (None, Some(error)),
        };
        if cx.is_cancelled() {
            self.gathered.end(&key);
            return Err(ActivityError::cancelled());
        }
        match (output, error) {
            (Some(output), _) => Ok(self.told(&input, self.done(output, &key, began_at))),
            (None, error) => {
                let beat = self.gathered.beat(&key, true);
                let logs = self.gathered.end(&key);
                let error = error.unwrap_or_else(|| TaskError::internal("TASK_BROKEN", "there was no result"));
                let told = self.told(&input, TaskFailed { error, attempt, began_at, logs });
                Err(failed(&cx, &input, beat, told).await)
            }
        }
    }

    /// Whoever says how much it takes at once, such as a generated workflow, has no store to look in.
    fn told<T>(&self, input: &TaskInput, value: T) -> Told<T> {
        Told { value, inline: self.has_blobs && input.max_payload.is_some() }
    }

    fn done(&self, output: TaskOutput, key: &(Text, Text, u32), began_at: Micros) -> TaskDone {
        let TaskOutput { output, handle, usage } = output;
        TaskDone { output, handle, usage: usage.map(usage_of), attempt: key.2, began_at, logs: self.gathered.end(key) }
    }

    /// One attempt, with a heartbeat beside it: it tells how far the attempt is, and hears of a cancellation.
    async fn attempt(
        &self,
        cx: &ActivityContext,
        input: &TaskInput,
        key: &(Text, Text, u32),
        now: Micros,
    ) -> Result<TaskOutput, TaskError> {
        let request = TaskRequest {
            run: input.run.clone(),
            path: input.path.clone(),
            kind: cx.info().activity_type.as_str().into(),
            params: sealed_from_json(&input.params),
            key: format!("{}/{}", input.run, input.path),
            attempt: key.2,
            timeout: input.timeout,
            now,
            flow: Arc::new(input.context.clone().under(self.files_root.as_deref())),
        };
        let token = CancellationToken::new();
        let every = cx.info().heartbeat_timeout.map_or(Duration::from_secs(10), |timeout| timeout / 3);
        let beating = async {
            loop {
                let _ = cx.record_heartbeat(self.gathered.beat(key, false)).await;
                tokio::time::sleep(every).await;
            }
        };
        let performed = self.host.perform(&request, &token);
        tokio::pin!(performed);
        tokio::select! {
            biased;
            result = &mut performed => result,
            () = cx.cancelled() => {
                token.cancel();
                performed.await
            }
            () = beating => Err(TaskError::internal("TASK_BROKEN", "the heartbeat ended")),
        }
    }
}

/// Attempts whose worker was lost do not count: only one that ended in an orderly way said so.
fn attempt_of(cx: &ActivityContext, input: &TaskInput) -> u32 {
    let said = cx.heartbeat_details().deserialize::<Beat>().ok().flatten();
    said.map_or(input.attempt, |beat| beat.next_of(input.attempt))
}

/// What does not fit a payload, the record of it in the journal on its way, is a failure of the step, not of the cluster.
fn fits(output: &TaskOutput, most: Option<u64>) -> Result<(), TaskError> {
    match most.filter(|most| quoted(&output.output.to_json()) as u64 > *most) {
        Some(most) => {
            let message = format!(
                "the output of the step is larger than the {most} bytes Temporal takes; keep large values elsewhere, or \
                 begin the run with a blob store"
            );
            Err(TaskError::new(Category::Limit, "PAYLOAD_TOO_LARGE", message))
        }
        None => Ok(()),
    }
}

/// Whether another attempt is worth it follows from how this one failed, as on every runtime; so does when it begins.
async fn failed(cx: &ActivityContext, input: &TaskInput, beat: Beat, failed: Told<TaskFailed>) -> ActivityError {
    let TaskFailed { error, attempt, .. } = &failed.value;
    let policy = input.retry.as_ref().filter(|policy| retries(policy, *attempt, error));
    let wait = policy.map(|policy| {
        let wait = policy.delay_after(*attempt, noise(&input.run, &input.path, *attempt));
        Duration::from_millis(wait.max(error.retry_after.unwrap_or_default()).millis.max(1))
    });
    if wait.is_some() {
        let _ = cx.record_heartbeat(beat).await;
    }
    let message = Box::<dyn std::error::Error + Send + Sync>::from(error.to_string());
    let failure = ApplicationFailure::builder(message)
        .type_name(error.code.to_string())
        .non_retryable(wait.is_none())
        .maybe_next_retry_delay(wait);
    ActivityError::application(failure.details(failed).build())
}
