//! Processes of Node: the worker, and the client that is asked in lines of JSON.

use super::super::Own;
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use weir_base::Value;

/// What a process says when it can be used.
const READY: &str = "works";

/// A worker of everything in `folder`; returns when it takes work.
pub fn start_worker(folder: &Path, address: &str, namespace: &str, queue: &str) -> Result<Own> {
    let (own, _) = start(folder, "worker.cjs", &[address, namespace, queue])?;
    Ok(own)
}

/// A script of `folder`, with what it says after it has said that it is ready.
pub fn start(folder: &Path, script: &str, args: &[&str]) -> Result<(Own, BufReader<ChildStdout>)> {
    let mut command = Command::new("node");
    command.arg(script).args(args).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut own = Own(command.spawn().context("node cannot be started")?);
    let mut said = BufReader::new(own.0.stdout.take().context("no output")?);
    let mut first = String::new();
    said.read_line(&mut first)?;
    ensure!(first.trim() == READY, "{script} does not come");
    Ok((own, said))
}

type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Value>>>>;

/// The process that starts runs and tells how they end. Ends with the value.
pub struct Client {
    _own: Own,
    stdin: Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
}

impl Client {
    pub fn start(folder: &Path, address: &str, namespace: &str) -> Result<Self> {
        let (mut own, said) = start(folder, "client.cjs", &[address, namespace])?;
        let stdin = Mutex::new(own.0.stdin.take().context("no input")?);
        let waiting = Waiting::default();
        let theirs = waiting.clone();
        std::thread::spawn(move || deliver(said, &theirs));
        Ok(Self { _own: own, stdin, waiting, next: AtomicU64::new(0) })
    }

    /// The answer to one request, or why there is none.
    pub async fn ask<const N: usize>(&self, act: &str, given: [(&str, Value); N]) -> Result<Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        let all = [("id", id.into()), ("act", act.into())].into_iter().chain(given);
        let line = format!("{}\n", Value::object(all).to_json());
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())?;
        let answer = answer.await.map_err(|_| anyhow!("the client of Node ended"))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => bail!("{act}: {error}"),
            None => Ok(answer.get("value").cloned().unwrap_or_default()),
        }
    }
}

/// Each answer to whoever waits for it; at the end, nobody waits any longer.
fn deliver(said: BufReader<ChildStdout>, waiting: &Waiting) {
    let locked = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
    for line in said.lines().map_while(Result::ok) {
        let Ok(answer) = Value::from_json(&line) else { continue };
        let sender = answer.get("id").and_then(Value::as_u64).and_then(|id| locked().remove(&id));
        // Nobody may wait for it any longer.
        let _ = sender.map(|sender| sender.send(answer));
    }
    locked().clear();
}
