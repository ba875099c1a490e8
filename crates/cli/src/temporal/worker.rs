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
/// How long a store that was free, and could not be used all the same, is left alone.
const LATER: Duration = Duration::from_secs(15);
/// How often a worker that keeps journals looks whether another one does as well.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
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
    let mut keeping = None;
    let result = tokio::select! {
        () = stop.asked() => Ok(()),
        ended = working.ended() => return ended.map(|()| Exit::Failed).map_err(told),
        other = shared(args, &address, &folder), if has_store => Err(other),
        ended = take_over(args, &address, &folder, &mut keeping), if keeps && !has_store => Err(ended),
    };
    crate::errln!("stopping; once more stops at once");
    let stopped = tokio::select! {
        stopped = stop_all(working, keeping) => stopped.map_err(told),
        () = stop.asked() => Ok(()),
    };
    result.and(stopped).map(|()| Exit::Success)
}

/// Keeps journals as well, once the store is nobody's: what it has begun goes on. Comes back with why it does not any
/// more.
async fn take_over(args: &Worker, address: &Address, folder: &Path, keeping: &mut Option<Working>) -> anyhow::Error {
    let begun = keeping.insert(begin_later(args, address, folder).await);
    crate::errln!("journals are kept in {} from now on", place(args, folder));
    let ended = tokio::select! {
        ended = begun.ended() => ended,
        other = shared(args, address, folder) => return other,
    };
    *keeping = None;
    ended.err().map_or_else(|| anyhow::anyhow!("no journals are kept any more"), told)
}

/// Waits until the store is nobody's, and nobody keeps these journals in another one.
async fn begin_later(args: &Worker, address: &Address, folder: &Path) -> Working {
    loop {
        let store = free(args, folder).await;
        match begin(args, address, Some(store), true).await {
            Ok(begun) => return begun,
            Err(error) => crate::errln!("{error:#}; this worker keeps no journals at present, and only works"),
        }
        tokio::time::sleep(LATER).await;
    }
}

/// Comes back once another worker keeps these journals in another store that came at the same moment, and is the one to
/// go on.
async fn shared(args: &Worker, address: &Address, folder: &Path) -> anyhow::Error {
    let mark = match mark(args, folder) {
        Ok(mark) => mark,
        Err(error) => return error,
    };
    let mut known = None;
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if known.is_none() {
            known = Cluster::connect(address).await.ok();
        }
        // Where the cluster is away, nobody works there.
        let Some(cluster) = &known else { continue };
        for queue in queues(args) {
            if let Err(error) = cluster.remain_own_store(&queue, &mark).await {
                return told(error);
            }
        }
    }
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
    if options.takeover.is_zero() {
        anyhow::bail!(UsageError("--takeover must be longer than nothing".into()));
    }
    let Some(keeper) = parts.keeper.clone() else { return work(address, options, parts).await.map_err(told) };
    let cluster = Cluster::connect(address).await.map_err(told)?;
    let working = work(address, options, parts).await.map_err(told)?;
    // Not before: it has the store for as long as this process lives.
    tokio::spawn(forward(keeper, cluster));
    Ok(working)
}
