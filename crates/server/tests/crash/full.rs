//! A disk of 16 MiB that is full for a while: what is asked then is refused, and says why; runs wait; and all goes on by
//! itself once there is space again. In half of the cases the process is killed while the disk is full.

use crate::kills::{Case, Meanwhile, each, threads};
use crate::load::Promises;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::site::{Data, found};
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use weir_store_sql::SqlOptions;

/// What has not been seen by then will not be.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file system in memory that is gone with this value.
struct Small(PathBuf);

impl Small {
    fn new(folder: &Path) -> Result<Self, String> {
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(done) if done.status.success() => Ok(Self(folder.to_owned())),
            Ok(done) => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Takes every byte there is.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = File::create(self.filler())?;
        for size in [1 << 20, 4_096, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> std::io::Result<()> {
        std::fs::remove_file(self.filler())
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Mounting needs rights that not everybody has. Without them the store's own suite has the full disk for itself.
pub fn run(seeds: &Seeds) -> Outcome {
    let probe = tempfile::tempdir().expect("a folder");
    if let Err(why) = Small::new(probe.path()) {
        println!("no file system of 16 MiB can be mounted here, so none is filled: {}", why.trim());
        return Outcome { last: "no seed".into(), ..Outcome::default() };
    }
    each(seeds, |seed, outcome| {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let small = Small::new(folder.path())?;
        threads().block_on(fill(seed, &small, outcome))
    })
}

async fn fill(seed: u64, small: &Small, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let case = Case {
        suite: "webhooks-full",
        data: Data::Folder(small.0.clone(), SqlOptions::default()),
        told: small.0.display().to_string(),
        points: &[],
    };
    let path = found(&case.data, seed).await?;
    let mut random = Random::of_case(3, case.suite, seed);
    let (after, killed) = (1 + random.below(10), random.one_in(2));
    let (promises, (tell, address)) = (Promises::default(), watch::channel(None));
    let watched = address.clone();
    let trouble = async {
        let done = trouble(small, &promises, watched, after, killed).await;
        // Whatever went wrong, those who ask until they are told yes come to their end.
        if done.is_err() {
            let _ = small.free();
        }
        done
    };
    let trouble = Meanwhile::Trouble(Box::pin(trouble));
    let wrong = case.load(seed, (&path, 0), (&promises, tell, address), (&mut *outcome, &mut random), trouble).await?;
    let refused = promises.refused.lock().unwrap();
    outcome.count("refused", refused.len() as u64);
    outcome.count("kills while full", u64::from(killed));
    let silent = refused.iter().filter(|said| !said.contains("full") && !said.contains("UNAVAILABLE"));
    Ok(wrong.into_iter().chain(silent.map(|said| format!("a refusal without a reason: {said}"))).collect())
}

/// Fills the disk once so many requests were acknowledged, and makes space again once everybody was told.
async fn trouble(
    small: &Small,
    promises: &Promises,
    mut address: watch::Receiver<Option<SocketAddr>>,
    after: usize,
    kill: bool,
) -> Result<(), String> {
    let acknowledged = || promises.keyed.lock().unwrap().len() + promises.once.lock().unwrap().len();
    seen("requests are acknowledged", || acknowledged() >= after).await?;
    small.fill().map_err(|error| error.to_string())?;
    // On a busy machine all may be through before the disk is full.
    let refused = || promises.refused.lock().unwrap().len() >= 8;
    seen("requests are refused", || refused() || promises.all_settled()).await?;
    if promises.all_settled() {
        return small.free().map_err(|error| error.to_string());
    }
    let to = address.borrow_and_update().ok_or("there is no server")?;
    for path in ["/ready", "/health"] {
        said(to, path, promises, |said| said.starts_with("HTTP/1.1 503") && said.contains("full")).await?;
    }
    said(to, "/metrics", promises, |said| said.contains("\nweir_journal_stalled 1")).await?;
    if kill {
        crate::kills::kill_life(to.port())?;
    }
    small.free().map_err(|error| error.to_string())
}

async fn seen(what: &str, is_so: impl Fn() -> bool) -> Result<(), String> {
    let mut look = tokio::time::interval(Duration::from_millis(2));
    let looked = async {
        while !is_so() {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.map_err(|_| format!("it was never seen that {what}"))
}

/// A write that finds a little room in what the files have already makes the server well for a moment: it is asked until
/// it says so, or nobody asks it for anything any more.
async fn said(to: SocketAddr, path: &str, promises: &Promises, is_so: impl Fn(&str) -> bool) -> Result<(), String> {
    let mut last = String::new();
    let mut look = tokio::time::interval(Duration::from_millis(2));
    let asked = async {
        while !is_so(&last) && !promises.all_settled() {
            look.tick().await;
            last = get(to, path).await.unwrap_or_else(|error| error.to_string());
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asked).await;
    asked.map_err(|_| format!("on a full disk {path} says: {last}"))
}

async fn get(to: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
