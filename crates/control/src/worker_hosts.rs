//! Programs on other machines that run generated workers: what each has told of itself.

use crate::caller::Caller;
use crate::control::Control;
use crate::model::{HostState, WorkerHost};
use crate::names_of::{check_name, check_text};
use crate::records::{self, Kept, Listed, PageOf};
use crate::{ControlError, Result};
use weir_base::{Duration, Text};

/// So many of one flow.
const MOST: usize = 200;
/// One that was silent for so long gives its place to another when there are too many.
const FORGOTTEN: Duration = Duration::from_millis(24 * 3_600_000);
/// One that runs tells so at least this often.
const SILENT: Duration = Duration::from_millis(120_000);

/// What a host tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostReport {
    pub state: HostState,
    pub compilation: Option<u64>,
    pub finishing: Vec<u64>,
    pub error: Option<String>,
}

impl Control {
    /// Keeps what a host tells of itself.
    ///
    /// # Errors
    /// `Invalid` for a name that is none, a text that is too long, or a compilation there is not; `Limit` for too many.
    pub async fn report_host(
        &self,
        caller: &Caller,
        flow: &str,
        name: &str,
        report: HostReport,
    ) -> Result<Kept<WorkerHost>> {
        let flow = self.flow(caller, flow).await?;
        let old: Option<Kept<WorkerHost>> = records::named(&*self.documents, &caller.tenant, &flow.id, name).await?;
        let told = self.told(caller, &flow.id, &check_name(name)?, report, old.as_ref()).await?;
        let mut changes = self.changes(caller);
        let kept = match old {
            Some(old) => changes.replace(&old, told, None),
            None => {
                self.make_room(caller, &flow.id, &mut changes).await?;
                changes.insert(told)
            }
        };
        changes.commit().await?;
        Ok(kept)
    }

    async fn told(
        &self,
        caller: &Caller,
        flow: &Text,
        name: &Text,
        report: HostReport,
        old: Option<&Kept<WorkerHost>>,
    ) -> Result<WorkerHost> {
        let hash = match report.compilation {
            Some(number) => Some(self.show_compilation(caller, flow, number).await?.value.hash),
            None => None,
        };
        let same = old.filter(|old| old.value.compilation == report.compilation);
        let loaded_at = same.and_then(|old| old.value.loaded_at).or_else(|| hash.as_ref().map(|_| self.now()));
        if report.finishing.len() > 100 {
            return Err(ControlError::invalid("TEXT_TOO_LONG", "`finishing` has at most 100 numbers"));
        }
        let error = report.error.as_deref().map(|error| check_text("an error", error, 10_000)).transpose()?;
        let HostReport { state, compilation, finishing, .. } = report;
        let (flow, name) = (flow.clone(), name.clone());
        Ok(WorkerHost { flow, name, state, compilation, hash, loaded_at, finishing, error })
    }

    /// Hosts that nobody has heard of for a day go when there is no room for another.
    async fn make_room(&self, caller: &Caller, flow: &Text, changes: &mut crate::changes::Changes<'_>) -> Result<()> {
        let all: Vec<Kept<WorkerHost>> = records::all(&*self.documents, &caller.scope(), &records::under(flow)).await?;
        let since = self.now().saturating_sub(FORGOTTEN.micros());
        let (silent, heard): (Vec<_>, Vec<_>) = all.iter().partition(|host| host.updated_at < since);
        if all.len() < MOST {
            return Ok(());
        }
        silent.iter().for_each(|host| changes.delete(host, None));
        match heard.len() < MOST {
            true => Ok(()),
            false => {
                let message = format!("a flow has at most {MOST} hosts; remove one that is not used any more");
                Err(ControlError::Limit { code: "LIMIT_REACHED", message, limit: MOST as u64 })
            }
        }
    }

    pub async fn worker_hosts(&self, caller: &Caller, flow: &str, page: &PageOf) -> Result<Listed<Kept<WorkerHost>>> {
        let flow = self.flow(caller, flow).await?;
        records::list(&*self.documents, &caller.scope(), &records::under(&flow.id), page).await
    }

    pub async fn worker_host(&self, caller: &Caller, flow: &str, name: &str) -> Result<Kept<WorkerHost>> {
        let flow = self.flow(caller, flow).await?;
        let found = records::named(&*self.documents, &caller.tenant, &flow.id, name).await?;
        found.ok_or(ControlError::not_found("host"))
    }

    /// Takes a host off the list. One that still runs comes back with its next word.
    pub async fn remove_host(&self, caller: &Caller, flow: &str, name: &str) -> Result<()> {
        let host = self.worker_host(caller, flow, name).await?;
        let mut changes = self.changes(caller);
        changes.delete(&host, None);
        changes.commit().await
    }

    /// Whether its worker runs, and it has said so lately.
    pub fn is_healthy(&self, host: &Kept<WorkerHost>) -> bool {
        let heard = self.now().saturating_sub(host.updated_at) <= SILENT.micros();
        heard && host.value.state == HostState::Running
    }
}
