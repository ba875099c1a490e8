//! Ports that live in memory: for tests, and for runs that keep nothing.

use crate::{
    FlowContext, LogSink, Observation, PortError, Ports, Recorded, Secrets, Timer, TokioTimer, Transcript,
    VariableChange, VariableOp, VariableScope, Variables,
};
use async_trait::async_trait;
use indexmap::IndexMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_base::{Duration, Text, Value};

/// All ports at once; the fields stay at hand for filling and for looking at afterwards.
#[derive(Clone)]
pub struct MemoryPorts {
    pub secrets: Arc<MemorySecrets>,
    pub variables: Arc<MemoryVariables>,
    pub transcript: Arc<MemoryTranscript>,
    pub log: Arc<MemoryLog>,
    pub timer: Arc<dyn Timer>,
}

impl Default for MemoryPorts {
    fn default() -> Self {
        Self {
            secrets: Arc::default(),
            variables: Arc::default(),
            transcript: Arc::default(),
            log: Arc::default(),
            timer: Arc::new(TokioTimer),
        }
    }
}

impl MemoryPorts {
    pub fn ports(&self) -> Ports {
        Ports {
            secrets: self.secrets.clone(),
            variables: self.variables.clone(),
            transcript: self.transcript.clone(),
            log: self.log.clone(),
            timer: self.timer.clone(),
        }
    }
}

/// Secrets by name, the same for every tenant and project.
#[derive(Default)]
pub struct MemorySecrets(Mutex<IndexMap<Text, Text>>);

impl MemorySecrets {
    pub fn put(&self, name: &str, value: &str) {
        lock(&self.0).insert(name.into(), value.into());
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn get(&self, _: &FlowContext, name: &str) -> Result<Option<Text>, PortError> {
        Ok(lock(&self.0).get(name).cloned())
    }
}

/// Variables of every project and service, and what each change gave.
#[derive(Default)]
pub struct MemoryVariables(Mutex<VariableTable>);

#[derive(Default)]
struct VariableTable {
    values: IndexMap<(Text, Text, Text, Text), Value>,
    applied: IndexMap<String, Value>,
}

impl MemoryVariables {
    pub fn get(&self, flow: &FlowContext, scope: VariableScope, name: &str) -> Value {
        lock(&self.0).values.get(&place(flow, scope, name)).cloned().unwrap_or_default()
    }

    pub fn put(&self, flow: &FlowContext, scope: VariableScope, name: &str, value: Value) {
        lock(&self.0).values.insert(place(flow, scope, name), value);
    }
}

fn place(flow: &FlowContext, scope: VariableScope, name: &str) -> (Text, Text, Text, Text) {
    let service = if scope == VariableScope::Service { flow.service.clone() } else { Text::default() };
    (flow.tenant.clone(), flow.project.clone(), service, name.into())
}

#[async_trait]
impl Variables for MemoryVariables {
    async fn apply(&self, flow: &FlowContext, change: VariableChange) -> Result<Value, PortError> {
        let mut table = lock(&self.0);
        if change.op == VariableOp::Get {
            return Ok(table.values.get(&place(flow, change.scope, &change.name)).cloned().unwrap_or_default());
        }
        if let Some(before) = table.applied.get(&change.key) {
            return Ok(before.clone());
        }
        let place = place(flow, change.scope, &change.name);
        let current = table.values.get(&place).cloned().unwrap_or_default();
        let after = change.op.apply(&current, &change.value)?;
        table.values.insert(place, after.clone());
        table.applied.insert(change.key, after.clone());
        Ok(after)
    }
}

/// Results by path, the same for every run.
#[derive(Default)]
pub struct MemoryTranscript(Mutex<IndexMap<Text, Recorded>>);

impl MemoryTranscript {
    pub fn put(&self, path: &str, recorded: Recorded) {
        lock(&self.0).insert(path.into(), recorded);
    }
}

#[async_trait]
impl Transcript for MemoryTranscript {
    async fn recorded(&self, _: &str, path: &str) -> Result<Option<Recorded>, PortError> {
        Ok(lock(&self.0).get(path).cloned())
    }
}

/// Keeps every observation.
#[derive(Default)]
pub struct MemoryLog(Mutex<Vec<Observation>>);

impl MemoryLog {
    pub fn take(&self) -> Vec<Observation> {
        std::mem::take(&mut lock(&self.0))
    }
}

impl LogSink for MemoryLog {
    fn observe(&self, _: &FlowContext, observation: Observation) {
        lock(&self.0).push(observation);
    }
}

/// A timer that never waits, and keeps how long it was asked to.
#[derive(Default)]
pub struct InstantTimer(Mutex<Vec<Duration>>);

impl InstantTimer {
    pub fn taken(&self) -> Vec<Duration> {
        lock(&self.0).clone()
    }
}

#[async_trait]
impl Timer for InstantTimer {
    async fn sleep(&self, duration: Duration) {
        lock(&self.0).push(duration);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
