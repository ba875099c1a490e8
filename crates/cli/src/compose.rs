//! Puts a runtime together: store, kinds, secrets, clock. The one place that knows all the parts.

use crate::args::Bind;
use crate::load;
use crate::serve::parts::Machine;
use anyhow::Context;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use weir_base::{Text, Value, has_errors};
use weir_control::FlowMemory;
use weir_ir::Durability;
use weir_kind::{Category, FlowContext, Housekeeping, Interfaces, Memory, PortError, Registry, Secrets, TaskError};
use weir_runs::{Carrier, FlowSource};
use weir_runtime::{Clock, FlowFinder, Options, Parts, RetentionOptions, Runtime, SystemClock, VirtualClock};
use weir_store::{Documents, Place, Store, StoreError};
use weir_store_sql::{PgOptions, PgStore, SqlOptions, SqlStore};

/// How a runtime is wanted.
#[derive(Default)]
pub struct Wanted {
    pub virtual_time: bool,
    /// Runs that were open before are left as they are.
    pub only_new: bool,
    /// This clock instead of one of its own.
    pub clock: Option<Arc<dyn Clock>>,
    pub durability: Option<Durability>,
    /// Names of environment variables that flows may use as secrets, by secret name.
    pub secrets: BTreeMap<String, String>,
    pub retention: RetentionOptions,
    pub runs_per_tenant: Option<u32>,
    pub drain: Option<weir_base::Duration>,
    /// Where the secrets of tenants are.
    pub vault: Option<Arc<dyn Secrets>>,
    /// What projects have opened to each other.
    pub interfaces: Option<Arc<dyn Interfaces>>,
    /// What flows remember; for this machine's user it is kept beside the runs.
    pub memory: Option<Arc<dyn Memory>>,
    /// Told of runs and steps as they end.
    pub observer: Option<Arc<dyn weir_runs::Observer>>,
    /// Who does what a server does for itself.
    pub house: Option<Arc<dyn Housekeeping>>,
    /// What carries runs that are not to be carried here.
    pub carrier: Option<Arc<dyn Carrier>>,
    /// Where flows that are called by name are looked for.
    pub folder: Option<PathBuf>,
    pub bind: Bind,
}

/// Opens the data as its owner and starts carrying runs.
pub async fn runtime(data: &Path, wanted: Wanted) -> anyhow::Result<Runtime> {
    let (store, documents) = stores(data, None).await?;
    let own = || -> Arc<dyn Memory> { Arc::new(FlowMemory::new(documents, store.clone(), Arc::new(Machine), None)) };
    let memory = Some(wanted.memory.clone().unwrap_or_else(own));
    runtime_on(store, data, Wanted { memory, ..wanted }).await
}

/// Opens the data as its owner: what runtimes keep, and what people change by hand.
pub async fn stores(data: &Path, url: Option<&str>) -> anyhow::Result<(Arc<dyn Store>, Arc<dyn Documents>)> {
    crate::data::require_folder(data)?;
    if let Some(url) = url {
        // What is not in the database, such as the key that seals secrets, is in the folder all the same.
        std::fs::create_dir_all(data).with_context(|| data.display().to_string())?;
        let store = PgStore::open(url, &PgOptions::default()).await.map_err(in_database)?;
        let store = Arc::new(store);
        return Ok((store.clone(), store));
    }
    let store = SqlStore::open(data, &SqlOptions::default()).await.map_err(|error| told(data, error))?;
    let store = Arc::new(store);
    Ok((store.clone(), store))
}

/// Starts carrying the runs of a store.
pub async fn runtime_on(store: Arc<dyn Store>, data: &Path, wanted: Wanted) -> anyhow::Result<Runtime> {
    let mut parts = Parts::new(store, registry(wanted.house)?);
    parts.clock = wanted.clock.unwrap_or_else(|| clock(wanted.virtual_time));
    parts.secrets = match wanted.vault {
        Some(vault) => by_tenant(vault, wanted.secrets),
        None => Arc::new(Environment { named: wanted.secrets }),
    };
    parts.carrier = wanted.carrier.unwrap_or(parts.carrier);
    parts.interfaces = wanted.interfaces.unwrap_or(parts.interfaces);
    parts.memory = wanted.memory.unwrap_or(parts.memory);
    parts.observer = wanted.observer;
    if let Some(folder) = wanted.folder {
        parts.finder = Arc::new(Beside { folder, bind: wanted.bind });
    }
    let options = Options {
        force_durability: wanted.durability,
        take_up: !wanted.only_new,
        retention: wanted.retention,
        runs_per_tenant: wanted.runs_per_tenant,
        drain: wanted.drain.unwrap_or(Options::default().drain),
        files_root: std::env::current_dir().ok(),
        ..Options::default()
    };
    Runtime::open(options, parts).await.with_context(|| format!("the data in {} cannot be opened", data.display()))
}

/// Every kind there is, with what performs it.
pub fn registry(house: Option<Arc<dyn Housekeeping>>) -> anyhow::Result<Registry> {
    let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
    let broken =
        |problem: Box<weir_base::Diagnostic>| anyhow::anyhow!("a built-in record is broken: {}", problem.message);
    let mut registry = weir_kinds::registry(egress).map_err(broken)?;
    let house = house.unwrap_or_else(|| Arc::new(NoHouse));
    weir_kinds::system(&house).into_iter().try_for_each(|kind| registry.add(kind)).map_err(broken)?;
    Ok(registry)
}

/// What is about a run that is there makes no new data where nothing was ever run.
pub fn require_runs(data: &Path) -> anyhow::Result<()> {
    crate::data::require_folder(data)?;
    match crate::data::exists(&data.join("weir.db"))? {
        true => Ok(()),
        false => {
            let message =
                format!("there are no runs in {}; --data DIR or --server URL say where they are", data.display());
            Err(crate::exit::UsageError(message).into())
        }
    }
}

/// Opens data to read it and to leave messages; another process may own it.
pub async fn visit(data: &Path) -> anyhow::Result<Arc<dyn Store>> {
    require_runs(data)?;
    let store = SqlStore::visit(data, &SqlOptions::default()).await.map_err(|error| told(data, error))?;
    Ok(Arc::new(store))
}

fn in_database(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Locked { pid } => {
            let who = pid.map(|pid| format!("process {pid}")).unwrap_or_else(|| "another process".into());
            anyhow::anyhow!("the database is in use by {who}; one server at a time writes to it")
        }
        other => anyhow::anyhow!("the database: {other}"),
    }
}

fn told(data: &Path, error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Locked { pid } => {
            let who = pid.map(|pid| format!("process {pid}")).unwrap_or_else(|| "another process".into());
            let message = format!(
                "{} is in use by {who}. `weir runs signal|cancel|pause|resume` reach it from here; or give another --data DIR",
                data.display()
            );
            anyhow::anyhow!(message)
        }
        other => anyhow::anyhow!("{}: {other}", data.display()),
    }
}

fn clock(virtual_time: bool) -> Arc<dyn Clock> {
    match virtual_time {
        true => Arc::new(VirtualClock::starting_at(SystemClock.now())),
        false => Arc::new(SystemClock),
    }
}

/// Secrets from the environment: `WEIR_SECRET_<NAME>`, as it is or in capitals, and variables named with `--secret`. No
/// other variable is given out.
struct Environment {
    named: BTreeMap<String, String>,
}

#[async_trait]
impl Secrets for Environment {
    async fn get(&self, _: &FlowContext, name: &str) -> Result<Option<Text>, PortError> {
        let own = |name: &str| std::env::var(format!("WEIR_SECRET_{name}")).ok();
        let named = self.named.get(name).and_then(|variable| std::env::var(variable).ok());
        Ok(named.or_else(|| own(name)).or_else(|| own(&in_capitals(name))).map(Text::from))
    }
}

/// As generated code looks for it, and as a shell can set it: with `_` for all that is no letter or digit.
fn in_capitals(name: &str) -> String {
    name.to_uppercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The secrets of tenants, and what the environment holds for whoever is none.
pub fn by_tenant(vault: Arc<dyn Secrets>, named: BTreeMap<String, String>) -> Arc<dyn Secrets> {
    Arc::new(ByTenant { vault, environment: Arc::new(Environment { named }) })
}

/// The secrets the environment holds, for programs that know no tenants.
#[cfg(feature = "temporal")]
pub fn environment(named: BTreeMap<String, String>) -> Arc<dyn Secrets> {
    Arc::new(Environment { named })
}

/// Finds flows among the files of a folder.
#[cfg(feature = "temporal")]
pub fn beside(folder: PathBuf, bind: Bind) -> Arc<dyn FlowFinder> {
    Arc::new(Beside { folder, bind })
}

/// Runs of a tenant get its secrets; those of this machine's user get what the environment holds for them.
struct ByTenant {
    vault: Arc<dyn Secrets>,
    environment: Arc<Environment>,
}

#[async_trait]
impl Secrets for ByTenant {
    async fn get(&self, flow: &FlowContext, name: &str) -> Result<Option<Text>, PortError> {
        match flow.tenant.is_empty() {
            true => self.environment.get(flow, name).await,
            false => self.vault.get(flow, name).await,
        }
    }
}

/// Flows that are called by name are files beside the one that is run.
struct Beside {
    folder: PathBuf,
    bind: Bind,
}

#[async_trait]
impl FlowFinder for Beside {
    async fn find(&self, place: &Place, name: &str) -> Option<Arc<FlowSource>> {
        // A tenant's flows are in the store; files are for the runs of this machine's user.
        if !place.tenant.is_empty() {
            return None;
        }
        let path = crate::loader::beside(&self.folder, name)?;
        let loaded = load::load(&path, &self.bind, &load::catalog().ok()?).ok()?;
        let runnable = !has_errors(&weir_check::for_running(loaded.diagnostics.clone()));
        let mut flow = loaded.flow.clone().filter(|_| runnable)?;
        // The name it was called by is the name it is kept under.
        flow.name = name.to_owned();
        Some(Arc::new(FlowSource { flow, files: loaded.named_texts() }))
    }
}

/// Runs a server has made for itself wait for the next server.
struct NoHouse;

#[async_trait]
impl Housekeeping for NoHouse {
    fn is_own(&self, flow: &FlowContext) -> bool {
        &*flow.project == weir_store::SYSTEM_PROJECT
    }

    async fn perform(&self, _: &FlowContext, _: &str, _: &Value) -> Result<Value, TaskError> {
        Err(TaskError::new(Category::Internal, "SYSTEM_WORK", "only `weir serve` does this").retryable(true))
    }
}
