//! What an attempt says while it goes on. Logs and parts of results are gathered here.

use crate::wire::Beat;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_base::Text;
use weir_kind::{FlowContext, LogSink, Observation, ObservationBody};
use weir_runs::LogView;

/// The most lines one attempt keeps, and the most bytes of them: they travel with its result.
const LINES: usize = 200;
const BYTES: usize = 64 * 1024;

type Key = (Text, Text, u32);

/// Takes what kinds log and show, by attempt.
#[derive(Default)]
pub(crate) struct Gathered(Mutex<HashMap<Key, Said>>);

#[derive(Default)]
struct Said {
    logs: Vec<LogView>,
    bytes: usize,
    parts: u64,
}

impl Gathered {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Said>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin(&self, key: &Key) {
        self.lock().insert(key.clone(), Said::default());
    }

    /// The run and the path of the attempt that goes by this key.
    pub fn run_of(&self, key: &str) -> Option<(Text, Text)> {
        let fits = |run: &str, path: &str| {
            key.strip_suffix(path).and_then(|rest| rest.strip_suffix('/')).is_some_and(|rest| rest == run)
        };
        self.lock().keys().find(|(run, path, _)| fits(run, path)).map(|(run, path, _)| (run.clone(), path.clone()))
    }

    /// How far the attempt is.
    pub fn beat(&self, key: &Key, failed: bool) -> Beat {
        let gathered = self.lock();
        let said = gathered.get(key);
        let line = said.and_then(|said| said.logs.last()).map(|log| log.message.to_string());
        Beat { attempt: key.2, failed, said: line, parts: said.map_or(0, |said| said.parts) }
    }

    /// All it has logged; it is forgotten here.
    pub fn end(&self, key: &Key) -> Vec<LogView> {
        self.lock().remove(key).map(|said| said.logs).unwrap_or_default()
    }
}

impl LogSink for Gathering {
    fn observe(&self, _: &FlowContext, observation: Observation) {
        let Observation { run, path, kind, attempt, at, body } = observation;
        let mut gathered = self.0.lock();
        let Some(said) = gathered.get_mut(&(run, path.clone(), attempt)) else { return };
        let ObservationBody::Log { level, message, metadata } = body else {
            said.parts += 1;
            return;
        };
        let size = message.len() + metadata.to_json().len();
        if said.logs.len() >= LINES || said.bytes + size > BYTES {
            return;
        }
        said.bytes += size;
        let (level, message): (Text, Text) = (crate::wire::level(level), message.into());
        said.logs.push(LogView { at, path, kind, attempt, level, message, metadata });
    }
}

/// The same, as a port of kinds.
pub(crate) struct Gathering(pub Arc<Gathered>);
