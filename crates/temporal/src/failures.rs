//! Failures on their way to the cluster. That of a step whose kind a worker does not know says when to try again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use temporalio_common::data_converters::{
    DefaultFailureConverter, FailureConverter, PayloadConversionError, PayloadConverter, SerializationContextData,
};
use temporalio_common::error::{IncomingError, OutgoingError};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;

/// How soon a step is tried again whose kind is not known here: soon at first, as with workers that are being replaced.
const SOONEST: Duration = Duration::from_millis(200);
/// And at the latest, as a worker that knows it may come at any time.
const LATEST: Duration = Duration::from_secs(5);
/// Of a kind that nobody has asked for in so long, the first time is the first again. With many workers each hears of a
/// step seldom.
const FORGOTTEN: Duration = Duration::from_mins(10);

/// Failures as the SDK has them. One of a kind that is not known here waits longer the longer the kind has been asked
/// for: the cluster itself could only wait longer with each attempt, and counts those that were in order as well.
pub(crate) struct Failures {
    usual: DefaultFailureConverter,
    unknown: Mutex<HashMap<String, Asked>>,
}

/// When a kind was asked for.
struct Asked {
    first: Instant,
    last: Instant,
}

impl Failures {
    /// `sealed` says whether their texts are sealed as well.
    pub fn new(sealed: bool) -> Self {
        Self { usual: DefaultFailureConverter::new(sealed), unknown: Mutex::default() }
    }

    fn wait(&self, kind: &str, now: Instant) -> Duration {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.retain(|_, asked| now.duration_since(asked.last) < FORGOTTEN);
        let asked = unknown.entry(kind.to_owned()).or_insert(Asked { first: now, last: now });
        asked.last = now;
        (now.duration_since(asked.first) / 2).clamp(SOONEST, LATEST)
    }
}

impl FailureConverter for Failures {
    fn to_failure(
        &self,
        error: OutgoingError,
        converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Failure {
        let said = error.to_string();
        let mut failure = self.usual.to_failure(error, converter, context);
        if let Some(FailureInfo::ApplicationFailureInfo(info)) = &mut failure.failure_info
            && let Some(kind) = unknown_kind(&info.r#type, &said)
        {
            info.next_retry_delay = self.wait(kind, Instant::now()).try_into().ok();
        }
        failure
    }

    fn to_error(
        &self,
        failure: Failure,
        converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Result<IncomingError, PayloadConversionError> {
        self.usual.to_error(failure, converter, context)
    }
}

/// The kind, where this is how the SDK refuses an activity of which it has no implementation.
fn unknown_kind<'a>(ty: &str, said: &'a str) -> Option<&'a str> {
    let (kind, _) = said.strip_prefix("Activity ")?.split_once(" is not registered")?;
    (ty == "NotFoundError").then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_kind_is_asked_for_the_longer_is_the_wait_but_never_long() {
        let (failures, begun) = (Failures::new(false), Instant::now());
        let wait = |kind, millis| failures.wait(kind, begun + Duration::from_millis(millis)).as_millis();
        assert_eq!(
            [0, 200, 1_000, 4_000, 9_000, 20_000, 45_000].map(|at| wait("a", at)),
            [200, 200, 500, 2_000, 4_500, 5_000, 5_000]
        );
        assert_eq!(wait("b", 45_000), 200, "of another kind");
        assert_eq!(wait("a", 700_000), 200, "after a while nobody asked");
    }

    #[test]
    fn only_an_activity_that_is_not_there_is_an_unknown_kind() {
        let said = "Activity http.request is not registered on this worker, available activities: log";
        assert_eq!(unknown_kind("NotFoundError", said), Some("http.request"));
        assert_eq!(unknown_kind("HTTP_404", said), None);
        assert_eq!(unknown_kind("NotFoundError", "the file is not registered"), None);
    }
}
