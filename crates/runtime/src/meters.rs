//! Numbers about what the runtime does, kept where it happens and read by whoever asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use weir_base::{Micros, Text};
use weir_engine::Status;
use weir_runs::{AMOUNTS, FlowLoad, Meter, Observer, StepLoad};
use weir_store::Place;

/// Flows that are counted each by itself. More would be more series than whoever collects them wants.
const FLOWS: usize = 1_000;

/// How long a commit that failed counts as trouble.
const LASTING: Duration = Duration::from_secs(30);

pub(crate) const ENDS: [Status; 4] = [Status::Succeeded, Status::Failed, Status::Cancelled, Status::TimedOut];

pub(crate) struct Meters {
    pub commits: Meter,
    pub rows: Meter,
    pub failed_commits: AtomicU64,
    trouble: Mutex<Option<(Instant, String)>>,
    runs: [Meter; 4],
    flows: Mutex<HashMap<(Text, Text, Text), Arc<FlowMeter>>>,
    steps: RwLock<HashMap<Text, Arc<StepMeter>>>,
    pub observer: Option<Arc<dyn Observer>>,
}

/// Of one flow.
#[derive(Default)]
pub(crate) struct FlowMeter {
    pub started: AtomicU64,
    ended: [AtomicU64; 4],
    pub messages: AtomicU64,
    pub under_way: AtomicI64,
}

/// Of one kind.
struct StepMeter {
    succeeded: Meter,
    failed: Meter,
}

/// An attempt that counts as under way until this is dropped.
pub(crate) struct UnderWay(Arc<FlowMeter>);

impl UnderWay {
    pub fn new(meter: &Arc<FlowMeter>) -> Self {
        meter.under_way.fetch_add(1, Ordering::Relaxed);
        Self(meter.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meters {
    pub fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        Self {
            commits: Meter::of_durations(),
            rows: Meter::new(&AMOUNTS),
            failed_commits: AtomicU64::new(0),
            trouble: Mutex::default(),
            runs: std::array::from_fn(|_| Meter::of_durations()),
            flows: Mutex::default(),
            steps: RwLock::default(),
            observer,
        }
    }

    /// Where the numbers of a flow's runs are kept.
    pub fn flow(&self, place: &Place, flow: &Text) -> Arc<FlowMeter> {
        let mut flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (place.tenant.clone(), place.project.clone(), flow.clone());
        let full = flows.len() >= FLOWS && !flows.contains_key(&key);
        let key = if full { (Text::from("other"), Text::from("other"), Text::from("other")) } else { key };
        flows.entry(key).or_default().clone()
    }

    pub fn run_ended(&self, flow: &FlowMeter, status: Status, took: Micros) {
        let Some(at) = ENDS.iter().position(|end| *end == status) else { return };
        flow.ended[at].fetch_add(1, Ordering::Relaxed);
        self.runs[at].record(u64::try_from(took).unwrap_or_default());
    }

    pub fn step_ended(&self, kind: &str, failed: bool, took: Micros) {
        let meter = self.step(kind);
        let meter = if failed { &meter.failed } else { &meter.succeeded };
        meter.record(u64::try_from(took).unwrap_or_default());
    }

    fn step(&self, kind: &str) -> Arc<StepMeter> {
        if let Some(meter) = self.steps.read().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return meter.clone();
        }
        let new = || Arc::new(StepMeter { succeeded: Meter::of_durations(), failed: Meter::of_durations() });
        let mut steps = self.steps.write().unwrap_or_else(PoisonError::into_inner);
        steps.entry(kind.into()).or_insert_with(new).clone()
    }

    pub fn committed(&self, rows: usize, took: Duration) {
        self.commits.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.rows.record(rows as u64);
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_some() {
            *trouble = None;
        }
    }

    pub fn commit_failed(&self, error: &weir_store::CommitError) {
        self.failed_commits.fetch_add(1, Ordering::Relaxed);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.to_string()));
    }

    /// Why the newest commit failed, if that was just now: where nothing is written, nothing would take it back.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().filter(|(at, _)| at.elapsed() < LASTING).map(|(_, error)| error.clone())
    }

    pub fn flows(&self) -> Vec<FlowLoad> {
        let flows = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<FlowLoad> = flows.iter().map(|(key, meter)| meter.read(key)).collect();
        drop(flows);
        found.sort_by(|a, b| (&a.tenant, &a.project, &a.flow).cmp(&(&b.tenant, &b.project, &b.flow)));
        found
    }

    pub fn runs(&self) -> Vec<(Status, weir_runs::Distribution)> {
        ENDS.into_iter().zip(&self.runs).map(|(status, meter)| (status, meter.read())).collect()
    }

    pub fn steps(&self) -> Vec<StepLoad> {
        let steps = self.steps.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<StepLoad> = steps.iter().flat_map(|(kind, meter)| meter.read(kind)).collect();
        drop(steps);
        found.sort_by(|a, b| (&a.kind, a.failed).cmp(&(&b.kind, b.failed)));
        found
    }
}

impl FlowMeter {
    fn read(&self, (tenant, project, flow): &(Text, Text, Text)) -> FlowLoad {
        let ended = ENDS.into_iter().zip(&self.ended);
        FlowLoad {
            tenant: tenant.clone(),
            project: project.clone(),
            flow: flow.clone(),
            started: self.started.load(Ordering::Relaxed),
            ended: ended.map(|(status, count)| (status, count.load(Ordering::Relaxed))).collect(),
            messages: self.messages.load(Ordering::Relaxed),
            under_way: self.under_way.load(Ordering::Relaxed),
        }
    }
}

impl StepMeter {
    fn read(&self, kind: &Text) -> [StepLoad; 2] {
        let load = |failed, meter: &Meter| StepLoad { kind: kind.clone(), failed, durations: meter.read() };
        [load(false, &self.succeeded), load(true, &self.failed)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_beyond_the_number_are_counted_as_one() {
        let meters = Meters::new(None);
        let place = Place { tenant: "t".into(), project: "p".into(), ..Place::default() };
        for number in 0..FLOWS + 50 {
            let flow = meters.flow(&place, &format!("f{number}").into());
            meters.run_ended(&flow, Status::Succeeded, 5);
        }
        let found = meters.flows();
        let other = found.iter().find(|load| &*load.flow == "other").unwrap();
        assert_eq!((found.len(), other.ended[0].1), (FLOWS + 1, 50));
        assert_eq!(meters.runs()[0].1.count(), FLOWS as u64 + 50);
    }

    #[test]
    fn an_attempt_is_under_way_until_it_is_dropped() {
        let meter = Arc::new(FlowMeter::default());
        let attempt = UnderWay::new(&meter);
        assert_eq!(meter.under_way.load(Ordering::Relaxed), 1);
        drop(attempt);
        assert_eq!(meter.under_way.load(Ordering::Relaxed), 0);
    }
}
