//! The same done to many runs: those that are named, or all that pass a filter.

use crate::caller::Caller;
use crate::control::Control;
use crate::records::Listed;
use crate::runs::{Fix, RunQuery};
use crate::{ControlError, Result};
use std::collections::HashMap;
use std::sync::Arc;
use weir_base::Text;
use weir_engine::Status;
use weir_runs::{FlowSource, Request, Verdict};
use weir_store::Run;

/// What is done to each of many runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Cancel {
        reason: Text,
    },
    Pause,
    Resume,
    /// Goes on with failed runs under the newest draft of their flows, or under a version.
    Fix(Fix),
    /// Goes on with failed runs under the version they have run under: the failed steps are done again.
    Retry {
        force: bool,
    },
}

/// What came of it for one run; nothing where it was done.
pub type Done = (Text, Result<()>);

/// How many runs would be meant. Where there are more than are counted, it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant {
    pub count: u64,
    pub more: bool,
}

/// Runs that are counted at most before somebody says yes.
const COUNTED: u64 = 10_000;
const PAGE: u32 = 500;

impl Act {
    /// The states in which it can be done at all.
    fn fits(&self) -> &'static [Status] {
        match self {
            Act::Cancel { .. } => &[Status::Pending, Status::Running, Status::Waiting, Status::Paused],
            Act::Pause => &[Status::Pending, Status::Running, Status::Waiting],
            Act::Resume => &[Status::Paused],
            Act::Fix(_) | Act::Retry { .. } => &[Status::Failed, Status::TimedOut],
        }
    }

    fn request(&self) -> Option<Request> {
        match self {
            Act::Cancel { reason } => Some(Request::Cancel { reason: reason.clone() }),
            Act::Pause => Some(Request::Pause),
            Act::Resume => Some(Request::Resume),
            Act::Fix(_) | Act::Retry { .. } => None,
        }
    }

    /// The query with only those runs to which it can be done; none if there are no such.
    fn narrow(&self, query: &RunQuery) -> Option<RunQuery> {
        let asked = |status: &&Status| query.statuses.is_empty() || query.statuses.contains(status);
        let statuses: Vec<Status> = self.fits().iter().filter(asked).copied().collect();
        (!statuses.is_empty()).then(|| RunQuery { statuses, ..query.clone() })
    }
}

impl Control {
    /// How many runs pass the filter and can have it done to them.
    pub async fn count_meant(&self, caller: &Caller, query: &RunQuery, act: &Act) -> Result<Meant> {
        let (mut count, mut after) = (0, None::<Text>);
        let Some(query) = act.narrow(query) else { return Ok(Meant { count, more: false }) };
        loop {
            let page = self.list_runs(caller, &query, after.as_deref(), PAGE).await?;
            count += page.items.len() as u64;
            after = page.next;
            if after.is_none() || count >= COUNTED {
                return Ok(Meant { count: count.min(COUNTED), more: after.is_some() || count > COUNTED });
            }
        }
    }

    /// Does it to at most so many of the runs that pass the filter, the newest first; `next` goes on with the others.
    pub async fn do_to_all(
        &self,
        caller: &Caller,
        query: &RunQuery,
        act: &Act,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Listed<Done>> {
        let Some(query) = act.narrow(query) else { return Ok(Listed { items: Vec::new(), next: None }) };
        let page = self.list_runs(caller, &query, after, limit).await?;
        let mut sources = Sources::default();
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let done = self.do_to(caller, &row, act, &mut sources).await;
            items.push((row.id, done));
        }
        Ok(Listed { items, next: page.next })
    }

    /// Does it to these runs. One of another organisation is one that does not exist.
    pub async fn do_to_each(&self, caller: &Caller, runs: &[Text], act: &Act) -> Vec<Done> {
        let mut sources = Sources::default();
        let mut items = Vec::with_capacity(runs.len());
        for run in runs {
            let done = match self.row(caller, run).await {
                Ok(row) => self.do_to(caller, &row, act, &mut sources).await,
                Err(error) => Err(error),
            };
            items.push((run.clone(), done));
        }
        items
    }

    async fn do_to(&self, caller: &Caller, row: &Run, act: &Act, sources: &mut Sources) -> Result<()> {
        let fix = match act {
            Act::Fix(fix) => fix.clone(),
            Act::Retry { force } => Fix { force: *force, ..Fix::default() },
            _ => {
                let request = act.request().unwrap_or(Request::Pause);
                return self.ask_run(caller, &row.id, request).await.map(drop);
            }
        };
        let source = self.source_for(caller, row, act, &fix, sources).await?;
        let offer = self.fix_one(caller, row, &source, &fix).await?;
        match (offer.resumed, offer.verdict) {
            (true, _) => Ok(()),
            (false, verdict) => Err(ControlError::state("NOT_RESUMED", said(&verdict, &offer.compensated))),
        }
    }

    /// Runs of one flow, or of one version, go on under the same source; it is read once.
    async fn source_for(
        &self,
        caller: &Caller,
        row: &Run,
        act: &Act,
        fix: &Fix,
        sources: &mut Sources,
    ) -> Result<Arc<FlowSource>> {
        let retried = matches!(act, Act::Retry { .. });
        let version = if retried { row.version.clone() } else { "".into() };
        let key = (row.place.project.clone(), row.flow.clone(), version);
        if let Some(known) = sources.get(&key) {
            return known.clone();
        }
        let found = match retried {
            true => self.own_source(row).await,
            false => self.fixed_source(caller, row, fix).await,
        };
        let found = found.map(Arc::new);
        sources.insert(key, found.clone());
        found
    }

    /// The flow a run has run under.
    pub(crate) async fn own_source(&self, row: &Run) -> Result<FlowSource> {
        let version = self.store.flow_version(&row.place.tenant, &row.version).await?;
        let version = version.ok_or(ControlError::not_found("version"))?;
        let flow = weir_ir::from_json(&version.ir);
        let flow = flow.map_err(|error| ControlError::Unavailable(format!("a version is damaged: {error}")))?;
        Ok(FlowSource { flow, files: version.files.into_iter().map(|file| (file.name, file.text)).collect() })
    }
}

type Sources = HashMap<(Text, Text, Text), Result<Arc<FlowSource>>>;

/// Why a run did not go on.
fn said(verdict: &Verdict, compensated: &[Text]) -> String {
    match verdict {
        Verdict::Compatible { .. } => {
            let steps: Vec<&str> = compensated.iter().map(|path| &**path).collect();
            format!(
                "steps ran because of the failure, and are not undone: {}; `force` goes on nevertheless",
                steps.join(", ")
            )
        }
        Verdict::Diverges { path, why } => format!("the journal and the flow part ways at {path}: {why}"),
        Verdict::EndsAgain { status, path, why } => format!("it is {} again at {path}: {why}", status.as_str()),
        Verdict::Refused { why } => why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_to_which_it_can_be_done_are_meant() {
        let of = |statuses: &[Status]| RunQuery { statuses: statuses.to_vec(), ..RunQuery::default() };
        let left = |act: &Act, statuses: &[Status]| act.narrow(&of(statuses)).map(|query| query.statuses);
        assert_eq!(left(&Act::Resume, &[]), Some(vec![Status::Paused]));
        assert_eq!(left(&Act::Resume, &[Status::Failed]), None);
        let cancel = Act::Cancel { reason: "".into() };
        assert_eq!(left(&cancel, &[Status::Failed, Status::Waiting]), Some(vec![Status::Waiting]));
        assert_eq!(left(&Act::Retry { force: false }, &[]), Some(vec![Status::Failed, Status::TimedOut]));
    }
}
