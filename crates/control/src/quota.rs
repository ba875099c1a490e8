use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use weir_base::Text;

/// How much of its month each tenant has used. One process owns the data, so counting in memory is exact;
/// the number a count begins with comes from the store.
#[derive(Default)]
pub struct Quota {
    counts: Mutex<HashMap<(Text, Text), u64>>,
}

/// A place taken; given back unless it was used.
pub struct Taken {
    quota: Option<(Arc<Quota>, Text, Text)>,
}

impl Quota {
    /// Whether the month has been counted already.
    pub fn knows(&self, tenant: &Text, month: &Text) -> bool {
        self.lock().contains_key(&(tenant.clone(), month.clone()))
    }

    /// What was counted in the store; nothing where somebody else was first.
    pub fn begin(&self, tenant: &Text, month: &Text, used: u64) {
        self.lock().entry((tenant.clone(), month.clone())).or_insert(used);
    }

    pub fn used(&self, tenant: &Text, month: &Text) -> u64 {
        self.lock().get(&(tenant.clone(), month.clone())).copied().unwrap_or_default()
    }

    /// Everybody who was counted in the month.
    pub fn tenants(&self, month: &Text) -> Vec<Text> {
        self.lock().keys().filter(|(_, of)| of == month).map(|(tenant, _)| tenant.clone()).collect()
    }

    /// Takes one, or says that there is none left.
    pub fn take(&self, tenant: &Text, month: &Text, limit: Option<u64>) -> bool {
        let mut counts = self.lock();
        let count = counts.entry((tenant.clone(), month.clone())).or_default();
        let free = limit.is_none_or(|limit| *count < limit);
        *count += u64::from(free);
        free
    }

    /// Gives one back that came to nothing.
    pub fn give_back(&self, tenant: &Text, month: &Text) {
        if let Some(count) = self.lock().get_mut(&(tenant.clone(), month.clone())) {
            *count = count.saturating_sub(1);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Text, Text), u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some((quota, tenant, month)) = self.quota.take() {
            quota.give_back(&tenant, &month);
        }
    }
}

impl Taken {
    pub fn of(quota: &Arc<Quota>, tenant: &Text, month: &Text) -> Self {
        Self { quota: Some((quota.clone(), tenant.clone(), month.clone())) }
    }

    /// It was used.
    pub fn keep(mut self) {
        self.quota = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_taken_once() {
        let (quota, tenant, month) = (Arc::new(Quota::default()), Text::from("t"), Text::from("2026-11"));
        quota.begin(&tenant, &month, 998);
        let tries: Vec<_> = (0..50)
            .map(|_| {
                let (quota, tenant, month) = (quota.clone(), tenant.clone(), month.clone());
                std::thread::spawn(move || quota.take(&tenant, &month, Some(1_000)))
            })
            .collect();
        let taken = tries.into_iter().map(|task| task.join().unwrap()).filter(|taken| *taken).count();
        assert_eq!((taken, quota.used(&tenant, &month)), (2, 1_000));
        drop(Taken::of(&quota, &tenant, &month));
        assert!(quota.take(&tenant, &month, Some(1_000)));
    }
}
