//! Figures about runs that have ended, read from their rows and journals whenever they are asked for: nothing is kept.

mod gather;
mod quantiles;

pub use quantiles::Quantiles;

use crate::caller::Caller;
use crate::control::Control;
use crate::{ControlError, Result};
use gather::Gathered;
use weir_base::{Micros, Text};
use weir_engine::Status;
use weir_store::{EndedFilter, Run};

/// Rows of runs that one request reads; of more, every n-th.
const RUNS: u64 = 50_000;
const PAGE: u32 = 1_000;
/// Runs whose journals one request reads, and the records of all of them.
const JOURNALS: u64 = 200;
const RECORDS: u64 = 20_000;
/// Parts of a time range, at most.
const PARTS: i64 = 500;
const DAY: Micros = 86_400_000_000;
/// Upper ends of the classes of a heat map, in milliseconds; what took longer is in one more class.
pub const CLASSES: [f64; 17] =
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 3e5, 3.6e6];

/// Runs of which flows, ended when. Trials do not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnalyticsQuery {
    pub project: Option<Text>,
    /// A flow's id.
    pub flow: Option<Text>,
    /// From then on; a day before the end where absent.
    pub since: Option<Micros>,
    /// Until then, not including it; now where absent.
    pub until: Option<Micros>,
    /// How long a part of the series is; a 24th of the range where absent.
    pub part: Option<Micros>,
}

/// Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analytics {
    pub since: Micros,
    pub until: Micros,
    /// How long a part of the series is.
    pub part: Micros,
    pub total_runs: u64,
    /// 0 to 1; of no runs 0.
    pub success_rate: f64,
    pub duration: Quantiles,
    /// In the account's currency; of all runs, extrapolated where not all journals were read.
    pub total_cost: f64,
    pub top_errors: Vec<ErrorFrequency>,
    pub slowest_nodes: Vec<NodePerformance>,
    pub series: Vec<Part>,
    /// How many runs' rows were read of `total_runs`.
    pub runs_read: u64,
    /// How many runs' journals were read of `total_runs`, the newest of those whose rows were.
    pub journals_read: u64,
}

/// Runs that ended in one part of the time range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    pub at: Micros,
    /// Every one is counted.
    pub runs: u64,
    pub failed: u64,
    /// Of the rows that were read; all 0 where there are none.
    pub duration: Quantiles,
    /// How many of the rows that were read are in each class of [`CLASSES`], and above them.
    pub classes: Vec<u64>,
}

/// A code that runs failed with.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorFrequency {
    pub code: Text,
    /// Of the newest of them.
    pub message: Text,
    pub count: u64,
    pub newest: Text,
}

/// A step of a flow, however often it ran.
#[derive(Clone, Debug, PartialEq)]
pub struct NodePerformance {
    pub flow: Text,
    /// Its path, rounds of loops taken together: `items[]/charge`.
    pub node: Text,
    pub kind: Text,
    pub count: u64,
    pub failed: u64,
    pub duration: Quantiles,
    pub cost: f64,
}

impl Control {
    pub async fn analytics(&self, caller: &Caller, query: &AnalyticsQuery) -> Result<Analytics> {
        let (mut filter, part) = self.range(query)?;
        filter.tenant = caller.tenant.clone();
        filter.begins_not = Some(crate::TRIAL.into());
        filter.project = query.project.clone();
        if let Some(project) = &query.project {
            self.project(caller, project).await?;
        }
        if let Some(id) = &query.flow {
            let flow = self.flow(caller, id).await?.value;
            (filter.project, filter.flow) = (Some(flow.project), Some(flow.name));
        }
        let counts = self.store.count_ended(&filter, part).await?;
        let total: u64 = counts.iter().map(|count| count.count).sum();
        filter.every = i64::try_from(total.div_ceil(RUNS)).unwrap_or(i64::MAX);
        let mut gathered = Gathered::new(&filter, part, &counts);
        let newest = self.read_rows(&filter, &mut gathered).await?;
        self.read_journals(&newest, &mut gathered).await?;
        Ok(gathered.finish())
    }

    fn range(&self, query: &AnalyticsQuery) -> Result<(EndedFilter, Micros)> {
        let until = query.until.unwrap_or_else(|| self.now().saturating_add(1));
        let from = query.since.unwrap_or(until.saturating_sub(DAY));
        let length = until.checked_sub(from).filter(|length| *length > 0);
        let length = length.ok_or_else(|| {
            ControlError::invalid("INVALID_TIME_RANGE", "`since` must lie before `until`, by less than 290,000 years")
        })?;
        // Rounded up, so that there are never more parts than were asked for.
        let up = |parts: Micros| (length - 1) / parts + 1;
        let part = query.part.unwrap_or_else(|| up(24)).max(up(PARTS)).max(1);
        Ok((EndedFilter { from, until, ..EndedFilter::default() }, part))
    }

    /// The newest of the runs that were read, whose journals are looked at.
    async fn read_rows(&self, filter: &EndedFilter, gathered: &mut Gathered) -> Result<Vec<Run>> {
        let (mut newest, mut before) = (Vec::new(), None);
        let mut read = 0;
        while read < RUNS {
            let runs = self.store.ended_runs(filter, before, PAGE).await?;
            let Some(last) = runs.last() else { break };
            before = last.ended_at.map(|at| (at, last.key));
            read += runs.len() as u64;
            let whole = runs.len() == PAGE as usize;
            runs.iter().for_each(|run| gathered.run(run));
            let wanted = (JOURNALS as usize).saturating_sub(newest.len());
            newest.extend(runs.into_iter().take(wanted));
            if !whole {
                break;
            }
        }
        Ok(newest)
    }

    async fn read_journals(&self, runs: &[Run], gathered: &mut Gathered) -> Result<()> {
        let mut read = 0;
        for run in runs {
            let records = self.store.last_seq(run.key).await?;
            read += records;
            if read > RECORDS {
                break;
            }
            for record in self.store.records(run.key, 1, u32::try_from(records).unwrap_or(u32::MAX)).await? {
                gathered.record(run, &record);
            }
            // A journal that no release at hand can fold has costs, but no steps that could be listed.
            match self.runs.steps(&run.id).await {
                Ok(steps) => steps.iter().for_each(|step| gathered.step(run, step)),
                Err(error) => tracing::debug!(run = %run.id, "its steps are not measured: {error}"),
            }
            gathered.journals_read += 1;
        }
        Ok(())
    }
}

fn is_success(status: Status) -> bool {
    status == Status::Succeeded
}
