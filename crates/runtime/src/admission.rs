use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use weir_base::Text;
use weir_store::{Claim, QueueId, SYSTEM_PROJECT};

/// What a run counts against while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub queue: QueueId,
    /// The key of its flow's limit, and the limit.
    pub key: Option<(Text, u32)>,
}

/// How many runs are open, and who may start. Pending runs wait in the store; only their number is known here.
#[derive(Default)]
pub(crate) struct Admission {
    per_tenant: Option<u32>,
    open: Mutex<Open>,
    /// How often a place has become free since somebody wants to know.
    freed: watch::Sender<u64>,
}

#[derive(Default)]
struct Open {
    tenants: HashMap<Text, u32>,
    /// How many runs count against a key, and how many may.
    keys: HashMap<Text, (u32, u32)>,
    pending: u64,
    /// Those among them the installation has made for itself: nobody waits for them, and they take no tenant's place.
    own_pending: u64,
    last: Option<QueueId>,
}

/// Which limit stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Tenant,
    Key,
}

impl Admission {
    pub fn new(per_tenant: Option<u32>) -> Self {
        Self { per_tenant, ..Self::default() }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place if there is one and nobody has waited longer.
    pub fn try_start(&self, slot: &Slot) -> bool {
        let mut open = self.open();
        let taken = open.waiting_before(&slot.queue) == 0 && open.take(self.per_tenant, slot).is_ok();
        if taken {
            open.last = Some(slot.queue.clone());
        }
        taken
    }

    /// Takes a place for a pending run, whoever waits.
    pub fn try_claim(&self, slot: &Slot) -> Result<(), Full> {
        let mut open = self.open();
        open.take(self.per_tenant, slot)?;
        open.last = Some(slot.queue.clone());
        Ok(())
    }

    /// A child goes with its parent, which holds a place already: only its own key may hold it back.
    pub fn try_child(&self, slot: &Slot) -> bool {
        self.open().take(None, slot).is_ok()
    }

    /// Takes a place even where there is none: the run was open before.
    pub fn force(&self, slot: &Slot) {
        self.open().add(slot);
    }

    /// True where someone may be waiting for the place.
    pub fn leave(&self, slot: &Slot) -> bool {
        let mut open = self.open();
        open.remove(slot);
        if self.freed.receiver_count() > 0 {
            self.freed.send_modify(|count| *count += 1);
        }
        open.waiting_before(&slot.queue) > 0
    }

    /// Changes whenever a place becomes free, for whoever waits for one beside the queue of the store.
    pub fn freed(&self) -> watch::Receiver<u64> {
        self.freed.subscribe()
    }

    pub fn add_pending(&self, project: &str) {
        let mut open = self.open();
        open.pending += 1;
        open.own_pending += u64::from(project == SYSTEM_PROJECT);
    }

    pub fn remove_pending(&self, project: &str) {
        let mut open = self.open();
        open.pending = open.pending.saturating_sub(1);
        let own = u64::from(project == SYSTEM_PROJECT);
        open.own_pending = open.own_pending.saturating_sub(own);
    }

    /// Whether somebody may be waiting for the place of a run of this project.
    pub fn is_waited_for(&self, queue: &QueueId) -> bool {
        self.open().waiting_before(queue) > 0
    }

    /// How many places each tenant holds.
    pub fn by_tenant(&self) -> Vec<(Text, u32)> {
        let mut all: Vec<_> = self.open().tenants.iter().map(|(tenant, count)| (tenant.clone(), *count)).collect();
        all.sort();
        all
    }

    pub fn pending(&self) -> u64 {
        self.open().pending
    }

    /// What to ask the store for: nothing that would be turned away by what is known here.
    pub fn claim(&self, limit: u32) -> Claim {
        let open = self.open();
        let full = open.keys.iter().filter(|(_, (count, limit))| count >= limit);
        let mut full_keys: Vec<Text> = full.map(|(key, _)| key.clone()).collect();
        full_keys.sort();
        Claim { limit, after: open.last.clone(), full_keys, ..Claim::default() }
    }
}

fn is_own(queue: &QueueId) -> bool {
    &*queue.project == SYSTEM_PROJECT
}

impl Open {
    /// Pending runs that come before a new one of this queue. What the installation does for itself may have to wait
    /// for long, and nobody else is to wait with it.
    fn waiting_before(&self, queue: &QueueId) -> u64 {
        if is_own(queue) { self.pending } else { self.pending.saturating_sub(self.own_pending) }
    }

    fn take(&mut self, per_tenant: Option<u32>, slot: &Slot) -> Result<(), Full> {
        let of_tenant = self.tenants.get(&slot.queue.tenant).copied().unwrap_or(0);
        if per_tenant.is_some_and(|limit| of_tenant >= limit && !is_own(&slot.queue)) {
            return Err(Full::Tenant);
        }
        if let Some((key, limit)) = &slot.key
            && self.keys.get(key).is_some_and(|(count, _)| count >= limit)
        {
            return Err(Full::Key);
        }
        self.add(slot);
        Ok(())
    }

    fn add(&mut self, slot: &Slot) {
        if !is_own(&slot.queue) {
            *self.tenants.entry(slot.queue.tenant.clone()).or_default() += 1;
        }
        if let Some((key, limit)) = &slot.key {
            let entry = self.keys.entry(key.clone()).or_default();
            *entry = (entry.0 + 1, *limit);
        }
    }

    fn remove(&mut self, slot: &Slot) {
        if !is_own(&slot.queue)
            && let Some(count) = self.tenants.get_mut(&slot.queue.tenant)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.tenants.remove(&slot.queue.tenant);
            }
        }
        let Some((key, _)) = &slot.key else { return };
        if let Some(entry) = self.keys.get_mut(key) {
            entry.0 = entry.0.saturating_sub(1);
            if entry.0 == 0 {
                self.keys.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(tenant: &str, key: Option<&str>) -> Slot {
        let queue = QueueId { tenant: tenant.into(), project: "p".into() };
        Slot { queue, key: key.map(|key| (key.into(), 1)) }
    }

    #[test]
    fn each_limit_holds_by_itself() {
        let admission = Admission::new(Some(2));
        assert!(admission.try_start(&slot("a", None)));
        assert!(admission.try_start(&slot("a", Some("k"))));
        assert_eq!(admission.try_claim(&slot("a", None)), Err(Full::Tenant));
        assert_eq!(admission.try_claim(&slot("b", Some("k"))), Err(Full::Key));
        assert!(!admission.try_child(&slot("a", Some("k"))));
        assert!(admission.try_child(&slot("a", None)));
        admission.leave(&slot("a", Some("k")));
        assert!(admission.try_child(&slot("a", Some("k"))));
    }

    #[test]
    fn who_waits_goes_first() {
        let admission = Admission::new(None);
        admission.add_pending("p");
        assert!(!admission.try_start(&slot("a", None)));
        assert_eq!(admission.try_claim(&slot("a", None)), Ok(()));
        admission.remove_pending("p");
        assert!(admission.try_start(&slot("a", None)));
    }

    #[test]
    fn what_the_installation_does_for_itself_takes_no_place_and_holds_nobody_up() {
        let admission = Admission::new(Some(1));
        let own =
            |key| Slot { queue: QueueId { tenant: "a".into(), project: SYSTEM_PROJECT.into() }, ..slot("a", key) };
        assert!(admission.try_start(&own(Some("k"))) && admission.try_start(&slot("a", None)));
        assert_eq!(admission.by_tenant(), [("a".into(), 1)]);
        assert_eq!(admission.try_claim(&own(Some("k"))), Err(Full::Key));
        admission.add_pending(SYSTEM_PROJECT);
        assert!(!admission.leave(&slot("a", None)) && admission.try_start(&slot("a", None)));
        assert!(admission.leave(&own(Some("k"))), "the next of its own may go");
        assert_eq!(admission.pending(), 1);
        admission.remove_pending(SYSTEM_PROJECT);
        assert_eq!((admission.pending(), admission.by_tenant()), (0, vec![("a".into(), 1)]));
    }
}
