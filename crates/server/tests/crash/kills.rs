//! Processes that are killed at seeded fail points, on files of the real file system.

use crate::judge::{judge, read};
use crate::life::serve;
use crate::load::{Promises, fire};
use crate::probe::Outside;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::site::found;
use crate::witness::{Remote, Witness};
use rustix::process::{Signal, getpid, kill_process};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::watch;
use weir_runtime::Faults;
use weir_store_sql::{SqlOptions, SqlStore};
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
    folder: PathBuf,
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
            folder: parts.next()?.into(),
        })
    }

    fn command(&self) -> tokio::process::Command {
        let Self { seed, witness, point, passage, folder } = self;
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = tokio::process::Command::new(program);
        command.env(VARIABLE, format!("{seed}|{witness}|{point}|{passage}|{}", folder.display()));
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
    let store = SqlStore::open(&told.folder, &options).await.map_err(|error| format!("the store: {error}"))?;
    let outside: Arc<dyn Outside> = Arc::new(Remote(told.witness));
    let (ended, stop) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::Read::read_to_end(&mut std::io::stdin(), &mut Vec::new());
        drop(ended);
    });
    let stop = async {
        let _ = stop.await;
    };
    serve(store, &outside, killer, told.seed, |address| println!("{address}"), stop).await
}

pub fn run(seeds: &Seeds) -> Outcome {
    seeds.run(|seed| {
        let mut outcome = Outcome::default();
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("threads");
        let problems = threads.block_on(cut(seed, &mut outcome)).unwrap_or_else(|problem| vec![problem]);
        outcome.failures.extend(problems.into_iter().map(|problem| (seed, problem)));
        outcome
    })
}

/// Runs one case; what is wrong with it.
async fn cut(seed: u64, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let mut random = Random::of_case(1, "webhooks", seed);
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = found(folder.path(), &SqlOptions::default(), seed).await?;
    let witness = Witness::new();
    let (tell, address) = watch::channel(None);
    let promises = Promises::default();
    let kills = 1 + random.below(4) as u64;
    let lives = async {
        let mut killed = 0;
        for number in 0.. {
            let (point, passage) = if number < kills { plan(&mut random) } else { ("", 0) };
            witness.begin_life();
            let told = Told {
                seed: seed.wrapping_mul(1_000) + number,
                witness: witness.address,
                point: point.to_owned(),
                passage,
                folder: folder.path().to_owned(),
            };
            let last = number >= kills;
            if !one_life(&told, &tell, &promises, last).await? {
                break;
            }
            killed += 1;
            outcome.count(point, 1);
        }
        drop(tell);
        Ok::<u64, String>(killed)
    };
    let ((), killed) = tokio::join!(fire(&path, &promises, address), lives);
    let notes = witness.settled();
    outcome.count("cases", 1);
    outcome.count("kills", killed?);
    outcome.count("calls", notes.calls().count() as u64);
    let (keyed, once) = (promises.keyed.lock().unwrap().len(), promises.once.lock().unwrap().len());
    outcome.count("acknowledged", (keyed + once) as u64);
    let runs = look(folder.path()).await?;
    let mut wrong = judge(&promises, &runs, &notes);
    if keyed != crate::load::REQUESTS.div_ceil(2) {
        wrong.push(format!("only {keyed} of the requests with a key were ever acknowledged"));
    }
    Ok(wrong)
}

fn plan(random: &mut Random) -> (&'static str, u64) {
    let point = random.pick(&POINTS);
    let most = if point.starts_with("write") { 300 } else { 60 };
    let most = if random.one_in(3) { 6 } else { most };
    (point, 1 + random.below(most) as u64)
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
        let _ = tell.send(line.parse().ok());
    }
    let mut look = tokio::time::interval(std::time::Duration::from_millis(5));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| error.to_string())?,
            _ = look.tick() => {
                if promises.all_settled() {
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

async fn look(folder: &Path) -> Result<std::collections::BTreeMap<String, crate::judge::Ended>, String> {
    let store = SqlStore::visit(folder, &SqlOptions::default()).await.map_err(|error| error.to_string())?;
    read(&store).await.map_err(|error| error.to_string())
}
