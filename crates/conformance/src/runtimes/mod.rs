//! The runtimes: each carries a case to its end and says what it found.

pub mod embedded;
pub mod temporal;
pub mod typescript;

use crate::case::Case;
use crate::found::{Ended, Found};
use crate::server::Server;
use anyhow::Result;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::error::Elapsed;
use weir_base::{Map, Value};

/// How long a case may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing may happen before a run counts as settled that is still at work.
pub const QUIET: Duration = Duration::from_millis(600);

/// The input of a case, with the address of its server in it where it has one.
pub fn input(case: &Case) -> Result<(Value, Option<Server>)> {
    if case.server.is_null() {
        return Ok((case.input.clone(), None));
    }
    let server = Server::start(&case.server)?;
    let mut map: Map = case.input.as_object().cloned().unwrap_or_default();
    map.insert("baseUrl".into(), server.url.as_str().into());
    Ok((Value::from(map), Some(server)))
}

/// What came of a case that had [`PATIENCE`].
fn told(carried: Result<Result<Ended>, Elapsed>) -> Found {
    match carried {
        Ok(Ok(ended)) => Found::Ended(Box::new(ended)),
        Ok(Err(error)) => Found::Broken(format!("{error:#}")),
        Err(_) => Found::Broken("it came to no end".to_owned()),
    }
}

/// A process, ended with this value at the latest.
pub struct Own(pub Child);

impl Own {
    /// This program again.
    pub fn start(args: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Ok(Self(command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?))
    }

    /// As nothing else can.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ends this process when the one that started it is gone: then nobody holds the other end.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
}
