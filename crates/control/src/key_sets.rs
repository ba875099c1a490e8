//! The public keys of those who sign tokens, remembered: fetched once an hour, and when a token names a key that is new.

use crate::control::Control;
use crate::ports::{Web, WebRequest};
use crate::{ControlError, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError, RwLock};
use tokio::sync::Mutex;
use url::Url;
use weir_base::{Duration, Micros, Text};
use weir_vault::jwks::KeySet;

/// How long a key set is believed.
pub(crate) const KEPT: Duration = Duration::from_secs(3_600);
/// A token with an unknown key makes the keys be fetched again, but no oftener than this. What could not be fetched is
/// not asked for sooner either.
const BETWEEN_FETCHES: Duration = Duration::from_secs(30);
/// Key sets remembered at the same time. Where there are more, a tenth of them is forgotten, those that were not asked
/// for for the longest time.
const MOST: usize = 1_000;

/// One issuer's keys. Those who know their key never wait for those who ask for another.
#[derive(Default)]
pub(crate) struct KeySource {
    kept: RwLock<Option<(Micros, Arc<KeySet>)>>,
    fetching: Mutex<()>,
}

impl KeySource {
    /// The keys. With `other_than`, others than these, if it is not too soon to ask.
    pub async fn keys(
        &self,
        now: Micros,
        other_than: Option<&Arc<KeySet>>,
        fetch: impl Future<Output = Result<KeySet>>,
    ) -> Result<Arc<KeySet>> {
        if let Some(keys) = self.fresh(now, other_than) {
            return Ok(keys);
        }
        let _fetching = self.fetching.lock().await;
        // Somebody else may have fetched them meanwhile.
        if let Some(keys) = self.fresh(now, other_than) {
            return Ok(keys);
        }
        let keys = Arc::new(fetch.await?);
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some((now, keys.clone()));
        Ok(keys)
    }

    fn fresh(&self, now: Micros, other_than: Option<&Arc<KeySet>>) -> Option<Arc<KeySet>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let (at, keys) = kept.as_ref()?;
        let is_other = other_than.is_none_or(|other| !Arc::ptr_eq(other, keys));
        let good_for = if is_other { KEPT } else { BETWEEN_FETCHES };
        is_within(*at, good_for, now).then(|| keys.clone())
    }
}

/// Whether something of `at` is so young at `now`. What is further ahead than that is of a clock that was put back.
pub(crate) fn is_within(at: Micros, age: Duration, now: Micros) -> bool {
    now.saturating_sub(at).saturating_abs() < age.micros()
}

/// Keys of issuers that interfaces name, by where they are.
#[derive(Default)]
pub(crate) struct KeySets(Lock<HashMap<Text, Arc<Named>>>);

/// A key set at an address, and when it was last not to be had.
#[derive(Default)]
struct Named {
    /// When somebody asked for it last.
    asked_at: AtomicI64,
    source: KeySource,
    failed: Lock<Option<(Micros, ControlError)>>,
}

impl KeySets {
    fn at(&self, url: &Text, now: Micros) -> Arc<Named> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(url) {
            make_room(&mut all);
        }
        let named = all.entry(url.clone()).or_default();
        named.asked_at.store(now, Ordering::Relaxed);
        named.clone()
    }
}

fn make_room(all: &mut HashMap<Text, Arc<Named>>) {
    let mut last: Vec<_> = all.iter().map(|(url, one)| (one.asked_at.load(Ordering::Relaxed), url.clone())).collect();
    last.sort_unstable();
    for (_, url) in last.iter().take(MOST / 10) {
        all.remove(url);
    }
}

impl Named {
    /// The keys, as [`KeySource::keys`] has them. Only an answer of the issuer ends the time in which it is not asked:
    /// keys that are still remembered say nothing about whether it can be.
    async fn keys(
        &self,
        now: Micros,
        other_than: Option<&Arc<KeySet>>,
        fetch: impl Future<Output = Result<KeySet>>,
    ) -> Result<Arc<KeySet>> {
        let fetch = async {
            if let Some(error) = self.failure(now) {
                return Err(error);
            }
            let fetched = fetch.await;
            self.note(fetched.as_ref().err().map(|error| (now, error.clone())));
            fetched
        };
        self.source.keys(now, other_than, fetch).await
    }

    /// As [`Named::keys`]. Whoever asks may go away before there is an answer. What comes is kept all the same: else the
    /// issuer would be asked again by each who comes and does not wait.
    async fn keys_whoever_waits(
        self: Arc<Self>,
        now: Micros,
        other_than: Option<Arc<KeySet>>,
        fetch: impl Future<Output = Result<KeySet>> + Send + 'static,
    ) -> Result<Arc<KeySet>> {
        let fetching = tokio::spawn(async move { self.keys(now, other_than.as_ref(), fetch).await });
        fetching.await.unwrap_or_else(|error| Err(ControlError::Unavailable(error.to_string())))
    }

    fn failure(&self, now: Micros) -> Option<ControlError> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, error) = failed.as_ref()?;
        is_within(*at, BETWEEN_FETCHES, now).then(|| error.clone())
    }

    fn note(&self, failure: Option<(Micros, ControlError)>) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

impl Control {
    /// The keys at an address that an interface names. It is asked without anything of ours, over TLS, and at no
    /// private address unless the operator has named the host.
    pub(crate) async fn keys_at(&self, url: &Text, other_than: Option<&Arc<KeySet>>) -> Result<Arc<KeySet>> {
        let (now, named) = (self.now(), self.key_sets.at(url, self.now()));
        if let Some(keys) = named.source.fresh(now, other_than) {
            return Ok(keys);
        }
        let request = WebRequest { private: self.may_be_private(url), ..WebRequest::get(url.to_string()) };
        let fetch = fetch_keys(self.web.clone(), request);
        named.keys_whoever_waits(now, other_than.cloned(), fetch).await
    }

    /// Whether the operator has named the host, with its port or without.
    pub(crate) fn may_be_private(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else { return false };
        let host = url.host_str().unwrap_or_default();
        let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
        let named = |known: &String| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(&with_port);
        self.options.private_key_hosts.iter().any(named)
    }
}

async fn fetch_keys(web: Arc<dyn Web>, request: WebRequest) -> Result<KeySet> {
    let url = request.url.clone();
    let fault = |what: String| {
        tracing::warn!(url, "the keys of an issuer are not to be had: {what}");
        ControlError::elsewhere("KEYS_UNAVAILABLE", "the keys that tokens are signed with are not to be had now")
    };
    let answer = web.send(request).await.map_err(fault)?;
    if !(200..=299).contains(&answer.status) {
        return Err(fault(format!("status {}", answer.status)));
    }
    KeySet::parse(&answer.body).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[test]
    fn those_who_ask_often_are_not_forgotten_for_those_who_ask_once() {
        let sets = KeySets::default();
        let often = Text::from("https://often.example/keys");
        let first = sets.at(&often, 0);
        for number in 0..5_000 {
            sets.at(&format!("https://{number}.example/keys").into(), number);
            assert!(Arc::ptr_eq(&first, &sets.at(&often, number)), "after {number}");
        }
        assert!((MOST * 9 / 10..=MOST).contains(&sets.0.lock().unwrap().len()));
    }

    fn set() -> KeySet {
        KeySet::parse(r#"{"keys":[]}"#).unwrap()
    }

    #[tokio::test]
    async fn keys_are_fetched_when_they_are_old_or_others_are_wanted() {
        const SECOND: Micros = 1_000_000;
        let source = KeySource::default();
        let never = || async { panic!("nobody is asked") };
        let first = source.keys(0, None, async { Ok(set()) }).await.unwrap();
        let again = source.keys(3_599 * SECOND, None, never()).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let soon = source.keys(29 * SECOND, Some(&first), never()).await.unwrap();
        assert!(Arc::ptr_eq(&first, &soon), "too soon to ask for others");
        let other = source.keys(31 * SECOND, Some(&first), async { Ok(set()) }).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
        let known = source.keys(31 * SECOND, Some(&first), never()).await.unwrap();
        assert!(Arc::ptr_eq(&other, &known), "these are others already");
        let fails = async { Err(ControlError::elsewhere("X", "gone")) };
        assert!(source.keys(4_000 * SECOND, None, fails).await.is_err());
        assert!(source.keys(4_000 * SECOND, None, async { Ok(set()) }).await.is_ok());
        let kept = source.keys(3_900 * SECOND, None, never()).await.unwrap();
        let back = source.keys(400 * SECOND, Some(&kept), async { Ok(set()) }).await.unwrap();
        assert!(!Arc::ptr_eq(&kept, &back), "a clock that is put back holds no others up");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_kept() {
        let (named, (begun, has_begun), (answer, answered)) =
            (Arc::new(Named::default()), oneshot::channel(), oneshot::channel());
        let fetch = async move {
            begun.send(()).unwrap();
            answered.await.unwrap();
            Ok(set())
        };
        let asking = tokio::spawn(named.clone().keys_whoever_waits(0, None, fetch));
        has_begun.await.unwrap();
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        answer.send(()).unwrap();
        // Whoever comes next waits for the same answer.
        assert!(named.keys(0, None, async { panic!("the issuer is asked again") }).await.is_ok());
    }

    #[tokio::test]
    async fn an_issuer_that_fails_is_left_alone_though_its_old_keys_are_good() {
        const SECOND: Micros = 1_000_000;
        let named = Named::default();
        let never = || async { panic!("nobody is asked") };
        let fails = || async { Err(ControlError::elsewhere("X", "gone")) };
        let old = named.keys(0, None, async { Ok(set()) }).await.unwrap();
        assert!(named.keys(31 * SECOND, Some(&old), fails()).await.is_err());
        for at in 31..61 {
            let kept = named.keys(at * SECOND, None, never()).await.unwrap();
            assert!(Arc::ptr_eq(&old, &kept));
            assert!(named.keys(at * SECOND, Some(&kept), never()).await.is_err(), "at {at} s");
        }
        let new = named.keys(61 * SECOND, Some(&old), async { Ok(set()) }).await.unwrap();
        assert!(!Arc::ptr_eq(&old, &new));
        assert_eq!(named.failure(61 * SECOND), None, "what could be fetched ends it");
    }
}
