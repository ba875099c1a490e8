//! Programs on other machines that run generated workers: what each has told of itself.

use crate::caller::Caller;
use crate::changes::Changes;
use crate::control::Control;
use crate::model::{Compilation, EndingCode, FlowDraft, HostNeeds, HostState, HostedFlow, WorkerHost};
use crate::names_of::{check_name, check_text};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Duration, Micros, Text};
use weir_store::DocumentFilter;

/// So many of one flow alone, and so many of a whole project.
const MOST: usize = 200;
/// So many flows are run by one host: each needs a process of its own there.
const MOST_FLOWS: usize = 2_000;
/// So many numbers of code that is left are kept of a flow, the newest.
const MOST_FINISHING: usize = 100;
/// So many kinds that are left to Weir's own worker are kept of a flow.
const MOST_KINDS: usize = 200;
/// One that was silent for so long gives its place to another when there are too many.
const FORGOTTEN: Duration = Duration::from_millis(24 * 3_600_000);
/// Flows that it told of before are taken to be there still for so long, and those that are gone to be gone.
const CHECKED: Duration = Duration::from_millis(3_600_000);
/// What is longer is no flow's id, and not kept.
const LONGEST_ID: usize = 64;
/// So many hosts of a project are read at once: each may tell of thousands of flows.
const AT_ONCE: u32 = 20;
/// One that runs tells so at least this often.
const SILENT: Duration = Duration::from_millis(120_000);

/// What a host tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostReport {
    pub state: HostState,
    pub error: Option<String>,
    /// By the flow's id.
    pub flows: BTreeMap<Text, FlowReport>,
}

/// What a host tells of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowReport {
    pub state: HostState,
    pub compilation: Option<u64>,
    /// Of that compilation's files, in hexadecimal digits; what the server has by that number where absent.
    pub hash: Option<String>,
    pub finishing: Vec<u64>,
    pub needs: Option<HostNeeds>,
    pub error: Option<String>,
}

/// Which hosts are meant: those of one flow alone, or those of all of a project.
struct Of {
    project: Text,
    flow: Option<Text>,
}

impl Of {
    fn parent(&self) -> Text {
        self.flow.clone().unwrap_or_else(|| WorkerHost::under(&self.project))
    }
}

impl Control {
    /// Keeps what a host of one flow alone tells of itself.
    ///
    /// # Errors
    /// `Invalid` for a name that is none, or a text that is too long; `Limit` for too many.
    pub async fn report_host(
        &self,
        caller: &Caller,
        flow: &str,
        name: &str,
        report: FlowReport,
    ) -> Result<Kept<WorkerHost>> {
        let flow = self.flow(caller, flow).await?;
        let of = Of { project: flow.value.project.clone(), flow: Some(flow.id.clone()) };
        let whole = HostReport { state: report.state, error: None, flows: BTreeMap::from([(flow.id, report)]) };
        self.keep_host(caller, of, name, whole).await
    }

    /// As [`Control::report_host`], of one that runs every compiled flow of a project. What it tells of flows that are
    /// not in the project is left out, and of those that are no longer within the hour.
    pub async fn report_project_host(
        &self,
        caller: &Caller,
        project: &str,
        name: &str,
        report: HostReport,
    ) -> Result<Kept<WorkerHost>> {
        let project = self.project(caller, project).await?;
        self.keep_host(caller, Of { project: project.value.name, flow: None }, name, report).await
    }

    async fn keep_host(&self, caller: &Caller, of: Of, name: &str, report: HostReport) -> Result<Kept<WorkerHost>> {
        let parent = of.parent();
        let old: Option<Kept<WorkerHost>> = records::named(&*self.documents, &caller.tenant, &parent, name).await?;
        let told = self.told(caller, of, check_name(name)?, report, old.as_ref()).await?;
        let mut changes = self.changes(caller);
        let kept = match old {
            Some(old) => changes.replace(&old, told, None),
            None => {
                self.make_room(caller, &parent, &mut changes).await?;
                changes.insert(told)
            }
        };
        changes.commit().await?;
        Ok(kept)
    }

    async fn told(
        &self,
        caller: &Caller,
        of: Of,
        name: Text,
        report: HostReport,
        old: Option<&Kept<WorkerHost>>,
    ) -> Result<WorkerHost> {
        check_count(&report)?;
        let before = |flow: &Text| old.and_then(|old| old.value.flows.get(flow));
        let own = of.flow.clone();
        let checked_at = old.and_then(|old| old.value.checked_at).filter(|at| self.was_lately(*at));
        let was_gone = |flow: &Text| old.is_some_and(|old| old.value.gone.contains(flow));
        let told_before = |flow: &Text| checked_at.is_some() && (before(flow).is_some() || was_gone(flow));
        let known = |flow: &Text| own.as_ref() == Some(flow) || told_before(flow);
        // Most of the time, nothing has to be read.
        let (there, checked_at) = match report.flows.keys().all(known) {
            true => (None, checked_at),
            false => (Some(self.flows_to_run(caller, &of.project).await?), Some(self.now())),
        };
        let is_there = |flow: &Text| there.as_ref().map_or(!was_gone(flow), |there| there.contains(flow));
        let (mut flows, mut gone) = (BTreeMap::new(), BTreeSet::new());
        for (flow, report) in report.flows {
            if own.as_ref() != Some(&flow) && !is_there(&flow) {
                gone.extend(Some(flow).filter(|flow| flow.len() <= LONGEST_ID));
                continue;
            }
            let hosted = self.hosted(caller, &flow, report, before(&flow)).await?;
            flows.insert(flow, hosted);
        }
        let (Of { project, flow }, state, error) = (of, report.state, checked(report.error)?);
        Ok(WorkerHost { project, flow, name, state, error, flows, checked_at, gone })
    }

    /// Also false of what is still to come, where the clock was put back.
    fn was_lately(&self, at: Micros) -> bool {
        (0..CHECKED.micros()).contains(&self.now().saturating_sub(at))
    }

    /// The flows of a project, and those that are deleted and whose runs go on.
    async fn flows_to_run(&self, caller: &Caller, project: &Text) -> Result<BTreeSet<Text>> {
        let (scope, there, ended) = (caller.scope(), records::under(project), EndingCode::under(project));
        let there = records::names::<FlowDraft>(&*self.documents, &scope, &there).await?;
        let ended = records::names::<EndingCode>(&*self.documents, &scope, &records::under(&ended)).await?;
        Ok(there.into_keys().chain(ended.into_values()).collect())
    }

    async fn hosted(
        &self,
        caller: &Caller,
        flow: &Text,
        report: FlowReport,
        before: Option<&HostedFlow>,
    ) -> Result<HostedFlow> {
        let FlowReport { state, compilation, hash: told, mut finishing, needs, error } = report;
        finishing.sort_unstable_by(|a, b| b.cmp(a));
        finishing.truncate(MOST_FINISHING);
        let (told, error) = (told.map(|told| check_text("a hash", &told, 64)).transpose()?, checked(error)?);
        let needs = needs.map(checked_needs).transpose()?;
        let same = |before: &&HostedFlow| {
            before.compilation == compilation && told.as_ref().is_none_or(|told| before.hash.as_ref() == Some(told))
        };
        let (hash, loaded_at) = match before.filter(same) {
            Some(same) => (same.hash.clone(), same.loaded_at),
            None => (self.hash_of_code(caller, flow, compilation, told).await?, compilation.map(|_| self.now())),
        };
        Ok(HostedFlow { state, compilation, hash, loaded_at, finishing, needs, error })
    }

    /// What the host says; else what is kept by that number, if anything: a host may run what the server has no more.
    async fn hash_of_code(
        &self,
        caller: &Caller,
        flow: &Text,
        compilation: Option<u64>,
        told: Option<Text>,
    ) -> Result<Option<Text>> {
        let Some(number) = compilation else { return Ok(None) };
        if told.is_some() {
            return Ok(told);
        }
        let found: Option<Kept<Compilation>> =
            records::named(&*self.documents, &caller.tenant, flow, &number.to_string()).await?;
        Ok(found.map(|found| found.value.hash))
    }

    /// Hosts that nobody has heard of for a day go when there is no room for another.
    async fn make_room(&self, caller: &Caller, parent: &Text, changes: &mut Changes<'_>) -> Result<()> {
        let all = self.hosts_under(caller, parent).await?;
        let since = self.now().saturating_sub(FORGOTTEN.micros());
        let (silent, heard): (Vec<_>, Vec<_>) = all.iter().partition(|host| host.updated_at < since);
        if all.len() < MOST {
            return Ok(());
        }
        silent.iter().for_each(|host| changes.delete(host, None));
        match heard.len() < MOST {
            true => Ok(()),
            false => {
                let message =
                    format!("a flow or a project has at most {MOST} hosts; remove one that is not used any more");
                Err(ControlError::Limit { code: "LIMIT_REACHED", message, limit: MOST as u64 })
            }
        }
    }

    async fn hosts_under(&self, caller: &Caller, parent: &Text) -> Result<Vec<Kept<WorkerHost>>> {
        records::all(&*self.documents, &caller.scope(), &records::under(parent)).await
    }

    /// Every host of a project: those that run all of it, and those of one of its flows.
    pub async fn project_hosts(
        &self,
        caller: &Caller,
        project: &str,
        page: &PageOf,
    ) -> Result<Listed<Kept<WorkerHost>>> {
        let project = self.project(caller, project).await?.value.name;
        let filter = DocumentFilter { label: Some(project), ..DocumentFilter::default() };
        records::list(&*self.documents, &caller.scope(), &filter, page).await
    }

    pub async fn project_host(&self, caller: &Caller, project: &str, name: &str) -> Result<Kept<WorkerHost>> {
        let project = self.project(caller, project).await?;
        let parent = WorkerHost::under(&project.value.name);
        let found = records::named(&*self.documents, &caller.tenant, &parent, name).await?;
        found.ok_or(ControlError::not_found("host"))
    }

    /// The hosts that run a flow: its own, and those of its project that have told of it. Of what these tell of other
    /// flows there is nothing.
    pub async fn worker_hosts(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<WorkerHost>>> {
        let flow = self.flow(caller, flow).await?;
        let (scope, most) = (caller.scope(), page.limit.saturating_add(1));
        let own = PageOf { limit: most, ..page.clone() };
        let own: Listed<_> = records::list(&*self.documents, &scope, &records::under(&flow.id), &own).await?;
        let mut found: Vec<Kept<WorkerHost>> = own.items;
        let whole = records::under(&WorkerHost::under(&flow.value.project));
        found.extend(self.hosts_that_tell(caller, &whole, &flow.id, (page.after.clone(), most)).await?);
        found.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(part_of(found, page))
    }

    /// The newest of these that have told of a flow, after one and so many at most, with what they tell of it alone.
    async fn hosts_that_tell(
        &self,
        caller: &Caller,
        filter: &DocumentFilter,
        flow: &Text,
        (mut after, most): (Option<Text>, u32),
    ) -> Result<Vec<Kept<WorkerHost>>> {
        let mut found = Vec::new();
        loop {
            let page = PageOf { after, limit: AT_ONCE };
            let part: Listed<Kept<WorkerHost>> =
                records::list(&*self.documents, &caller.scope(), filter, &page).await?;
            found.extend(part.items.into_iter().filter_map(|host| telling(host, flow)));
            after = part.next;
            if after.is_none() || found.len() >= most as usize {
                return Ok(found);
            }
        }
    }

    /// The host of this name that runs a flow: its own before one of its project.
    pub async fn worker_host(&self, caller: &Caller, flow: &str, name: &str) -> Result<Kept<WorkerHost>> {
        let flow = self.flow(caller, flow).await?;
        let own = records::named(&*self.documents, &caller.tenant, &flow.id, name).await?;
        let parent = WorkerHost::under(&flow.value.project);
        let whole: Option<Kept<WorkerHost>> = match own {
            Some(own) => return Ok(own),
            None => records::named(&*self.documents, &caller.tenant, &parent, name).await?,
        };
        let serves = |host: &Kept<WorkerHost>| host.value.flows.contains_key(&flow.id);
        whole.filter(serves).ok_or(ControlError::not_found("host"))
    }

    /// Takes a host of one flow alone off the list. One that still runs comes back with its next word.
    pub async fn remove_host(&self, caller: &Caller, flow: &str, name: &str) -> Result<()> {
        let flow = self.flow(caller, flow).await?;
        let own = records::named(&*self.documents, &caller.tenant, &flow.id, name).await?;
        self.take_off(caller, own.ok_or(ControlError::not_found("host"))?).await
    }

    /// As [`Control::remove_host`], one that runs all of a project.
    pub async fn remove_project_host(&self, caller: &Caller, project: &str, name: &str) -> Result<()> {
        let host = self.project_host(caller, project, name).await?;
        self.take_off(caller, host).await
    }

    async fn take_off(&self, caller: &Caller, host: Kept<WorkerHost>) -> Result<()> {
        let mut changes = self.changes(caller);
        changes.delete(&host, None);
        changes.commit().await
    }

    /// Whether a host that did not say that it ends has not been heard of for a while.
    pub fn is_silent(&self, host: &Kept<WorkerHost>) -> bool {
        let heard = self.now().saturating_sub(host.updated_at) <= SILENT.micros();
        !heard && host.value.state != HostState::Stopped
    }

    /// Whether a host of which this was told works, and has said so lately.
    pub fn is_healthy(&self, host: &Kept<WorkerHost>, state: HostState) -> bool {
        let works = host.value.state != HostState::Stopped && state == HostState::Running;
        works && !self.is_silent(host)
    }
}

fn check_count(report: &HostReport) -> Result<()> {
    if report.flows.len() <= MOST_FLOWS {
        return Ok(());
    }
    let message = format!("a host runs at most {MOST_FLOWS} flows; divide them among several projects");
    Err(ControlError::Limit { code: "LIMIT_REACHED", message, limit: MOST_FLOWS as u64 })
}

fn checked(error: Option<String>) -> Result<Option<Text>> {
    error.as_deref().map(|error| check_text("an error", error, 10_000)).transpose()
}

fn checked_needs(mut needs: HostNeeds) -> Result<HostNeeds> {
    needs.kinds.truncate(MOST_KINDS);
    check_text("a task queue", &needs.queue, 1_000)?;
    needs.kinds.iter().try_for_each(|kind| check_text("a kind", kind, 100).map(drop))?;
    Ok(needs)
}

/// A host that has told of a flow, without the others.
fn telling(mut host: Kept<WorkerHost>, flow: &Text) -> Option<Kept<WorkerHost>> {
    let (flow, hosted) = host.value.flows.remove_entry(flow)?;
    host.value.flows = BTreeMap::from([(flow, hosted)]);
    Some(host)
}

/// As many as are asked for; there are more of them where there are more.
fn part_of(mut items: Vec<Kept<WorkerHost>>, page: &PageOf) -> Listed<Kept<WorkerHost>> {
    let more = items.len() > page.limit as usize;
    items.truncate(page.limit as usize);
    let next = items.last().filter(|_| more).map(|last| last.id.clone());
    Listed { items, next }
}
