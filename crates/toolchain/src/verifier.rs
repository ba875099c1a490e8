use crate::process::Process;
use crate::{Toolchain, ToolchainError, Verdict};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

#[derive(Clone, Debug)]
pub struct Options {
    /// How many projects are checked at once; each has a process of some 600 MB.
    pub processes: usize,
    /// After which a process is killed.
    pub timeout: Duration,
    /// Projects a process checks before another takes its place, so that what it remembers has an end.
    pub uses: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { processes: 2, timeout: Duration::from_secs(60), uses: 500 }
    }
}

/// Checks projects by processes that stay. One serves a whole program; dropping it ends them.
pub struct Verifier {
    toolchain: Toolchain,
    options: Options,
    turns: Semaphore,
    idle: Mutex<Vec<Process>>,
}

impl Verifier {
    /// Starts nothing yet.
    pub fn new(toolchain: Toolchain, options: Options) -> Self {
        let turns = Semaphore::new(options.processes.max(1));
        Self { toolchain, options, turns, idle: Mutex::default() }
    }

    pub fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// Checks a project: its `.ts` files by name, and its `tsconfig.json`, of which all but strictness counts.
    ///
    /// A process that takes too long or breaks is killed; the next project gets a new one.
    pub async fn verify(&self, files: &BTreeMap<String, String>) -> Result<Verdict, ToolchainError> {
        let turn = self.turns.acquire().await;
        let _turn = turn.map_err(|_| ToolchainError::Broken("it is closed".to_owned()))?;
        let work = async {
            // One that was used before may have been ended since, by want of memory perhaps: a new one decides.
            if let Some(process) = self.take()
                && let Ok(verdict) = self.ask(process, files).await
            {
                return Ok(verdict);
            }
            self.ask(Process::start(&self.toolchain).await?, files).await
        };
        let limit = self.options.timeout;
        tokio::time::timeout(limit, work).await.unwrap_or(Err(ToolchainError::TimedOut(limit)))
    }

    /// Keeps the process for the next project if this one came to an end.
    async fn ask(&self, mut process: Process, files: &BTreeMap<String, String>) -> Result<Verdict, ToolchainError> {
        let verdict = process.verify(files).await?;
        self.give_back(process);
        Ok(verdict)
    }

    fn take(&self) -> Option<Process> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, process: Process) {
        if process.used < self.options.uses {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
        }
    }
}
