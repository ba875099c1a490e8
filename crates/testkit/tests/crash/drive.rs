//! Whoever asks things of the runs: starts them, signals, pauses, cancels, decides, and waits for their ends.

use crate::case::{Act, Case, Script};
use crate::probe::Outside;
use futures::future::{try_join, try_join_all};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use weir_base::{Text, Value};
use weir_engine::{Decision, EventBody, Status};
use weir_runs::{Request, RunView, RunsError, RunsPort, StartRun, Until};
use weir_runtime::{Runtime, post_request};
use weir_store::{Place, Store};

/// A case that is not over by then never will be.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Driver<'a> {
    pub case: &'a Case,
    pub runtime: &'a Runtime,
    pub store: &'a Arc<dyn Store>,
    pub outside: &'a Arc<dyn Outside>,
    /// What was acknowledged in an earlier life, and is not asked for again.
    pub done: BTreeSet<String>,
    /// What is waited for, and how it was when it was last looked at.
    pub awaited: Mutex<BTreeMap<String, String>>,
}

impl Driver<'_> {
    /// Asks for everything that was not acknowledged before, and waits until every run is over.
    pub async fn drive(&self) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.all()).await {
            Ok(result) => result,
            Err(_) => Err(format!("it goes on for ever: {}", self.open().await)),
        }
    }

    async fn all(&self) -> Result<(), String> {
        let place = Place { project: "local".into(), service: "default".into(), ..Place::default() };
        for flow in &self.case.sub_flows {
            self.runtime.publish(&place, flow).await.map_err(|error| format!("publishing: {error}"))?;
        }
        let scripts = try_join_all(self.case.scripts.iter().map(|script| self.script(script)));
        let detached = try_join_all(self.case.detached.iter().map(|run| self.reach(run, |_| false)));
        try_join(scripts, detached).await?;
        self.rest().await
    }

    /// Runs nobody here has asked for must end as well.
    async fn rest(&self) -> Result<(), String> {
        for run in self.runtime.unfinished(None, 1_000).await.map_err(|error| error.to_string())? {
            let ended = self.runtime.wait(&run.id, Until::Ended).await;
            ended.map_err(|error| format!("{}: {error}", run.id))?;
        }
        Ok(())
    }

    async fn script(&self, script: &Script) -> Result<(), String> {
        for act in &script.acts {
            let note = act.note(&script.run);
            if !self.done.contains(&note) {
                self.act(script, act).await.map_err(|error| format!("{note}: {error}"))?;
                self.outside.acknowledge(&note).await;
            }
        }
        self.reach(&script.run, |_| false).await
    }

    async fn act(&self, script: &Script, act: &Act) -> Result<(), String> {
        let run = script.run.as_str();
        let result = match act {
            Act::Start => {
                let start = StartRun::new(script.flow.clone(), Value::object([])).with_id(run);
                self.runtime.start(start).await.map(drop)
            }
            Act::Signal { name, by_inbox: false } => self.runtime.request(run, signal(name)).await,
            Act::Signal { name, by_inbox: true } => {
                post_request(&**self.store, run, &signal(name), &**self.runtime.clock()).await
            }
            Act::Pause => self.runtime.pause(run).await,
            Act::Resume => self.runtime.resume(run).await,
            Act::Cancel => {
                self.reach(run, |waiting| waiting.iter().any(|reason| &**reason == "signal stop")).await?;
                self.runtime.cancel(run, "enough").await
            }
        };
        match result {
            // Asked for in an earlier life, carried out, and never acknowledged.
            Ok(()) | Err(RunsError::Ended { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Waits until the run is over, or waits for what is wanted; decides what it asks on the way.
    async fn reach(&self, run: &str, wanted: impl Fn(&[Text]) -> bool) -> Result<(), String> {
        loop {
            let mut watch = self.runtime.watch(run).await.map_err(|error| error.to_string())?;
            loop {
                let view = self.runtime.view(run).await;
                self.awaited.lock().unwrap().insert(run.to_owned(), format!("{view:?}"));
                match view {
                    Ok(view) if view.status.is_final() => return Ok(()),
                    Ok(view) => {
                        let waiting = self.waiting(view).await?;
                        if wanted(&waiting) {
                            return Ok(());
                        }
                        self.decide(run, &waiting).await?;
                    }
                    Err(RunsError::NotFound { .. }) => {}
                    Err(error) => return Err(format!("{run}: {error}")),
                }
                if watch.next().await.is_none() {
                    break;
                }
            }
        }
    }

    /// The row of a run that has left memory does not say what it waits for; its journal does.
    async fn waiting(&self, view: RunView) -> Result<Vec<Text>, String> {
        if view.status != Status::Waiting || !view.waiting.is_empty() {
            return Ok(view.waiting);
        }
        let replay = self.runtime.replay(&view.run, None).await.map_err(|error| error.to_string())?;
        let mut waiting: Vec<Text> = replay.signals.iter().map(|name| format!("signal {name}").into()).collect();
        waiting.extend(self.marks(&view).await?.into_iter().map(|path| Text::from(format!("decision {path}"))));
        Ok(waiting)
    }

    /// Steps that were dispatched and have neither a result nor a decision.
    async fn marks(&self, view: &RunView) -> Result<BTreeSet<Text>, String> {
        let row = self.store.run(&view.run).await.map_err(|error| error.to_string())?;
        let Some(row) = row else { return Ok(BTreeSet::new()) };
        let records = self.store.records(row.key, 1, u32::MAX).await.map_err(|error| error.to_string())?;
        let mut marks = BTreeSet::new();
        for event in records.iter().filter_map(|record| record.decode().ok()) {
            match event.body {
                EventBody::Dispatched { path, .. } => marks.insert(path),
                EventBody::TaskFinished { path, .. } | EventBody::Decided { path, .. } => marks.remove(&path),
                _ => false,
            };
        }
        Ok(marks)
    }

    async fn decide(&self, run: &str, waiting: &[Text]) -> Result<(), String> {
        for path in waiting.iter().filter_map(|reason| reason.strip_prefix("decision ")) {
            match self.runtime.decide(run, path, Decision::Retry).await {
                Ok(()) => self.outside.acknowledge(&format!("decide {run} {path}")).await,
                // It was between two attempts, or somebody was faster.
                Err(RunsError::Rejected { code: "NO_DECISION_OPEN", .. } | RunsError::Ended { .. }) => {}
                Err(error) => return Err(format!("{run}: {error}")),
            }
        }
        Ok(())
    }

    async fn open(&self) -> String {
        let runs = self.runtime.unfinished(None, 1_000).await.unwrap_or_default();
        let mut open = vec![format!("{} in memory", self.runtime.held_runs())];
        open.extend(self.awaited.lock().unwrap().iter().map(|(run, seen)| format!("{run} was last {seen}")));
        for run in runs {
            let view = self.runtime.view(&run.id).await;
            open.push(view.map_or_else(
                |error| error.to_string(),
                |view| format!("{} is {} and waits for {:?}", view.run, view.status.as_str(), view.waiting),
            ));
        }
        open.join("; ")
    }
}

fn signal(name: &str) -> Request {
    Request::Signal { name: name.into(), id: Some(name.into()), payload: Value::from(1) }
}
