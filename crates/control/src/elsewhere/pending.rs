use crate::elsewhere::Returned;
use crate::{ControlError, Result};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use weir_base::{Micros, Text};
use weir_vault::{Secret, pkce};

/// How many are under way at once; then the oldest is forgotten.
const MOST: usize = 10_000;

/// A sign-in that is under way at a provider.
#[derive(Clone)]
pub(crate) struct Pending {
    pub provider: Text,
    pub nonce: String,
    pub verifier: Secret,
    /// What the browser that began it holds.
    pub cookie: Secret,
    /// Who wants the account there added to theirs.
    pub link: Option<Text>,
    pub ends_at: Micros,
}

/// By the hash of their state. They live for minutes, and not in the database: whoever is under way when the server
/// restarts begins again, and nobody can fill the disk by beginning.
#[derive(Default)]
pub(crate) struct PendingSignIns(Mutex<HashMap<String, Pending>>);

impl PendingSignIns {
    pub fn keep(&self, state: &Secret, pending: Pending, now: Micros) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, pending| pending.ends_at > now);
        }
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, pending)| pending.ends_at).map(|(state, _)| state.clone())
        {
            all.remove(&oldest);
        }
        all.insert(pkce::challenge(state), pending);
    }

    /// Each is taken once, by the browser that began it, at the provider it was begun for.
    pub fn take(&self, provider: &Text, returned: &Returned, cookie: Option<&str>, now: Micros) -> Result<Pending> {
        let state = pkce::challenge(&Secret::new(returned.state.as_deref().unwrap_or_default()));
        let cookie = Secret::new(cookie.unwrap_or_default());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(&state).ok_or_else(unknown)?;
        if found.provider != *provider || found.cookie != cookie || found.ends_at <= now {
            return Err(unknown());
        }
        all.remove(&state).ok_or_else(unknown)
    }
}

/// One answer for all of these, so that none of them can be told from outside.
pub(crate) fn unknown() -> ControlError {
    ControlError::refused(
        "SIGN_IN_STATE",
        "this sign-in was begun in another browser, was used before, or took too long; begin again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(ends_at: Micros) -> Pending {
        let secret = || Secret::new("c");
        Pending { provider: "p".into(), nonce: "n".into(), verifier: secret(), cookie: secret(), link: None, ends_at }
    }

    fn returned(state: &str) -> Returned {
        Returned { state: Some(state.to_owned()), ..Returned::default() }
    }

    #[test]
    fn each_is_taken_once_and_soon_and_by_its_own_browser() {
        let all = PendingSignIns::default();
        let take = |state: &str, provider: &str, cookie, now| {
            all.take(&provider.into(), &returned(state), cookie, now).is_ok()
        };
        all.keep(&Secret::new("s"), pending(100), 0);
        assert!(!take("t", "p", Some("c"), 1));
        assert!(!take("s", "q", Some("c"), 1));
        assert!(!take("s", "p", Some("d"), 1));
        assert!(!take("s", "p", None, 1));
        assert!(!take("s", "p", Some("c"), 100));
        assert!(take("s", "p", Some("c"), 99));
        assert!(!take("s", "p", Some("c"), 99));
    }

    #[test]
    fn there_are_never_too_many() {
        let all = PendingSignIns::default();
        for at in 0..MOST as i64 + 5 {
            all.keep(&Secret::new(at.to_string()), pending(1_000_000 + at), 0);
        }
        assert_eq!(all.0.lock().unwrap().len(), MOST);
        assert!(all.take(&"p".into(), &returned("4"), Some("c"), 0).is_err(), "the oldest are gone");
        assert!(all.take(&"p".into(), &returned("5"), Some("c"), 0).is_ok());
    }
}
