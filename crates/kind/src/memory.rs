//! Ports that live in memory: for tests, and for runs that keep nothing.

use crate::{
    FlowContext, LogSink, Memory, MemoryChange, MemoryOp, Observation, PortError, Ports, Recorded, Secrets, Through,
    Timer, TokioTimer, Transcript, VariableChange, VariableOp, VariableScope, Variables, no_access,
};
use async_trait::async_trait;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use weir_base::{Duration, Text, Value};

/// All ports at once; the fields stay at hand for filling and for looking at afterwards.
#[derive(Clone)]
pub struct MemoryPorts {
    pub secrets: Arc<MemorySecrets>,
    pub variables: Arc<MemoryVariables>,
    pub memory: Arc<MemoryMemory>,
    pub transcript: Arc<MemoryTranscript>,
    pub log: Arc<MemoryLog>,
    pub timer: Arc<dyn Timer>,
}

impl Default for MemoryPorts {
    fn default() -> Self {
        Self {
            secrets: Arc::default(),
            variables: Arc::default(),
            memory: Arc::default(),
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
            memory: self.memory.clone(),
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
    /// Variables that are open to others, by project, interface and name; and whether they may be written.
    open: IndexMap<(Text, Text, Text), bool>,
}

impl MemoryVariables {
    pub fn get(&self, flow: &FlowContext, scope: VariableScope, name: &str) -> Value {
        lock(&self.0).values.get(&place(flow, scope, name)).cloned().unwrap_or_default()
    }

    pub fn put(&self, flow: &FlowContext, scope: VariableScope, name: &str, value: Value) {
        lock(&self.0).values.insert(place(flow, scope, name), value);
    }

    /// A variable of another project that everybody may read, and write where that is said.
    pub fn open(&self, flow: &FlowContext, through: &Through, name: &str, value: Value, writable: bool) {
        let mut table = lock(&self.0);
        let Through { project, interface } = through.clone();
        table.values.insert((flow.tenant.clone(), project.clone(), Text::default(), name.into()), value);
        table.open.insert((project, interface, name.into()), writable);
    }
}

impl VariableTable {
    fn place(&self, flow: &FlowContext, change: &VariableChange) -> Result<(Text, Text, Text, Text), PortError> {
        let Some(through) = &change.through else { return Ok(place(flow, change.scope, &change.name)) };
        let open = self.open.get(&(through.project.clone(), through.interface.clone(), change.name.clone()));
        match open.is_some_and(|writable| *writable || change.op == VariableOp::Get) {
            true => Ok((flow.tenant.clone(), through.project.clone(), Text::default(), change.name.clone())),
            false => Err(no_access(through, &change.name)),
        }
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
        let place = table.place(flow, &change)?;
        if change.op == VariableOp::Get {
            return Ok(table.values.get(&place).cloned().unwrap_or_default());
        }
        if let Some(before) = table.applied.get(&change.key) {
            return Ok(before.clone());
        }
        let current = table.values.get(&place).cloned().unwrap_or_default();
        let after = change.op.apply(&current, &change.value)?;
        table.values.insert(place, after.clone());
        table.applied.insert(change.key, after.clone());
        Ok(after)
    }
}

/// What flows remember, by flow and key, and which changes were made.
#[derive(Default)]
pub struct MemoryMemory(Mutex<MemoryTable>);

#[derive(Default)]
struct MemoryTable {
    entries: BTreeMap<(Text, Text), Value>,
    applied: BTreeSet<String>,
}

impl MemoryMemory {
    pub fn get(&self, flow: &FlowContext, name: &str) -> Option<Value> {
        lock(&self.0).entries.get(&(flow.flow.clone(), name.into())).cloned()
    }

    pub fn put(&self, flow: &FlowContext, name: &str, value: Value) {
        lock(&self.0).entries.insert((flow.flow.clone(), name.into()), value);
    }
}

impl MemoryTable {
    fn list(&self, flow: &FlowContext, begin: &str) -> Value {
        let own = self.entries.iter().filter(|((of, name), _)| *of == flow.flow && name.starts_with(begin));
        Value::array(own.map(|((_, name), value)| listed(name, value)))
    }

    fn bytes(&self, flow: &FlowContext) -> u64 {
        let own = self.entries.iter().filter(|((of, _), _)| *of == flow.flow);
        own.map(|((_, name), value)| (name.len() + value.to_json().len()) as u64).sum()
    }
}

/// An entry as a list shows it.
fn listed(name: &Text, value: &Value) -> Value {
    Value::object([("key", name.clone().into()), ("value", value.clone())])
}

#[async_trait]
impl Memory for MemoryMemory {
    async fn apply(&self, flow: &FlowContext, change: MemoryChange) -> Result<Value, PortError> {
        let mut table = lock(&self.0);
        let place = (flow.flow.clone(), change.name.clone());
        let current = table.entries.get(&place).cloned().unwrap_or_default();
        match change.op {
            MemoryOp::List => return Ok(table.list(flow, &change.name)),
            MemoryOp::Get => return Ok(current),
            _ if table.applied.contains(&change.key) => return Ok(current),
            _ => {}
        }
        let before = table.entries.clone();
        match change.op.apply(&current, &change.value)? {
            Some(value) => drop(table.entries.insert(place.clone(), value)),
            None => drop(table.entries.remove(&place)),
        }
        if flow.memory.is_some_and(|limit| table.bytes(flow) > limit.bytes) {
            table.entries = before;
            return Err(PortError::Full("the flow would remember more than its `limit`".to_owned()));
        }
        table.applied.insert(change.key);
        Ok(table.entries.get(&place).cloned().unwrap_or_default())
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
