//! The choice between backends: by priority, in turn, or by load; with limits, and going on to the next on failure.

use super::chat::{Chat, Reply};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use weir_base::Duration;
use weir_egress::Bucket;
use weir_kind::{Backend, Category, ModelRouting, ModelSettings, TaskContext, TaskError};

/// More backends than this are not kept in mind at once.
const MAX_BACKENDS: usize = 1_024;
/// Slots of a backend that names no limit.
const UNLIMITED: usize = Semaphore::MAX_PERMITS;

/// What all steps of a process share about backends. Looked up by key, never walked in order.
#[derive(Default)]
pub struct Router {
    shared: Mutex<HashMap<String, Arc<Shared>>>,
    turns: Mutex<HashMap<String, u64>>,
}

struct Shared {
    slots: Semaphore,
    most: usize,
    bucket: Option<Mutex<Bucket>>,
    /// The backend asked to be left alone until then.
    rest: Mutex<Option<Instant>>,
}

/// A backend as one step sees it.
struct Candidate<'a> {
    backend: &'a Backend,
    shared: Arc<Shared>,
    failures: u32,
    not_before: Option<Instant>,
}

/// What one try needs to know: which backend, and how many tries there were before.
pub struct Try<'a> {
    pub backend: &'a Backend,
    pub number: u64,
}

impl Router {
    /// Asks backends until one answers or all `retries + 1` tries are used.
    pub async fn ask<'a, F: Future<Output = Result<Reply, TaskError>>>(
        &self,
        cx: &TaskContext<'_>,
        settings: &'a ModelSettings,
        chat: &Chat,
        ask: impl Fn(Try<'a>) -> F,
    ) -> Result<Reply, TaskError> {
        let mut candidates = self.candidates(cx, settings, chat)?;
        let before = u64::from(cx.request.attempt.saturating_sub(1)) * (u64::from(settings.retries) + 1);
        let estimate = chat.estimate() as f64;
        let mut last = None;
        for number in 0..=settings.retries {
            let Choice { place, wait } = choose(&candidates, estimate);
            if wait > limit(settings) {
                return Err(last.unwrap_or_else(|| busy(wait)).retry_after(Some(whole_millis(wait))));
            }
            if wait > StdDuration::ZERO {
                cx.sleep(whole_millis(wait)).await;
            }
            let candidate = &candidates[place];
            let call = ask(Try { backend: candidate.backend, number: before + u64::from(number) });
            let error = match candidate.shared.ask(estimate, call).await {
                Ok(reply) => return Ok(reply),
                Err(error) => set_aside(&mut candidates, place, error, settings, cx.noise(u64::from(number)))?,
            };
            last = Some(error);
        }
        // The backends that are left may do better another time, whatever the last one said.
        Err(last.unwrap_or_else(|| busy(StdDuration::ZERO)).retryable(true))
    }

    /// The backends that offer the model, in the order they are to be asked.
    fn candidates<'a>(
        &self,
        cx: &TaskContext<'_>,
        settings: &'a ModelSettings,
        chat: &Chat,
    ) -> Result<Vec<Candidate<'a>>, TaskError> {
        let offers = |backend: &&Backend| match &chat.model {
            Some(model) => backend.models.is_empty() || backend.models.contains(model),
            None => true,
        };
        let mut found: Vec<&Backend> = settings.backends.iter().filter(offers).collect();
        if found.is_empty() {
            return Err(nobody_offers(chat, settings));
        }
        found.sort_by_key(|backend| backend.priority);
        if settings.routing == ModelRouting::RoundRobin {
            let turn = self.next_turn(cx);
            let count = found.len() as u64;
            found.rotate_left(usize::try_from(turn % count).unwrap_or(0));
        }
        let tenant = &cx.flow().tenant;
        let candidate =
            |backend| Candidate { backend, shared: self.shared(tenant, backend), failures: 0, not_before: None };
        let mut candidates: Vec<Candidate<'a>> = found.into_iter().map(candidate).collect();
        if settings.routing == ModelRouting::LeastLoaded {
            candidates.sort_by_key(|candidate| candidate.shared.open());
        }
        Ok(candidates)
    }

    fn next_turn(&self, cx: &TaskContext<'_>) -> u64 {
        let flow = cx.flow();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MAX_BACKENDS {
            turns.clear();
        }
        let turn = turns.entry(format!("{}|{}|{}", flow.tenant, flow.project, flow.flow)).or_default();
        *turn = turn.wrapping_add(1);
        turn.wrapping_sub(1)
    }

    fn shared(&self, tenant: &str, backend: &Backend) -> Arc<Shared> {
        let key = format!(
            "{tenant}|{}|{}|{}|{:?}|{:?}",
            backend.provider,
            backend.base_url.as_deref().unwrap_or_default(),
            backend.api_key.as_deref().unwrap_or_default(),
            backend.rate_limit_tpm,
            backend.max_concurrent
        );
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.len() >= MAX_BACKENDS {
            shared.retain(|_, backend| Arc::strong_count(backend) > 1);
        }
        shared.entry(key).or_insert_with(|| Arc::new(Shared::new(backend))).clone()
    }
}

impl Shared {
    fn new(backend: &Backend) -> Self {
        let most = backend.max_concurrent.map_or(UNLIMITED, |most| usize::try_from(most.max(1)).unwrap_or(UNLIMITED));
        let bucket = |tpm: u64| Mutex::new(Bucket::new(tpm as f64, tpm as f64 / 60.0, Instant::now()));
        Self { slots: Semaphore::new(most), most, bucket: backend.rate_limit_tpm.map(bucket), rest: Mutex::new(None) }
    }

    fn open(&self) -> usize {
        self.most - self.slots.available_permits()
    }

    /// Runs one call in a slot of the backend, charging its bucket: the estimate first, the difference after.
    async fn ask(
        &self,
        estimate: f64,
        call: impl Future<Output = Result<Reply, TaskError>>,
    ) -> Result<Reply, TaskError> {
        let slot = self.slots.acquire().await;
        let _slot = slot.map_err(|_| TaskError::internal("MODEL_ROUTER_CLOSED", "the backend's slots are gone"))?;
        self.charge(estimate);
        let result = call.await;
        let used = match &result {
            Ok(reply) if reply.usage.tokens() > 0 => reply.usage.tokens() as f64,
            Ok(_) => estimate,
            Err(_) => 0.0,
        };
        self.charge(used - estimate);
        result
    }

    fn charge(&self, amount: f64) {
        if let Some(bucket) = &self.bucket {
            bucket.lock().unwrap_or_else(PoisonError::into_inner).adjust(amount, Instant::now());
        }
    }

    /// How long until the backend can take a call of this size.
    fn wait(&self, estimate: f64, now: Instant) -> StdDuration {
        let rest = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = rest.map_or(StdDuration::ZERO, |until| until.saturating_duration_since(now));
        let bucket = self.bucket.as_ref().map_or(StdDuration::ZERO, |bucket| {
            let mut trial = bucket.lock().unwrap_or_else(PoisonError::into_inner).clone();
            trial.take(estimate, now).err().unwrap_or_default()
        });
        rest.max(bucket)
    }
}

impl Candidate<'_> {
    fn wait(&self, estimate: f64, now: Instant) -> StdDuration {
        let own = self.not_before.map_or(StdDuration::ZERO, |until| until.saturating_duration_since(now));
        own.max(self.shared.wait(estimate, now))
    }

    /// After a failure: the time the backend asked for, else `base · 2^(n−1)` up to the maximum, spread by a quarter.
    fn failed(&mut self, error: &TaskError, settings: &ModelSettings, noise: f64) {
        let now = Instant::now();
        self.failures += 1;
        if let Some(asked) = error.retry_after {
            let until = now + StdDuration::from_millis(asked.millis);
            *self.shared.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
            return;
        }
        let base = if settings.retry_base_delay.millis == 0 { 1_000 } else { settings.retry_base_delay.millis };
        let grown = base.saturating_mul(1u64.checked_shl(self.failures - 1).unwrap_or(u64::MAX));
        let spread = StdDuration::from_millis(grown).min(limit(settings)).mul_f64(1.0 + noise * 0.25);
        self.not_before = Some(now + spread.min(limit(settings)));
    }
}

/// Lets the backend at `place` rest after a failure, or strikes it out for good. An error ends the search.
fn set_aside(
    candidates: &mut Vec<Candidate<'_>>,
    place: usize,
    error: TaskError,
    settings: &ModelSettings,
    noise: f64,
) -> Result<TaskError, TaskError> {
    if error.retryable {
        candidates[place].failed(&error, settings, noise);
    } else {
        candidates.remove(place);
    }
    if candidates.is_empty() || is_final(&error) { Err(error) } else { Ok(error) }
}

struct Choice {
    place: usize,
    wait: StdDuration,
}

/// The first that is free now; else the one that is free soonest. A full backend counts as later than any free one.
fn choose(candidates: &[Candidate<'_>], estimate: f64) -> Choice {
    let now = Instant::now();
    let rank = |(place, candidate): (usize, &Candidate<'_>)| {
        let wait = candidate.wait(estimate, now);
        (wait, candidate.shared.slots.available_permits() == 0, place)
    };
    let best = candidates.iter().enumerate().map(rank).min_by_key(|(wait, full, place)| (*wait, *full, *place));
    let (wait, _, place) = best.unwrap_or_default();
    Choice { place, wait }
}

/// The longest wait within one attempt; longer ones are left to the runtime, which waits without holding anything.
fn limit(settings: &ModelSettings) -> StdDuration {
    let most = if settings.retry_max_delay.millis == 0 { 60_000 } else { settings.retry_max_delay.millis };
    StdDuration::from_millis(most)
}

fn whole_millis(wait: StdDuration) -> Duration {
    Duration::from_millis(u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}

/// The same request fails everywhere.
fn is_final(error: &TaskError) -> bool {
    matches!(error.category, Category::Input | Category::Limit | Category::Cancelled | Category::Internal)
}

fn busy(wait: StdDuration) -> TaskError {
    let message = format!("no backend can take the call for another {}", whole_millis(wait));
    TaskError::new(Category::RateLimit, "MODEL_BUSY", message)
}

fn nobody_offers(chat: &Chat, settings: &ModelSettings) -> TaskError {
    if settings.backends.is_empty() {
        let message =
            "the flow names no model backend; add one to `settings.models.backends`, or replies to the test data";
        return TaskError::input("MODEL_NOT_CONFIGURED", message);
    }
    let model = chat.model.as_deref().unwrap_or_default();
    TaskError::input("MODEL_NOT_OFFERED", format!("no backend of this flow offers the model `{model}`"))
}
