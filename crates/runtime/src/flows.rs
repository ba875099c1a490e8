use async_trait::async_trait;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use weir_base::{Text, Value};
use weir_engine::Plan;
use weir_expr::Fuel;
use weir_ir::{Concurrency, Durability, Flow, NodeKind, SignalNames};
use weir_kind::{Checker, EgressPolicy, FlowContext, MemoryLimit, ModelSettings};
use weir_runs::{FlowSource, Request, RunsError};
use weir_store::{FlowVersion, Place, Run, SourceFile, Store, StoreError, blob_hash};

/// Finds flows by name before the store is asked, such as a file beside the one being run.
#[async_trait]
pub trait FlowFinder: Send + Sync {
    async fn find(&self, place: &Place, name: &str) -> Option<Arc<FlowSource>>;
}

/// Knows no flow; the store is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFinder;

#[async_trait]
impl FlowFinder for NoFinder {
    async fn find(&self, _: &Place, _: &str) -> Option<Arc<FlowSource>> {
        None
    }
}

/// How many flow versions are kept ready to run.
const CACHED: usize = 256;

/// How many names of signals a message lists.
const NAMES_SHOWN: usize = 10;

/// How many letters of a signal's name it shows.
const NAME_SHOWN: usize = 100;

/// One flow version, ready to run.
pub(crate) struct Prepared {
    pub hash: Text,
    pub name: Text,
    pub plan: Arc<Plan>,
    pub durability: Option<Durability>,
    pub concurrency: Option<Concurrency>,
    /// Every kind its steps are of, once.
    pub kinds: BTreeSet<Text>,
    /// What the flow declares of its input and of its signals.
    input: Option<Checker>,
    signals: IndexMap<Text, Checker>,
    takes: SignalNames,
    /// Without a place; see [`Prepared::context`].
    base: FlowContext,
    contexts: Mutex<IndexMap<Place, Arc<FlowContext>>>,
}

impl Prepared {
    fn new(hash: Text, flow: &Flow, files_root: Option<&PathBuf>) -> Self {
        let settings = &flow.settings;
        let base = flow_context(flow, &Place::default(), files_root);
        Self {
            hash,
            name: flow.name.as_str().into(),
            plan: Arc::new(Plan::new(flow)),
            durability: settings.durability,
            concurrency: settings.concurrency.clone(),
            kinds: kinds_of(flow),
            input: flow.input.clone().map(Checker::new),
            signals: flow
                .signals
                .iter()
                .filter_map(|(name, signal)| Some((name.clone(), Checker::new(signal.schema.clone()?))))
                .collect(),
            takes: SignalNames::of(flow),
            base,
            contexts: Mutex::default(),
        }
    }

    /// The input with its defaults, if it is what the flow declares.
    pub fn accept_input(&self, input: Value) -> Result<Value, RunsError> {
        match &self.input {
            Some(checker) => checked_input(checker, input),
            None => Ok(input),
        }
    }

    /// Whether some step can take the signal, and its payload is what the flow declares.
    pub fn accept_signal(&self, name: &str, payload: &Value) -> Result<(), RunsError> {
        known_signal(&self.takes, name)?;
        let Some(checker) = self.signals.get(name) else { return Ok(()) };
        checked_signal(checker, name, payload)
    }

    /// What kinds are told about the flow when it runs in this place.
    pub fn context(&self, place: &Place) -> Arc<FlowContext> {
        let mut contexts = self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = contexts.get(place) {
            return context.clone();
        }
        if contexts.len() >= CACHED {
            contexts.clear();
        }
        let Place { tenant, project, service } = place.clone();
        let context = Arc::new(FlowContext { tenant, project, service, ..self.base.clone() });
        contexts.insert(place.clone(), context.clone());
        context
    }

    /// The key under which runs of this flow count against its own limit, or against the one for all flows.
    pub fn concurrency_key(&self, place: &Place, input: &Value, always: bool) -> Result<Option<Text>, RunsError> {
        if self.concurrency.is_none() && !always {
            return Ok(None);
        }
        let prefix = format!("{}/{}/{}", place.tenant, place.project, self.name);
        let key = self.concurrency.as_ref().and_then(|concurrency| concurrency.key.as_ref());
        let Some(expr) = key else { return Ok(Some(prefix.into())) };
        let scope = Value::object([("input", input.clone())]);
        let key = expr.eval(&scope, &mut Fuel::default());
        let key =
            key.map_err(|error| RunsError::rejected("CONCURRENCY_KEY", format!("the concurrency key: {error}")))?;
        Ok(Some(format!("{prefix}:{}", key.to_json()).into()))
    }
}

/// What kinds are told about a flow that runs in this place. `files_root` is what its `files` folder is relative to.
pub fn flow_context(flow: &Flow, place: &Place, files_root: Option<&PathBuf>) -> FlowContext {
    let settings = &flow.settings;
    let folder = |root: &PathBuf| settings.files.as_ref().map(|files| root.join(&**files));
    let egress = EgressPolicy {
        hosts: weir_ir::literal_hosts(flow),
        allow: settings.egress.allow.clone(),
        private: settings.egress.private.clone(),
    };
    let Place { tenant, project, service } = place.clone();
    FlowContext {
        tenant,
        project,
        service,
        flow: flow.name.as_str().into(),
        egress,
        files: files_root.and_then(folder),
        models: settings.models.as_ref().and_then(models),
        memory: settings.memory.map(|memory| MemoryLimit { bytes: memory.bytes() }),
        test_data: flow.test_data.clone(),
    }
}

/// The input with its defaults, if it is what the flow declares.
pub fn accept_input(flow: &Flow, input: Value) -> Result<Value, RunsError> {
    match &flow.input {
        Some(schema) => checked_input(&Checker::new(schema.clone()), input),
        None => Ok(input),
    }
}

/// Whether some step of the flow can take the signal, and its payload is what the flow declares.
pub fn accept_signal(flow: &Flow, name: &str, payload: &Value) -> Result<(), RunsError> {
    known_signal(&SignalNames::of(flow), name)?;
    match flow.signals.get(name).and_then(|signal| signal.schema.clone()) {
        Some(schema) => checked_signal(&Checker::new(schema), name, payload),
        None => Ok(()),
    }
}

fn checked_input(checker: &Checker, input: Value) -> Result<Value, RunsError> {
    let input = checker.with_defaults(input);
    checker
        .check(&input)
        .map_err(|problems| refused("INPUT_INVALID", "the input is not what this flow takes", &problems))?;
    Ok(input)
}

/// One that nobody takes would be kept without a word for ever.
fn known_signal(takes: &SignalNames, name: &str) -> Result<(), RunsError> {
    if takes.take(name) {
        return Ok(());
    }
    let meant = takes.closest(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let known = match takes.is_empty() {
        true => "it takes none at all".to_owned(),
        false => format!("it takes {}", shortened(&takes.shown())),
    };
    let name: String = name.chars().take(NAME_SHOWN).collect();
    Err(RunsError::rejected("SIGNAL_UNKNOWN", format!("the flow takes no signal `{name}`: {known}{meant}")))
}

/// The first names of a list, and how many more there are.
fn shortened(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

fn checked_signal(checker: &Checker, name: &str, payload: &Value) -> Result<(), RunsError> {
    let what = format!("the payload is not what the signal `{name}` takes");
    checker.check(payload).map_err(|problems| refused("SIGNAL_INVALID", &what, &problems))
}

fn refused(code: &'static str, what: &str, problems: &[(String, String)]) -> RunsError {
    let told = |(path, message): &(String, String)| {
        if path.is_empty() { message.clone() } else { format!("{path}: {message}") }
    };
    RunsError::rejected(code, format!("{what}: {}", problems.iter().map(told).collect::<Vec<_>>().join("; ")))
}

/// Both sides have the same JSON form; a setting only one knows is left at its default.
fn models(settings: &weir_ir::ModelSettings) -> Option<ModelSettings> {
    serde_json::to_value(settings).and_then(serde_json::from_value).ok()
}

/// Every kind the flow's steps are of, once.
pub fn kinds_of(flow: &Flow) -> BTreeSet<Text> {
    let mut kinds = BTreeSet::new();
    flow.for_each_node(&mut |node| match &node.kind {
        NodeKind::Task(task) => drop(kinds.insert(task.kind.clone())),
        NodeKind::Agent(agent) => drop(kinds.insert(agent.kind.clone())),
        _ => {}
    });
    kinds
}

/// Refuses a signal that the run's flow does not take: once it is left for another process, nobody would be told.
pub(crate) async fn accept_request(store: &dyn Store, run: &Run, request: &Request) -> Result<(), RunsError> {
    let Request::Signal { name, payload, .. } = request else { return Ok(()) };
    let found = store.flow_version(&run.place.tenant, &run.version).await.map_err(store_failed)?;
    found.map_or(Ok(()), |version| accept_signal(&flow_of(&version)?, name, payload))
}

fn flow_of(version: &FlowVersion) -> Result<Flow, RunsError> {
    weir_ir::from_json(&version.ir).map_err(|error| RunsError::rejected("FLOW_UNREADABLE", error.to_string()))
}

/// Flow versions ready to run, the most recently prepared ones.
pub(crate) struct FlowCache {
    store: Arc<dyn Store>,
    finder: Arc<dyn FlowFinder>,
    files_root: Option<PathBuf>,
    /// By tenant and content hash.
    prepared: Mutex<IndexMap<(Text, Text), Arc<Prepared>>>,
}

impl FlowCache {
    pub fn new(store: Arc<dyn Store>, finder: Arc<dyn FlowFinder>, files_root: Option<PathBuf>) -> Self {
        Self { store, finder, files_root, prepared: Mutex::default() }
    }

    fn cached(&self, tenant: &Text, hash: &Text) -> Option<Arc<Prepared>> {
        let key = (tenant.clone(), hash.clone());
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Runs in memory go on with what they have.
    pub fn forget(&self, tenant: &str, hash: &str) {
        let key = (Text::from(tenant), Text::from(hash));
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).shift_remove(&key);
    }

    fn keep(&self, tenant: &Text, hash: Text, flow: &Flow) -> Arc<Prepared> {
        let prepared = Arc::new(Prepared::new(hash.clone(), flow, self.files_root.as_ref()));
        let mut cache = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED {
            cache.shift_remove_index(0);
        }
        cache.insert((tenant.clone(), hash), prepared.clone());
        prepared
    }

    /// The tenant's version of this content hash.
    pub async fn version(&self, tenant: &Text, hash: &Text) -> Result<Arc<Prepared>, RunsError> {
        if let Some(prepared) = self.cached(tenant, hash) {
            return Ok(prepared);
        }
        let found = self.store.flow_version(tenant, hash).await.map_err(store_failed)?;
        let version = found.ok_or_else(|| RunsError::FlowUnknown { flow: hash.clone() })?;
        self.read(version)
    }

    fn read(&self, version: FlowVersion) -> Result<Arc<Prepared>, RunsError> {
        if let Some(prepared) = self.cached(&version.tenant, &version.hash) {
            return Ok(prepared);
        }
        let flow = flow_of(&version)?;
        Ok(self.keep(&version.tenant, version.hash, &flow))
    }

    /// The newest version of this name: from the finder, else from the store.
    pub async fn newest(&self, place: &Place, name: &str, now: i64) -> Result<Arc<Prepared>, RunsError> {
        if let Some(source) = self.finder.find(place, name).await {
            return self.publish(place, &source, now).await;
        }
        let found = self.store.newest_flow(&place.tenant, &place.project, name).await.map_err(store_failed)?;
        self.read(found.ok_or_else(|| RunsError::FlowUnknown { flow: name.into() })?)
    }

    /// A flow at hand, kept nowhere: to ask what would come of it.
    pub fn at_hand(&self, place: &Place, source: &FlowSource) -> Arc<Prepared> {
        let hash: Text = blob_hash(weir_ir::to_json(&source.flow).as_bytes());
        let made = || Arc::new(Prepared::new(hash.clone(), &source.flow, self.files_root.as_ref()));
        self.cached(&place.tenant, &hash).unwrap_or_else(made)
    }

    /// Keeps a flow at hand in the store, unless it is there already.
    pub async fn publish(&self, place: &Place, source: &FlowSource, now: i64) -> Result<Arc<Prepared>, RunsError> {
        let ir = weir_ir::to_json(&source.flow);
        let hash: Text = blob_hash(ir.as_bytes());
        if let Some(prepared) = self.cached(&place.tenant, &hash) {
            return Ok(prepared);
        }
        let files = source.files.iter().map(|(name, text)| SourceFile { name: name.clone(), text: text.clone() });
        let version = FlowVersion {
            hash: hash.clone(),
            tenant: place.tenant.clone(),
            project: place.project.clone(),
            name: source.flow.name.as_str().into(),
            dialect: source.flow.dialect.as_str().into(),
            files: files.collect(),
            ir,
            published_at: now,
        };
        self.store.publish(version).await.map_err(store_failed)?;
        Ok(self.keep(&place.tenant, hash, &source.flow))
    }
}

pub(crate) fn store_failed(error: StoreError) -> RunsError {
    match error {
        error if error.is_transient() => RunsError::Busy(error.to_string()),
        error if error.may_pass() => RunsError::Unavailable(error.to_string()),
        // Whoever closes it is on the way out: the run goes on when it is opened again.
        StoreError::Closed => RunsError::Stopping,
        error => RunsError::Failed(error.to_string()),
    }
}
