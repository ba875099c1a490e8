use crate::{Toolchain, ToolchainError, Verdict};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// One warm process: Node with ESLint in it, and TypeScript 7 as its child.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// How many projects it has checked.
    pub used: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Broken { broken: String },
    Verdict(Verdict),
}

impl Process {
    /// Starts one and waits until it takes requests.
    pub async fn start(toolchain: &Toolchain) -> Result<Process, ToolchainError> {
        let script = toolchain.verifier()?;
        let mut command = Command::new("node");
        // It sees no secret of this process, and what it starts dies with it.
        command.arg("--max-old-space-size=1024").arg(script).current_dir(toolchain.folder()).env_clear();
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("GOMEMLIMIT", "1GiB");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ToolchainError::NoProgram { program: "node" },
            _ => ToolchainError::Broken(error.to_string()),
        })?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (stdin, stdout) = pipes.ok_or_else(|| ToolchainError::Broken("it has no pipes".to_owned()))?;
        let mut process = Process { child, stdin, answers: BufReader::new(stdout).lines(), used: 0 };
        process.line().await?;
        Ok(process)
    }

    /// What the compilers say about a project's files.
    pub async fn verify(&mut self, files: &BTreeMap<String, String>) -> Result<Verdict, ToolchainError> {
        let mut request = serde_json::json!({ "files": files }).to_string();
        request.push('\n');
        let sent = self.stdin.write_all(request.as_bytes()).await;
        sent.map_err(|error| ToolchainError::Broken(error.to_string()))?;
        self.used += 1;
        let line = self.line().await?;
        match serde_json::from_str(&line).map_err(|error| ToolchainError::Broken(error.to_string()))? {
            Answer::Verdict(verdict) => Ok(verdict),
            Answer::Broken { broken } => Err(ToolchainError::Broken(broken)),
        }
    }

    async fn line(&mut self) -> Result<String, ToolchainError> {
        let line = self.answers.next_line().await.map_err(|error| ToolchainError::Broken(error.to_string()))?;
        line.ok_or_else(|| ToolchainError::Broken("the process ended".to_owned()))
    }
}

impl Drop for Process {
    /// Also the compiler, which may be at work on types that never end.
    fn drop(&mut self) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may be gone already.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
