use super::address::{address, told};
use crate::args::temporal::Worker;
use crate::exit::{Exit, UsageError};
use crate::serve::log;
use crate::serve::parts::Machine;
use crate::stop::Stop;
use crate::{compose, data, load};
use anyhow::Context as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use weir_base::Text;
use weir_control::{Ambient as _, FlowMemory};
use weir_kind::{Memory, NoInterfaces, NoMemory};
use weir_runtime::{Clock, SystemClock};
use weir_store::{Documents, Store};
use weir_temporal::{Address, Cluster, Keeper, Options, Outside, Parts, TemporalError, Working, forward, names, work};

/// How often a folder that another process keeps is asked for.
const AGAIN: Duration = Duration::from_millis(500);
/// Letters of what tells one store from another.
const MARK: usize = 16;

pub fn worker(args: &Worker) -> anyhow::Result<Exit> {
    let log = log::begin(None, None)?;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(carry(args));
    threads.shutdown_background();
    drop(log);
    exit
}

async fn carry(args: &Worker) -> anyhow::Result<Exit> {
    let mut stop = Stop::listen()?;
    let address = address(&args.cluster).await?;
    let folder = data::directory(args.data.data.as_ref())?;
    let keeps = !args.no_store && args.kinds.is_empty();
    let store = if keeps { open(args, &folder).await? } else { None };
    let has_store = store.is_some();
    let mut working = begin(args, &address, store, false).await?;
    let where_to = if has_store { format!("; journals are kept in {}", place(args, &folder)) } else { String::new() };
    crate::errln!("working for {} in `{}`{where_to}", address.address, queues(args).join("`, `"));
    let store = tokio::select! {
        () = stop.asked() => None,
        ended = working.ended() => return ended.map(|()| Exit::Failed).map_err(told),
        store = free(args, &folder), if keeps && !has_store => Some(store),
    };
    // What it has begun as it goes on: nobody else may be there for the runs.
    let mut keeping = None;
    if let Some(store) = store {
        let mut begun = begin(args, &address, Some(store), true).await?;
        crate::errln!("journals are kept in {} from now on", place(args, &folder));
        tokio::select! {
            () = stop.asked() => {}
            ended = working.ended() => ended.map_err(told)?,
            ended = begun.ended() => ended.map_err(told)?,
        }
        keeping = Some(begun);
    }
    crate::errln!("stopping; once more stops at once");
    tokio::select! {
        stopped = stop_all(working, keeping) => stopped.map_err(told)?,
        () = stop.asked() => {}
    }
    Ok(Exit::Success)
}

/// Runs end only once the store has them, so that one stops last.
async fn stop_all(working: Working, keeping: Option<Working>) -> Result<(), TemporalError> {
    working.stop().await?;
    match keeping {
        Some(keeping) => keeping.stop().await,
        None => Ok(()),
    }
}

/// Where journals are kept, without the password to it.
fn place(args: &Worker, folder: &Path) -> String {
    match args.database_url {
        Some(_) => "the database".to_owned(),
        None => folder.display().to_string(),
    }
}

type Stores = (Arc<dyn Store>, Arc<dyn Documents>);

/// The store, if nobody else has it.
async fn open(args: &Worker, folder: &Path) -> anyhow::Result<Option<Stores>> {
    match compose::stores(folder, args.database_url.as_deref()).await {
        Ok(stores) => Ok(Some(stores)),
        Err(error) if format!("{error:#}").contains("in use by") => {
            crate::errln!("{error:#}; that one keeps the journals, this worker only works");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Waits until the store is nobody's.
async fn free(args: &Worker, folder: &Path) -> Stores {
    loop {
        tokio::time::sleep(AGAIN).await;
        if let Ok(stores) = compose::stores(folder, args.database_url.as_deref()).await {
            return stores;
        }
    }
}

fn queues(args: &Worker) -> Vec<String> {
    let base = &args.cluster.task_queue;
    match args.project.is_empty() {
        true => vec![base.clone()],
        false => args.project.iter().map(|project| names::project_queue(base, "", project)).collect(),
    }
}

/// What tells this store from others: a word of the folder's own, or where the database is.
fn mark(args: &Worker, folder: &Path) -> anyhow::Result<String> {
    let Some(url) = &args.database_url else { return word_of(&folder.join("worker-mark")) };
    let place = url.rsplit('@').next().unwrap_or_default().split('?').next().unwrap_or_default();
    Ok(weir_store::blob_hash(place.as_bytes()).chars().take(MARK).collect())
}

/// The word in a file, which is made up where there is none.
fn word_of(file: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(word) if !word.trim().is_empty() => return Ok(word.trim().to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).context(file.display().to_string()),
        _ => {}
    }
    let mut chance = [0; 16];
    Machine.fill(&mut chance);
    let word: String = weir_store::blob_hash(&chance).chars().take(MARK).collect();
    std::fs::write(file, &word).with_context(|| file.display().to_string())?;
    Ok(word)
}

/// Refuses to keep a part of the journals of a queue of which another store has the rest.
async fn alone(args: &Worker, address: &Address, mark: &str) -> anyhow::Result<()> {
    let cluster = Cluster::connect(address).await.map_err(told)?;
    for queue in queues(args) {
        cluster.require_own_store(&queue, mark).await.map_err(told)?;
    }
    Ok(())
}

async fn begin(args: &Worker, address: &Address, stores: Option<Stores>, store_only: bool) -> anyhow::Result<Working> {
    let finder = compose::beside(args.flows.clone(), args.bind.clone());
    let mut memory: Arc<dyn Memory> = Arc::new(NoMemory);
    let (mut keeper, mut identity) = (None, Options::default().identity);
    if let Some((store, documents)) = stores {
        let mark = mark(args, &data::directory(args.data.data.as_ref())?)?;
        alone(args, address, &mark).await?;
        identity = names::keeper_identity(&mark);
        memory = Arc::new(FlowMemory::new(documents, store.clone(), Arc::new(Machine), None));
        let epoch = store.claim(std::process::id(), SystemClock.now()).await?;
        keeper = Some(Arc::new(Keeper::new(store, epoch, finder, Arc::new(load::catalog()?))));
    }
    let secrets = compose::environment(crate::commands::run::secrets(&args.secret)?);
    let outside = Outside { secrets, interfaces: Arc::new(NoInterfaces), memory, clock: Arc::new(SystemClock) };
    let files_root: Option<PathBuf> = std::env::current_dir().ok();
    let parts = Parts { registry: compose::registry(None)?, outside, keeper, files_root };
    let options = Options {
        queues: queues(args),
        kinds: args.kinds.iter().map(|kind| Text::from(kind.as_str())).collect(),
        takeover: Duration::from_millis(args.takeover.millis),
        deployment: args.deployment.clone().zip(args.build_id.clone()),
        store_only,
        identity,
        // They are those of all of this process.
        metrics: args.metrics.filter(|_| !store_only),
        ..Options::default()
    };
    if let Some(keeper) = &parts.keeper {
        let cluster = Cluster::connect(address).await.map_err(told)?;
        tokio::spawn(forward(keeper.clone(), cluster));
    }
    if options.takeover.is_zero() {
        anyhow::bail!(UsageError("--takeover must be longer than nothing".into()));
    }
    work(address, options, parts).await.map_err(told)
}
