//! Processes that are killed at seeded fail points, on files of the real file system.

use crate::judge::{judge, read};
use crate::life::serve;
use crate::load::{Promises, fire};
use crate::probe::Outside;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::site::{Data, Opened, found};
use crate::witness::{Remote, Witness};
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::watch;
use weir_runtime::Faults;
use weir_store::StoreError;
use weir_store_sql::SqlOptions;
use weir_testkit::announce_passages;

const VARIABLE: &str = "CRASH_SERVER";
const SIGKILL: i32 = 9;

/// Everywhere the process may die under this load.
const POINTS: [&str; 8] = [
    "commit.before",
    "commit.after",
    "effect.before",
    "effect.after",
    "write.before",
    "write.after",
    "sync.before",
    "sync.after",
];

/// What a life is told.
pub struct Told {
    seed: u64,
    witness: SocketAddr,
    point: String,
    passage: u64,
    data: String,
}

impl Told {
    pub fn from_environment() -> Option<Self> {
        let text = std::env::var(VARIABLE).ok()?;
        let mut parts = text.splitn(5, '|');
        Some(Self {
            seed: parts.next()?.parse().ok()?,
            witness: parts.next()?.parse().ok()?,
            point: parts.next()?.to_owned(),
            passage: parts.next()?.parse().ok()?,
            data: parts.next()?.to_owned(),
        })
    }

    fn command(&self) -> tokio::process::Command {
        let Self { seed, witness, point, passage, data } = self;
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = tokio::process::Command::new(program);
        command.env(VARIABLE, format!("{seed}|{witness}|{point}|{passage}|{data}"));
        command
    }
}

/// Kills the process at the chosen passage.
struct Killer {
    point: String,
    left: AtomicU64,
}

impl Faults for Killer {
    fn at(&self, point: &'static str) {
        if point == self.point && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }
}

/// The process that is killed: says its address on stdout, and serves until its stdin ends.
pub fn live(told: &Told) -> ExitCode {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    match threads.block_on(life(told)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn life(told: &Told) -> Result<(), String> {
    let killer = Arc::new(Killer { point: told.point.clone(), left: AtomicU64::new(told.passage) });
    let beneath = killer.clone();
    let vfs = announce_passages(move |point| beneath.at(point)).map(str::to_owned);
    let options = SqlOptions { vfs, checkpoint_pages: 100, ..SqlOptions::default() };
    let data = match told.data.starts_with("postgres") {
        true => Data::Database(told.data.clone()),
        false => Data::Folder(told.data.clone().into(), options),
    };
    let opened = open_patiently(&data).await.map_err(|error| format!("the store: {error}"))?;
    let outside: Arc<dyn Outside> = Arc::new(Remote(told.witness));
    let (ended, stop) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::Read::read_to_end(&mut std::io::stdin(), &mut Vec::new());
        drop(ended);
    });
    let stop = async {
        let _ = stop.await;
    };
    serve(opened, &outside, killer, told.seed, |address| println!("{address}"), stop).await
}

/// A database that is not there yet comes soon.
async fn open_patiently(data: &Data) -> Result<Opened, StoreError> {
    let mut again = tokio::time::interval(std::time::Duration::from_millis(20));
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        match data.open().await {
            Err(error) if error.may_pass() && tokio::time::Instant::now() < until => drop(again.tick().await),
            done => return done,
        }
    }
}

pub fn run(seeds: &Seeds) -> Outcome {
    each(seeds, |seed, outcome| {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let case = Case {
            suite: "webhooks",
            data: Data::Folder(folder.path().to_owned(), SqlOptions::default()),
            told: folder.path().display().to_string(),
            points: &POINTS,
        };
        threads().block_on(case.cut(seed, outcome, Meanwhile::Nothing))
    })
}

pub fn each(seeds: &Seeds, case: impl Fn(u64, &mut Outcome) -> Result<Vec<String>, String> + Sync) -> Outcome {
    seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let problems = case(seed, &mut outcome).unwrap_or_else(|problem| vec![problem]);
        outcome.failures.extend(problems.into_iter().map(|problem| (seed, problem)));
        outcome
    })
}

pub fn threads() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads")
}

/// What happens beside the server while it is asked.
pub enum Meanwhile<'a> {
    Nothing,
    /// Something that goes on until all is asked for, or the future ends; an error is a fault.
    Trouble(std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>),
}

/// Lives of a server on one set of data.
pub struct Case {
    pub suite: &'static str,
    pub data: Data,
    /// The data as a life is told of it.
    pub told: String,
    pub points: &'static [&'static str],
}

impl Case {
    async fn cut(&self, seed: u64, outcome: &mut Outcome, meanwhile: Meanwhile<'_>) -> Result<Vec<String>, String> {
        let path = found(&self.data, seed).await?;
        let mut random = Random::of_case(1, self.suite, seed);
        let kills = 1 + random.below(4) as u64;
        let (promises, (tell, address)) = (Promises::default(), watch::channel(None));
        self.load(seed, (&path, kills), (&promises, tell, address), (outcome, &mut random), meanwhile).await
    }

    /// Asks for everything, over as many lives as it takes, and judges; what is wrong.
    pub async fn load(
        &self,
        seed: u64,
        (path, kills): (&str, u64),
        (promises, tell, address): (&Promises, watch::Sender<Option<SocketAddr>>, watch::Receiver<Option<SocketAddr>>),
        (outcome, random): (&mut Outcome, &mut Random),
        meanwhile: Meanwhile<'_>,
    ) -> Result<Vec<String>, String> {
        let witness = Witness::new();
        let mut killed = 0;
        let lives = async {
            for number in 0.. {
                let (point, passage) = if number < kills { plan(random, self.points) } else { ("", 0) };
                witness.begin_life();
                let told = Told {
                    seed: seed.wrapping_mul(1_000) + number,
                    witness: witness.address,
                    point: point.to_owned(),
                    passage,
                    data: self.told.clone(),
                };
                if !one_life(&told, &tell, promises, number >= kills).await? {
                    break;
                }
                killed += 1;
                if !point.is_empty() {
                    outcome.count(point, 1);
                }
            }
            drop(tell);
            Ok::<(), String>(())
        };
        let trouble = async {
            match meanwhile {
                Meanwhile::Nothing => Ok(()),
                Meanwhile::Trouble(trouble) => {
                    promises.troubled.store(true, Ordering::SeqCst);
                    let done = trouble.await;
                    promises.troubled.store(false, Ordering::SeqCst);
                    done
                }
            }
        };
        let (trouble, (), lived) = tokio::join!(biased; trouble, fire(path, promises, address), lives);
        lived?;
        trouble?;
        outcome.count("kills", killed);
        self.judge(promises, &witness, outcome).await
    }

    async fn judge(
        &self,
        promises: &Promises,
        witness: &Witness,
        outcome: &mut Outcome,
    ) -> Result<Vec<String>, String> {
        let notes = witness.settled();
        outcome.count("cases", 1);
        outcome.count("calls", notes.calls().count() as u64);
        let (keyed, once) = (promises.keyed.lock().unwrap().len(), promises.once.lock().unwrap().len());
        outcome.count("acknowledged", (keyed + once) as u64);
        let opened = self.data.visit().await.map_err(|error| error.to_string())?;
        let runs = read(&*opened.store).await.map_err(|error| error.to_string())?;
        let mut wrong = judge(promises, &runs, &notes);
        if keyed != crate::load::REQUESTS.div_ceil(2) {
            wrong.push(format!("only {keyed} of the requests with a key were ever acknowledged"));
        }
        Ok(wrong)
    }
}

fn plan(random: &mut Random, points: &'static [&'static str]) -> (&'static str, u64) {
    let point = random.pick(points);
    let most = if point.starts_with("write") { 300 } else { 60 };
    let most = if random.one_in(3) { 6 } else { most };
    (point, 1 + random.below(most) as u64)
}

/// Which process listens where.
static LIVES: Mutex<BTreeMap<u16, u32>> = Mutex::new(BTreeMap::new());

/// Kills the life that listens there, at once.
pub fn kill_life(port: u16) -> Result<(), String> {
    let pid = LIVES.lock().unwrap().get(&port).copied().and_then(|pid| Pid::from_raw(pid as i32));
    kill_process(pid.ok_or("nobody listens there")?, Signal::KILL).map_err(|error| error.to_string())
}

/// Whether it was killed. The last life is stopped once everything was asked for; one that was to be killed and has
/// outlived all the requests is stopped as well.
async fn one_life(
    told: &Told,
    tell: &watch::Sender<Option<SocketAddr>>,
    promises: &Promises,
    last: bool,
) -> Result<bool, String> {
    let mut child = told
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut lines = BufReader::new(child.stdout.take().expect("is piped")).lines();
    let mut input = child.stdin.take();
    if let Ok(Some(line)) = lines.next_line().await {
        let address: Option<SocketAddr> = line.parse().ok();
        LIVES.lock().unwrap().extend(address.map(|address| address.port()).zip(child.id()));
        let _ = tell.send(address);
    }
    let mut look = tokio::time::interval(std::time::Duration::from_millis(5));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| error.to_string())?,
            _ = look.tick() => {
                if promises.all_settled() && !promises.troubled.load(Ordering::SeqCst) {
                    // The end of its stdin tells it to stop.
                    drop(input.take());
                }
            }
        }
    };
    let _ = tell.send(None);
    match (status.signal(), status.success()) {
        (Some(SIGKILL), _) => Ok(true),
        (None, true) => Ok(!last && !promises.all_settled()),
        _ => {
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                let _ = stderr.read_to_string(&mut said).await;
            }
            Err(format!("a life ended with {status}: {said}"))
        }
    }
}
