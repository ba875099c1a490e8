//! A flow that nobody uses sleeps: it is still switched on, but nothing of it is kept in memory. Whatever starts it
//! wakes it, by making ready again what it needs; nothing is refused meanwhile. Only a person's stop refuses.

use crate::Result;
use crate::control::Control;
use crate::model::Deployment;
use crate::records::Kept;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_base::{Duration, Micros, Text};
use weir_engine::Status;
use weir_runs::FlowRef;
use weir_store::{PageRequest, Place, RunFilter};

/// When a flow was used last, and what of it is kept ready.
#[derive(Clone, Debug)]
struct Used {
    at: Micros,
    place: Place,
    name: Text,
    version: Option<Text>,
}

/// The flows that are awake, by id. It begins empty, as after a restart nothing is in memory.
#[derive(Default)]
pub(crate) struct Awake(Mutex<HashMap<Text, Used>>);

impl Awake {
    fn all(&self) -> MutexGuard<'_, HashMap<Text, Used>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn used(&self, flow: &Text, place: &Place, name: &Text, reference: &FlowRef, now: Micros) {
        let mut all = self.all();
        if let Some(used) = all.get_mut(flow) {
            used.at = used.at.max(now);
            if let FlowRef::Version(hash) = reference
                && used.version.as_ref() != Some(hash)
            {
                used.version = Some(hash.clone());
            }
            return;
        }
        let version = match reference {
            FlowRef::Version(hash) => Some(hash.clone()),
            FlowRef::Newest(_) | FlowRef::Source(_) => None,
        };
        all.insert(flow.clone(), Used { at: now, place: place.clone(), name: name.clone(), version });
    }
}

impl Control {
    /// How long a flow of this tenant stays awake; for ever for none.
    pub(crate) async fn idle_time(&self, tenant: &Text) -> Result<Option<Duration>> {
        let minutes = self.limits_of(tenant).await?.idle;
        Ok(minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)))
    }

    /// Lets flows sleep that were not used for their tier's time and have nothing under way. How many it was.
    pub async fn let_sleep(&self) -> Result<usize> {
        let now = self.now();
        let awake: Vec<(Text, Used)> = self.awake.all().iter().map(|(id, used)| (id.clone(), used.clone())).collect();
        let mut count = 0;
        for (flow, used) in awake {
            let Some(idle) = self.idle_time(&used.place.tenant).await? else { continue };
            if used.at.saturating_add(idle.micros()) > now || self.is_at_work(&used.place, &used.name).await? {
                continue;
            }
            let mut all = self.awake.all();
            // Somebody may have used it meanwhile.
            if all.get(&flow).is_none_or(|newer| newer.at > used.at) {
                continue;
            }
            all.remove(&flow);
            drop(all);
            self.doors.forget_flow(&flow);
            if let Some(version) = &used.version {
                self.runs.rest(&used.place.tenant, version);
            }
            count += 1;
        }
        Ok(count)
    }

    /// Whether a running flow sleeps. It is asked for often, so no run is looked at: one that waited and goes on does not
    /// count as use.
    pub(crate) fn is_asleep(&self, deployment: &Kept<Deployment>, idle: Option<Duration>) -> bool {
        let Some(idle) = idle else { return false };
        let begun = deployment.value.since.unwrap_or(deployment.created_at);
        let rested = begun.saturating_add(idle.micros()) <= self.now();
        rested && !self.awake.all().contains_key(&deployment.id)
    }

    /// Whether a run of the flow is being worked on, or is about to be.
    async fn is_at_work(&self, place: &Place, name: &Text) -> Result<bool> {
        let filter = RunFilter {
            tenant: Some(place.tenant.clone()),
            project: Some(place.project.clone()),
            flow: Some(name.clone()),
            statuses: vec![Status::Pending, Status::Running],
            ..RunFilter::default()
        };
        let page = self.store.list_runs(&filter, PageRequest { before: None, limit: 1 }).await?;
        Ok(!page.items.is_empty())
    }
}
