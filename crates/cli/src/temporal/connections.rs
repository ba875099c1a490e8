//! A server's connections to Temporal: runs are started through them, and their journals come back.

use super::address::address;
use crate::args::temporal::Cluster as Args;
use crate::exit::UsageError;
use crate::serve::connections::{ConnectionWith, Connections as Given};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use weir_base::Text;
use weir_catalog::Catalog;
use weir_kind::{Interfaces, Memory, Secrets};
use weir_runs::{Carrier, Connection, Handed, NoCarrier, Request, RunsError, Standing};
use weir_runtime::{NoFinder, Runtime, SystemClock};
use weir_store::Place;
use weir_temporal::{
    Address, Begin, Cluster, Keeper, Options, Outside, Parts, Rules, TemporalError, Working, check_request, input_of,
    names, work,
};

/// How long somebody who has asked waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a server that stops waits for what its connections have under way.
const AT_THE_END: Duration = Duration::from_secs(10);
/// How long nobody looks again whether another installation works at the same queue.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a worker that did not come is left alone: at first, and at most.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(15);

/// All of a server's connections.
pub struct Connections {
    links: BTreeMap<Text, Arc<Link>>,
    catalog: Arc<Catalog>,
    stop: watch::Sender<bool>,
}

/// What keeps journals, and works where the server works.
#[derive(Clone)]
pub struct Hosting {
    pub runtime: Arc<Runtime>,
    pub secrets: Arc<dyn Secrets>,
    pub interfaces: Arc<dyn Interfaces>,
    pub memory: Arc<dyn Memory>,
}

struct Link {
    name: Text,
    address: Address,
    queue: String,
    worker: bool,
    /// By which this installation is known, the first as its own.
    marks: Vec<String>,
    cluster: Mutex<Option<Cluster>>,
    /// When it was last seen that no other installation works at its queue.
    alone: Mutex<Option<Instant>>,
}

/// The connections as they are configured, of the installation with these marks. Nobody is asked yet: a cluster that is
/// down keeps no server from starting.
pub async fn connections(given: &Given, marks: &[String]) -> anyhow::Result<Arc<Connections>> {
    let mut links = BTreeMap::new();
    for (name, with) in given {
        let link = Link {
            name: name.as_str().into(),
            address: address_of(name, with).await?,
            queue: with.task_queue.clone(),
            worker: with.worker,
            marks: marks.to_vec(),
            cluster: Mutex::default(),
            alone: Mutex::default(),
        };
        links.insert(link.name.clone(), Arc::new(link));
    }
    Ok(Arc::new(Connections { links, catalog: Arc::new(crate::load::catalog()?), stop: watch::Sender::new(false) }))
}

async fn address_of(name: &str, with: &ConnectionWith) -> anyhow::Result<Address> {
    let args = Args {
        temporal: Some(with.address.clone()),
        namespace: with.namespace.clone(),
        task_queue: with.task_queue.clone(),
        tls: with.tls,
        tls_ca: with.tls_ca.clone(),
        tls_cert: with.tls_cert.clone(),
        tls_key: with.tls_key.clone(),
        tls_domain: with.tls_domain.clone(),
        api_key_env: with.api_key_env.clone().unwrap_or_default(),
        payload_keys: with.payload_keys.clone(),
        blobs: with.blobs.clone(),
        blobs_over: 262_144,
    };
    let mut address = address(&args).await?;
    if let Some(variable) = with.api_key_env.as_ref().filter(|_| address.api_key.is_none()) {
        anyhow::bail!(UsageError(format!("temporal: {name}: the variable {variable} is not set")));
    }
    if let Some(file) = &with.api_key_file {
        address.api_key = Some(crate::loader::read(file).map_err(UsageError)?.trim().to_owned());
    }
    Ok(address)
}

impl Connections {
    /// Keeps journals from now on, and works where that is wanted, until [`Connections::stop`].
    pub fn begin(&self, hosting: &Hosting) -> Vec<JoinHandle<()>> {
        let host = |link: &Arc<Link>| tokio::spawn(link.clone().host(hosting.clone(), self.stop.subscribe()));
        self.links.values().map(host).collect()
    }

    /// Lets go of what is under way, which another attempt does again: waits for it, but not for ever.
    pub async fn stop(&self, hosts: Vec<JoinHandle<()>>) {
        self.stop.send_replace(true);
        let names: Vec<Text> = self.links.keys().cloned().collect();
        for connection in let_go(names.into_iter().zip(hosts).collect(), AT_THE_END).await {
            let connection = &*connection;
            tracing::warn!(
                connection,
                "its work has not ended within {} s, and is left as it is: another server or worker does it again",
                AT_THE_END.as_secs()
            );
        }
    }

    fn link(&self, name: &str) -> Result<&Arc<Link>, RunsError> {
        self.links.get(name).ok_or_else(|| NoCarrier::unknown(name, &self.connections()))
    }
}

#[async_trait]
impl Carrier for Connections {
    fn connections(&self) -> Vec<Connection> {
        self.links.values().map(|link| link.shown()).collect()
    }

    async fn check(&self, connection: &str) -> Result<(), RunsError> {
        let link = self.link(connection)?;
        let asked = tokio::time::timeout(PATIENCE, link.check()).await;
        asked.unwrap_or_else(|_| Err(silent(&link.address))).map_err(refused)
    }

    async fn has_worker(&self, connection: &str) -> Result<bool, RunsError> {
        let link = self.link(connection)?;
        link.ask(async |cluster| cluster.has_worker(&link.queue).await).await
    }

    async fn start(&self, run: Handed) -> Result<(), RunsError> {
        // What is not configured at present may be again; the run waits for it.
        let link = self.link(&run.connection).map_err(|error| RunsError::Unavailable(error.to_string()))?;
        let begin = link.begin_of(&run);
        let mut input = input_of(&begin, &self.catalog, run.started.origin.clone())?;
        input.started = run.started;
        let begun = async |cluster: Cluster| {
            link.require_alone(&cluster).await?;
            cluster.begin_own(&begin, input.clone()).await.map(drop)
        };
        link.ask(begun).await
    }

    /// What is not configured at present may take it later.
    fn takes(&self, connection: &str, request: &Request) -> Result<(), RunsError> {
        self.link(connection).map_or(Ok(()), |link| check_request(&link.address, request).map_err(refused))
    }

    async fn request(&self, connection: &str, run: &str, request: &Request, id: Option<&str>) -> Result<(), RunsError> {
        let asked = async |cluster: Cluster| match id {
            Some(id) => cluster.request_once(run, request, id).await,
            None => cluster.request(run, request).await,
        };
        self.link(connection)?.ask(asked).await
    }

    async fn standing(&self, connection: &str, run: &str) -> Result<Standing, RunsError> {
        let found = self.link(connection)?.ask(async |cluster| cluster.standing(run).await).await?;
        Ok(match found {
            None => Standing::Unknown,
            Some(None) => Standing::Open,
            Some(Some(how)) => Standing::Closed(how),
        })
    }
}

impl Link {
    fn shown(&self) -> Connection {
        Connection {
            name: self.name.clone(),
            address: self.address.address.as_str().into(),
            namespace: self.address.namespace.as_str().into(),
            task_queue: self.queue.as_str().into(),
            worker: self.worker,
        }
    }

    /// Asks the cluster, which is reached first where it was not yet.
    async fn ask<T>(&self, question: impl AsyncFnOnce(Cluster) -> Result<T, TemporalError>) -> Result<T, RunsError> {
        let asked = async { question(self.cluster().await?).await };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        answer.unwrap_or_else(|_| Err(silent(&self.address))).map_err(|error| match error {
            TemporalError::Wrong(_) => RunsError::rejected("TEMPORAL_REFUSED", error.to_string()),
            TemporalError::TooLarge { .. } | TemporalError::Taken(_) => refused(error),
            TemporalError::NotFound(run) => RunsError::NotFound { run: run.into() },
            other => RunsError::Unavailable(said(&other)),
        })
    }

    /// Whether it leads somewhere, and nobody else keeps journals there.
    async fn check(&self) -> Result<(), TemporalError> {
        Cluster::connect(&self.address).await?.require_own(&self.queue, &self.marks).await
    }

    /// Looks again now and then, as the other one may have come later; a run that finds it there waits.
    async fn require_alone(&self, cluster: &Cluster) -> Result<(), TemporalError> {
        let mut alone = self.alone.lock().await;
        if alone.is_some_and(|seen| seen.elapsed() < LOOK_AGAIN) {
            return Ok(());
        }
        *alone = None;
        cluster.require_own(&self.queue, &self.marks).await?;
        *alone = Some(Instant::now());
        Ok(())
    }

    /// Comes back once another installation works here that came at the same moment, and is the one to go on.
    async fn shared(&self) -> TemporalError {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            // Where the cluster is away, nobody works there.
            if let Ok(cluster) = self.cluster().await
                && let Err(error) = cluster.remain_own(&self.queue, &self.marks).await
            {
                return error;
            }
        }
    }

    async fn cluster(&self) -> Result<Cluster, TemporalError> {
        let mut known = self.cluster.lock().await;
        if let Some(cluster) = &*known {
            return Ok(cluster.clone());
        }
        let cluster = Cluster::connect(&self.address).await?;
        Ok(known.insert(cluster).clone())
    }

    fn begin_of(&self, run: &Handed) -> Begin {
        let rules = Rules {
            store_queue: Some(names::server_queue(&self.queue)),
            max_payload: if self.address.has_blobs() { None } else { Rules::default().max_payload },
            // Whoever looks at a run sees it as it goes on.
            ship_every: 1,
            ..Rules::default()
        };
        let place = Place { tenant: run.tenant.clone(), project: run.project.clone(), service: run.service.clone() };
        Begin {
            run: run.started.run.clone(),
            flow: (*run.flow).clone(),
            input: run.started.input.clone(),
            place,
            cause: run.cause.clone(),
            library: BTreeMap::new(),
            rules,
            // Where this connection's workers are, whatever queue the flow names for workers of its own.
            queue: self.queue.clone(),
            at: run.created_at,
        }
    }

    /// Hosts the keeper of journals, and the worker, however often the cluster goes away.
    async fn host(self: Arc<Self>, hosting: Hosting, mut stop: watch::Receiver<bool>) {
        let mut pause = SOONEST;
        while !*stop.borrow() {
            let begun = tokio::select! {
                begun = self.work(&hosting) => begun,
                _ = stop.changed() => return,
            };
            let ended = match begun {
                Ok(mut working) => {
                    pause = SOONEST;
                    tracing::info!(connection = &*self.name, "journals are kept");
                    tokio::select! {
                        ended = working.ended() => ended,
                        other = self.shared() => {
                            let _ = working.stop().await;
                            Err(other)
                        }
                        _ = stop.changed() => {
                            let _ = working.stop().await;
                            return;
                        }
                    }
                }
                Err(error) => Err(error),
            };
            let why = ended.err().map_or_else(|| "its worker has ended".to_owned(), |error| said(&error));
            tracing::warn!(connection = &*self.name, "no journals are kept at present: {why}");
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LATEST),
                _ = stop.changed() => return,
            }
        }
    }

    async fn work(&self, hosting: &Hosting) -> Result<Working, TemporalError> {
        self.check().await?;
        let Hosting { runtime, secrets, interfaces, memory } = hosting.clone();
        let catalog = crate::load::catalog().map_err(TemporalError::failed)?;
        let keeper = Keeper {
            store: runtime.store().clone(),
            copies: Arc::new(runtime.copies()),
            connection: Some(self.name.clone()),
            finder: Arc::new(NoFinder),
            catalog: Arc::new(catalog),
        };
        let parts = Parts {
            registry: crate::compose::registry(None).map_err(TemporalError::failed)?,
            outside: Outside { secrets, interfaces, memory, clock: Arc::new(SystemClock) },
            keeper: Some(Arc::new(keeper)),
            files_root: std::env::current_dir().ok(),
        };
        let options = Options {
            queues: if self.worker { vec![self.queue.clone()] } else { Vec::new() },
            store_queue: Some(names::server_queue(&self.queue)),
            drain: Duration::from_secs(2),
            identity: names::server_identity(self.marks.first().map_or("", |mark| mark)),
            ..Options::default()
        };
        work(&self.address, options, parts).await
    }
}

/// Waits until they have ended, at most so long; the names of those that had not by then, and are given up.
async fn let_go(hosts: Vec<(Text, JoinHandle<()>)>, patience: Duration) -> Vec<Text> {
    let over = tokio::time::Instant::now() + patience;
    let mut left = Vec::new();
    for (name, mut host) in hosts {
        if tokio::time::timeout_at(over, &mut host).await.is_err() {
            host.abort();
            left.push(name);
        }
    }
    left
}

fn said(error: &TemporalError) -> String {
    match error.code() {
        Some(code) => format!("{code}: {error}"),
        None => error.to_string(),
    }
}

fn silent(address: &Address) -> TemporalError {
    let why = format!("no answer within {} s", PATIENCE.as_secs());
    TemporalError::Unreachable { address: address.address.clone(), why }
}

/// For whoever is to correct something.
fn refused(error: TemporalError) -> RunsError {
    RunsError::rejected(error.code().unwrap_or("TEMPORAL_UNREACHABLE"), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_end_is_given_up() {
        let ends = tokio::spawn(async {});
        let hangs = tokio::spawn(std::future::pending());
        let hosts = vec![("hangs".into(), hangs), ("ends".into(), ends)];
        assert_eq!(let_go(hosts, Duration::from_millis(20)).await, [Text::from("hangs")]);
    }
}
