use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use weir_base::Text;
use weir_store::{Claim, QueueId};

/// What a run counts against while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    pub queue: QueueId,
    pub flow: Text,
    /// The flow's own concurrency key and its limit.
    pub key: Option<(Text, u32)>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub per_tenant: Option<u32>,
    pub per_flow: Option<u32>,
}

/// How many runs are open, and who may start. Pending runs wait in the store; only their number is known here.
#[derive(Default)]
pub(crate) struct Admission {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    tenants: HashMap<Text, u32>,
    flows: HashMap<Text, u32>,
    keys: HashMap<Text, (u32, u32)>,
    pending: u64,
    last: Option<QueueId>,
}

/// Which limit stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Tenant,
    Flow,
    Key,
}

impl Admission {
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place if there is one and nobody has waited longer.
    pub fn try_start(&self, slot: &Slot) -> bool {
        let mut open = self.open();
        open.pending == 0 && open.take(self.limits, slot, false).is_ok()
    }

    /// Takes a place for a pending run, whoever waits.
    pub fn try_claim(&self, slot: &Slot) -> Result<(), Full> {
        let mut open = self.open();
        open.take(self.limits, slot, false)?;
        open.last = Some(slot.queue.clone());
        Ok(())
    }

    /// A child takes the place its parent waits with: only its own key may hold it back.
    pub fn try_child(&self, slot: &Slot) -> bool {
        self.open().take(Limits::default(), slot, false).is_ok()
    }

    /// Takes a place even where there is none: the run was open before.
    pub fn force(&self, slot: &Slot) {
        let _ = self.open().take(self.limits, slot, true);
    }

    /// True where someone may be waiting for the place.
    pub fn leave(&self, slot: &Slot) -> bool {
        let mut open = self.open();
        give(&mut open.tenants, &slot.queue.tenant);
        give(&mut open.flows, &slot.flow);
        if let Some((key, _)) = &slot.key {
            open.leave_key(key);
        }
        open.pending > 0
    }

    pub fn add_pending(&self, more: u64) {
        self.open().pending += more;
    }

    pub fn remove_pending(&self, fewer: u64) {
        let mut open = self.open();
        open.pending = open.pending.saturating_sub(fewer);
    }

    pub fn pending(&self) -> u64 {
        self.open().pending
    }

    /// What to ask the store for: nothing that would be turned away by what is known here.
    pub fn claim(&self, limit: u32) -> Claim {
        let open = self.open();
        let at = |limit: Option<u32>| move |count: &u32| limit.is_some_and(|limit| *count >= limit);
        let full = |counts: &HashMap<Text, u32>, limit| {
            let mut names: Vec<Text> =
                counts.iter().filter(|(_, n)| at(limit)(n)).map(|(name, _)| name.clone()).collect();
            names.sort();
            names
        };
        let mut full_keys: Vec<Text> =
            open.keys.iter().filter(|(_, (count, limit))| count >= limit).map(|(key, _)| key.clone()).collect();
        full_keys.sort();
        let full_flows = full(&open.flows, self.limits.per_flow);
        Claim { limit, after: open.last.clone(), full_queues: Vec::new(), full_flows, full_keys }
    }
}

impl Open {
    fn take(&mut self, limits: Limits, slot: &Slot, force: bool) -> Result<(), Full> {
        let full = self.full(limits, slot).filter(|_| !force);
        if let Some(full) = full {
            return Err(full);
        }
        *self.tenants.entry(slot.queue.tenant.clone()).or_default() += 1;
        *self.flows.entry(slot.flow.clone()).or_default() += 1;
        if let Some((key, limit)) = &slot.key {
            let entry = self.keys.entry(key.clone()).or_default();
            *entry = (entry.0 + 1, *limit);
        }
        Ok(())
    }

    fn full(&self, limits: Limits, slot: &Slot) -> Option<Full> {
        let reached =
            |count: Option<&u32>, limit: Option<u32>| limit.is_some_and(|limit| count.copied().unwrap_or(0) >= limit);
        let key = slot.key.as_ref().filter(|(key, limit)| self.keys.get(key).is_some_and(|(count, _)| count >= limit));
        match () {
            () if reached(self.tenants.get(&slot.queue.tenant), limits.per_tenant) => Some(Full::Tenant),
            () if reached(self.flows.get(&slot.flow), limits.per_flow) => Some(Full::Flow),
            () => key.map(|_| Full::Key),
        }
    }

    fn leave_key(&mut self, key: &Text) {
        if let Some(entry) = self.keys.get_mut(key) {
            entry.0 = entry.0.saturating_sub(1);
            if entry.0 == 0 {
                self.keys.remove(key);
            }
        }
    }
}

fn give(counts: &mut HashMap<Text, u32>, name: &Text) {
    if let Some(count) = counts.get_mut(name) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(tenant: &str, flow: &str, key: Option<&str>) -> Slot {
        let queue = QueueId { tenant: tenant.into(), project: "p".into() };
        Slot { queue, flow: flow.into(), key: key.map(|key| (key.into(), 1)) }
    }

    #[test]
    fn each_limit_holds_by_itself() {
        let admission = Admission::new(Limits { per_tenant: Some(2), per_flow: Some(1) });
        assert!(admission.try_start(&slot("a", "f", None)));
        assert_eq!(admission.try_claim(&slot("a", "f", None)), Err(Full::Flow));
        assert!(admission.try_start(&slot("a", "g", Some("k"))));
        assert_eq!(admission.try_claim(&slot("a", "h", None)), Err(Full::Tenant));
        assert_eq!(admission.try_claim(&slot("b", "h", Some("k"))), Err(Full::Key));
        assert!(!admission.try_child(&slot("a", "h", Some("k"))));
        assert!(admission.try_child(&slot("a", "f", None)));
        admission.leave(&slot("a", "g", Some("k")));
        assert!(admission.try_child(&slot("a", "h", Some("k"))));
    }

    #[test]
    fn who_waits_goes_first() {
        let admission = Admission::new(Limits::default());
        admission.add_pending(1);
        assert!(!admission.try_start(&slot("a", "f", None)));
        assert_eq!(admission.try_claim(&slot("a", "f", None)), Ok(()));
        admission.remove_pending(1);
        assert!(admission.try_start(&slot("a", "f", None)));
    }
}
