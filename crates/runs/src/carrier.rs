use crate::{Request, RunsError};
use async_trait::async_trait;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use weir_base::{Micros, Text};
use weir_engine::Started;
use weir_ir::Flow;

/// What carries the runs of a flow. As text it is `embedded`, or `temporal:` and the name of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnRuntime {
    /// This process.
    #[default]
    Embedded,
    /// The cluster behind a connection of this name.
    Temporal(Text),
}

const EMBEDDED: &str = "embedded";
const TEMPORAL: &str = "temporal:";

impl OnRuntime {
    /// The connection's name; none where runs are carried here.
    pub fn connection(&self) -> Option<&Text> {
        match self {
            OnRuntime::Embedded => None,
            OnRuntime::Temporal(name) => Some(name),
        }
    }

    pub fn of(connection: Option<Text>) -> Self {
        connection.map_or(OnRuntime::Embedded, OnRuntime::Temporal)
    }
}

impl fmt::Display for OnRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnRuntime::Embedded => f.write_str(EMBEDDED),
            OnRuntime::Temporal(name) => write!(f, "{TEMPORAL}{name}"),
        }
    }
}

impl FromStr for OnRuntime {
    type Err = RunsError;

    fn from_str(text: &str) -> Result<Self, RunsError> {
        match text.strip_prefix(TEMPORAL) {
            Some(name) if !name.is_empty() => Ok(OnRuntime::Temporal(name.into())),
            _ if text == EMBEDDED => Ok(OnRuntime::Embedded),
            _ => {
                let message =
                    format!("`{text}` is no runtime: write `embedded`, or `temporal:NAME` with a connection's name");
                Err(RunsError::rejected("RUNTIME_UNKNOWN", message))
            }
        }
    }
}

/// A connection as it may be shown: nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub name: Text,
    pub address: Text,
    pub namespace: Text,
    pub task_queue: Text,
    /// Whether this process works on its runs too.
    pub worker: bool,
}

/// A run as it is handed over: all that is needed to begin it, and to begin it again as the same run.
#[derive(Clone, Debug)]
pub struct Handed {
    pub connection: Text,
    pub tenant: Text,
    pub project: Text,
    pub service: Text,
    pub flow: Arc<Flow>,
    pub started: Started,
    pub created_at: Micros,
    pub cause: Option<Text>,
}

/// How a run stands where it is carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// It is over; the word there for how it ended.
    Closed(String),
    /// Nobody there knows it.
    Unknown,
}

/// Carries runs elsewhere, and ships their journals back. Used as `Arc<dyn Carrier>`.
///
/// What may work a moment later is [`RunsError::Unavailable`]; everything else is for good.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// All connections, by name.
    fn connections(&self) -> Vec<Connection>;

    /// Whether a connection leads somewhere: an error says what stands in the way and what to do.
    async fn check(&self, connection: &str) -> Result<(), RunsError>;

    /// Whether somebody works on the connection's runs.
    async fn has_worker(&self, connection: &str) -> Result<bool, RunsError>;

    /// Starts a run, once however often it is called: it is on disk there when this returns.
    async fn start(&self, run: Handed) -> Result<(), RunsError>;

    /// Whether such a request can travel there, as far as that is known without asking: what is accepted now may have
    /// to wait.
    fn takes(&self, _connection: &str, _request: &Request) -> Result<(), RunsError> {
        Ok(())
    }

    /// Leaves a request with a run; it is on disk there when this returns. One that comes again by the same
    /// `id` counts once.
    async fn request(&self, connection: &str, run: &str, request: &Request, id: Option<&str>) -> Result<(), RunsError>;

    async fn standing(&self, connection: &str, run: &str) -> Result<Standing, RunsError>;
}

/// There are no connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCarrier;

impl NoCarrier {
    /// The error for a name that none of these connections has.
    pub fn unknown(name: &str, connections: &[Connection]) -> RunsError {
        let names: Vec<&str> = connections.iter().map(|one| &*one.name).collect();
        let message = match names.is_empty() {
            true => format!(
                "there is no connection `{name}`: this server has none; name some under `temporal` in its settings"
            ),
            false => format!("there is no connection `{name}`; this server has {}", names.join(", ")),
        };
        RunsError::rejected("RUNTIME_UNKNOWN", message)
    }
}

#[async_trait]
impl Carrier for NoCarrier {
    fn connections(&self) -> Vec<Connection> {
        Vec::new()
    }

    async fn check(&self, connection: &str) -> Result<(), RunsError> {
        Err(Self::unknown(connection, &[]))
    }

    async fn has_worker(&self, connection: &str) -> Result<bool, RunsError> {
        Err(Self::unknown(connection, &[]))
    }

    async fn start(&self, run: Handed) -> Result<(), RunsError> {
        // What is not configured at present may be again; the run waits for it.
        Err(RunsError::Unavailable(Self::unknown(&run.connection, &[]).to_string()))
    }

    async fn request(&self, connection: &str, _: &str, _: &Request, _: Option<&str>) -> Result<(), RunsError> {
        Err(Self::unknown(connection, &[]))
    }

    async fn standing(&self, connection: &str, _: &str) -> Result<Standing, RunsError> {
        Err(Self::unknown(connection, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_read_as_it_is_written() {
        for (text, connection) in [("embedded", None), ("temporal:main", Some("main")), ("temporal:a:b", Some("a:b"))] {
            let read: OnRuntime = text.parse().unwrap();
            assert_eq!((read.to_string(), read.connection().map(|name| &**name)), (text.to_owned(), connection));
        }
        for text in ["", "temporal", "temporal:", "Embedded", "cadence:x"] {
            assert!(text.parse::<OnRuntime>().is_err(), "{text}");
        }
    }
}
