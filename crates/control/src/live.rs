//! What happens, as it happens, from the store: no event is missed and none comes twice, also across a restart.

use crate::caller::Caller;
use crate::control::Control;
use crate::{ControlError, Result};
use futures::Stream;
use futures::stream::unfold;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use weir_base::{Micros, Text, Value};
use weir_engine::Status;
use weir_runs::RunsError;
use weir_store::{Entry, Observation, Run, RunKey, TenantEntries};

/// How far somebody has read: the last journal row, and the last observation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub entry: i64,
    pub observation: i64,
}

/// What is followed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything of a run, with payloads. The stream ends with the run.
    Run(Text),
    /// What happens in the runs of a flow, without payloads.
    Flow {
        project: Text,
        flow: Text,
    },
    Project(Text),
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// A row of a journal; the payload is there where a run is followed.
    Record { run: Text, flow: Text, seq: u64, at: Micros, ty: Text, path: Text, payload: Option<String> },
    /// A log line, a failed attempt, a part of a result that is still coming.
    Seen { run: Text, flow: Text, observation: Box<Observation> },
    /// A run's state, whenever it has changed, and once at the beginning where a run is followed. It says how things
    /// stand, so it has no place in the order and may be told again.
    State { run: Text, flow: Text, status: Status, waits: Waits, output: Value, error: Option<Value> },
}

/// What a run waits for that is followed by itself; nothing in streams over many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// As [`RunView::waiting`](weir_runs::RunView::waiting) has them.
    pub reasons: Vec<Text>,
    /// When it goes on by itself.
    pub until: Option<Micros>,
}

impl Happening {
    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        const REST: usize = 200;
        REST + match self {
            Happening::Record { payload, .. } => payload.as_ref().map_or(0, String::len),
            Happening::Seen { observation, .. } => observation.seen.payload.len(),
            Happening::State { .. } => REST,
        }
    }
}

/// An event, and where to go on after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// None for what may be told again.
    pub cursor: Option<Cursor>,
    pub happening: Happening,
}

const PAGE: u32 = 500;
/// How long until somebody is asked again who could not say what a run waits for.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// Runs whose place is remembered by a stream over many.
const REMEMBERED: usize = 10_000;

/// Reads a topic from a cursor on.
pub(crate) struct Follower {
    control: Arc<Control>,
    tenant: Text,
    topic: Topic,
    only: Option<Run>,
    pub cursor: Cursor,
    commits: u64,
    /// Read, and not taken yet.
    pub waiting: VecDeque<Live>,
    runs: HashMap<RunKey, Option<Run>>,
    states: States,
    /// Whether something has happened in the run that is followed by itself since all of its state was told.
    untold: bool,
    /// Whether the last read found all there was.
    pub whole: bool,
    pub over: bool,
}

impl Control {
    /// Follows a topic from a cursor on; from now on for none, and a single run from its beginning.
    pub async fn follow(
        self: &Arc<Self>,
        caller: &Caller,
        topic: Topic,
        from: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Live>> + Send + use<>> {
        Ok(unfold(self.follower(caller, topic, from).await?, Follower::next))
    }

    pub(crate) async fn follower(
        self: &Arc<Self>,
        caller: &Caller,
        topic: Topic,
        from: Option<Cursor>,
    ) -> Result<Follower> {
        let only = match &topic {
            Topic::Run(run) => {
                let found = self.store.run(run).await?.filter(|row| row.place.tenant == caller.tenant);
                Some(found.ok_or(ControlError::not_found("run"))?)
            }
            _ => None,
        };
        let cursor = match (from, &only) {
            (Some(cursor), _) => cursor,
            (None, Some(_)) => Cursor::default(),
            (None, None) => {
                Cursor { entry: self.store.newest_entry().await?, observation: self.store.newest_observation().await? }
            }
        };
        Ok(Follower {
            control: self.clone(),
            tenant: caller.tenant.clone(),
            topic,
            only,
            cursor,
            commits: 0,
            waiting: VecDeque::new(),
            runs: HashMap::new(),
            states: States::default(),
            untold: true,
            whole: false,
            over: false,
        })
    }
}

/// The states that were told last, of so many runs at most: a state may be told again.
#[derive(Default)]
struct States(HashMap<Text, (Status, Waits)>);

impl States {
    fn note(&mut self, run: &Text, status: Status, waits: &Waits) -> bool {
        // Whoever is told by another's reading never looks runs up, so the bound is here too.
        if self.0.len() >= REMEMBERED && !self.0.contains_key(run) {
            self.0.clear();
        }
        let told = (status, waits.clone());
        self.0.insert(run.clone(), told.clone()) != Some(told)
    }

    fn is_told(&self, run: &Text, status: Status) -> bool {
        self.0.get(run).is_some_and(|(told, _)| *told == status)
    }
}

/// What a look at a run that waits has found; none where it does not stand as its row says: it has gone on, or is only
/// just coming to rest. What it writes, or has written by then, tells.
type Look = Option<std::result::Result<Waits, RunsError>>;

/// What to tell after a look, and whether something is left to be told after that. Where nobody can say what the run
/// waits for, its status is told without that, and what it waits for once somebody can.
fn to_tell(look: Look, is_told: bool) -> (Option<Waits>, bool) {
    match look {
        Some(Ok(waits)) => (Some(waits), false),
        Some(Err(_)) if !is_told => (Some(Waits::default()), true),
        Some(Err(_)) | None => (None, true),
    }
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Live>, Self)> {
        loop {
            if let Some(live) = self.waiting.pop_front() {
                self.cursor = live.cursor.unwrap_or(self.cursor);
                return Some((Ok(live), self));
            }
            if self.over {
                return None;
            }
            match self.read().await {
                Ok(()) if self.waiting.is_empty() && !self.over => self.wait().await,
                Ok(()) => {}
                Err(error) => {
                    self.over = true;
                    return Some((Err(error), self));
                }
            }
        }
    }

    /// Waits for something to be written, by whomever.
    pub async fn wait(&mut self) {
        let committed = self.control.runs.committed(self.commits);
        let commits = match self.untold && self.only.is_some() {
            // Nobody could say what the run waits for, and nothing may be written for a long time.
            true => match timeout(ASK_AGAIN, committed).await {
                Ok(commits) => commits,
                Err(_) => return,
            },
            false => committed.await,
        };
        // The runtime has ended: whoever listens comes again when there is another.
        self.over = commits == self.commits;
        self.commits = commits;
    }

    /// As good as new, at another place of the same topic.
    pub fn another(&self, cursor: Cursor) -> Self {
        Self {
            control: self.control.clone(),
            tenant: self.tenant.clone(),
            topic: self.topic.clone(),
            only: self.only.clone(),
            cursor,
            commits: 0,
            waiting: VecDeque::new(),
            runs: HashMap::new(),
            states: States::default(),
            untold: true,
            whole: false,
            over: false,
        }
    }

    /// Takes note that a run's state was told; false where it was told before.
    pub fn note_state(&mut self, run: &Text, status: Status, waits: &Waits) -> bool {
        self.states.note(run, status, waits)
    }

    /// Reads what is new into `waiting`.
    pub async fn read(&mut self) -> Result<()> {
        let only = self.only.as_ref().map(|run| run.key);
        // The state is read first: what is read after it holds everything that led to it.
        let state = match &self.only {
            Some(run) => Some(self.control.store.run(&run.id).await?.ok_or(ControlError::not_found("run"))?),
            None => None,
        };
        let store = self.control.store.clone();
        let found = match only {
            Some(_) => {
                let entries = store.entries_after(self.cursor.entry, only, PAGE).await?;
                let looked = entries.last().map_or(self.cursor.entry, |last| last.number);
                TenantEntries { more: entries.len() == PAGE as usize, entries, looked }
            }
            None => store.tenant_entries_after(&self.tenant, self.cursor.entry, PAGE).await?,
        };
        let seen = match only {
            Some(run) => store.observations(run, self.cursor.observation, PAGE).await?,
            // Streams over many runs tell none of these.
            None => Vec::new(),
        };
        let more = found.more || seen.len() == PAGE as usize;
        self.whole = !more;
        self.untold |= !found.entries.is_empty() || !seen.is_empty();
        let touched = self.merge(found, seen).await?;
        match state {
            Some(state) if !more => self.tell_followed(state).await,
            Some(_) => Ok(()),
            None => self.tell_touched(touched).await,
        }
    }

    async fn tell_touched(&mut self, touched: Vec<RunKey>) -> Result<()> {
        for key in touched {
            if let Some(run) = self.control.store.run_by_key(key).await? {
                self.tell_state(run, Waits::default()).await?;
            }
        }
        Ok(())
    }

    /// The state of the run that is followed by itself.
    async fn tell_followed(&mut self, run: Run) -> Result<()> {
        let is_told = self.states.is_told(&run.id, run.status);
        if is_told && !self.untold {
            return Ok(());
        }
        let (waits, untold) = to_tell(self.look_at(&run).await, is_told);
        self.untold = untold;
        match waits {
            Some(waits) => self.tell_state(run, waits).await,
            None => Ok(()),
        }
    }

    /// By time; each kind of row in its own order, which is what its cursor counts. The runs that were touched.
    async fn merge(&mut self, found: TenantEntries, seen: Vec<Observation>) -> Result<Vec<RunKey>> {
        let (mut cursor, mut touched) = (self.cursor, Vec::new());
        let TenantEntries { entries, looked, .. } = found;
        let (mut entries, mut seen) = (entries.into_iter().peekable(), seen.into_iter().peekable());
        loop {
            let record_first = match (entries.peek(), seen.peek()) {
                (None, None) => break,
                (Some(entry), Some(observation)) => entry.entry.record.at <= observation.seen.at,
                (entry, _) => entry.is_some(),
            };
            if record_first {
                let Some(entry) = entries.next() else { break };
                cursor.entry = entry.number;
                if let Some(run) = self.run_of(entry.entry.run).await? {
                    touched.push(run.key);
                    self.waiting.push_back(Live { cursor: Some(cursor), happening: self.record(&run, entry.entry) });
                }
            } else {
                let Some(observation) = seen.next() else { break };
                cursor.observation = observation.number;
                if let Some(run) = self.run_of(observation.seen.run).await?.filter(|_| self.only.is_some()) {
                    let (id, flow) = (run.id.clone(), run.flow.clone());
                    let happening = Happening::Seen { run: id, flow, observation: Box::new(observation) };
                    self.waiting.push_back(Live { cursor: Some(cursor), happening });
                }
            }
        }
        // What was not for this stream is read nevertheless.
        if self.waiting.is_empty() {
            self.cursor = Cursor { entry: looked, ..cursor };
        }
        touched.sort();
        touched.dedup();
        Ok(touched)
    }

    fn record(&self, run: &Run, entry: Entry) -> Happening {
        let Entry { record, .. } = entry;
        Happening::Record {
            run: run.id.clone(),
            flow: run.flow.clone(),
            seq: record.seq,
            at: record.at,
            ty: (*record.ty).into(),
            path: record.path,
            payload: self.only.is_some().then_some(record.payload),
        }
    }

    /// The run, if it is one of those that are followed.
    async fn run_of(&mut self, key: RunKey) -> Result<Option<Run>> {
        if let Some(only) = &self.only {
            return Ok(Some(only.clone()));
        }
        if let Some(known) = self.runs.get(&key) {
            return Ok(known.clone());
        }
        let found = self.control.store.run_by_key(key).await?.filter(|run| self.follows(run));
        if self.runs.len() >= REMEMBERED {
            self.runs.clear();
            self.states = States::default();
        }
        self.runs.insert(key, found.clone());
        Ok(found)
    }

    fn follows(&self, run: &Run) -> bool {
        let fits = match &self.topic {
            Topic::Run(id) => run.id == *id,
            Topic::Flow { project, flow } => run.place.project == *project && run.flow == *flow,
            Topic::Project(project) => run.place.project == *project,
        };
        fits && run.place.tenant == self.tenant
    }

    async fn tell_state(&mut self, run: Run, waits: Waits) -> Result<()> {
        let ended = self.only.is_some() && run.status.is_final();
        if self.note_state(&run.id, run.status, &waits) {
            let output = if ended { self.control.store.run_output(run.key).await? } else { Value::Null };
            let error = run.error.as_ref().map(weir_engine::StepError::to_value);
            let happening = Happening::State { run: run.id, flow: run.flow, status: run.status, waits, output, error };
            self.waiting.push_back(Live { cursor: None, happening });
        }
        self.over = ended;
        Ok(())
    }

    async fn look_at(&self, run: &Run) -> Look {
        if run.status != Status::Waiting {
            return Some(Ok(Waits::default()));
        }
        match self.control.runs.view(&run.id).await {
            Ok(view) if view.status != run.status => None,
            view => Some(view.map(|view| Waits { reasons: view.waiting, until: view.wake_at })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_said_is_left_to_be_told() {
        let go = || Waits { reasons: vec!["signal go".into()], until: None };
        let fails = || Some(Err(RunsError::Busy("the store is busy".into())));
        for (look, is_told, tells, untold) in [
            (Some(Ok(go())), false, Some(go()), false),
            (Some(Ok(go())), true, Some(go()), false),
            (fails(), false, Some(Waits::default()), true),
            (fails(), true, None, true),
            (None, false, None, true),
            (None, true, None, true),
        ] {
            assert_eq!(to_tell(look.clone(), is_told), (tells, untold), "{look:?} {is_told}");
        }
    }

    #[test]
    fn states_are_told_once_and_not_remembered_without_an_end() {
        let mut states = States::default();
        let nothing = Waits::default();
        let told =
            |states: &mut States, number: usize, status| states.note(&format!("r{number}").into(), status, &nothing);
        assert!(told(&mut states, 0, Status::Running));
        assert!(!told(&mut states, 0, Status::Running), "told before");
        let go = Waits { reasons: vec!["signal go".into()], until: None };
        assert!(told(&mut states, 0, Status::Waiting));
        assert!(states.note(&"r0".into(), Status::Waiting, &go), "something else is waited for");
        assert!(!states.note(&"r0".into(), Status::Waiting, &go));
        assert!(told(&mut states, 0, Status::Succeeded));
        for number in 0..3 * REMEMBERED {
            told(&mut states, number, Status::Running);
            assert!(states.0.len() <= REMEMBERED);
        }
        assert!(!told(&mut states, 3 * REMEMBERED - 1, Status::Running), "the newest are known");
    }
}
