use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use weir_base::Duration;

/// Settings of the control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where people reach this server, without a slash at the end; for links in letters and webhook addresses.
    pub public_url: String,
    pub tiers: BTreeMap<String, Tier>,
    /// The tier of a new tenant.
    pub tier: String,
    pub passwords: weir_vault::password::Options,
    /// How long a browser stays signed in.
    pub session: Duration,
    pub invitation: Duration,
    pub reset: Duration,
    pub sign_in_link: Duration,
    /// Wrong passwords from one address or for one account before they have to wait.
    pub sign_in_tries: u32,
    /// How long they have to.
    pub sign_in_pause: Duration,
    /// Where people may sign in besides here.
    pub sign_in: Vec<crate::elsewhere::Provider>,
    /// Hosts, or hosts with ports, whose keys for tokens may be at private addresses and without TLS.
    pub private_key_hosts: Vec<String>,
    /// What Clerk signs its events with; it is not listened to without.
    pub clerk_secret: Option<weir_vault::Secret>,
    /// What is forgotten, and when.
    pub retention: Retention,
    /// Revisions kept of each flow.
    pub revisions: u64,
    /// The largest source of a flow, in bytes, all files together.
    pub flow_bytes: usize,
}

/// How long things are kept. `None` keeps for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Ended runs, counted from their end.
    pub runs: Option<Duration>,
    /// Logs and failed attempts.
    pub logs: Option<Duration>,
    /// Ended runs of the installation's own.
    pub own: Duration,
    /// How often it is looked whether there is something to forget, or to add up.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let (own, every) = (Duration::from_secs(7 * 24 * 3_600), Duration::from_secs(3_600));
        Self { runs: None, logs: None, own, every }
    }
}

/// What a tenant of a tier may have; none for no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tier {
    pub flows: Option<u64>,
    /// Runs started from outside in a month, UTC.
    pub executions: Option<u64>,
    pub members: Option<u64>,
    /// Own modules.
    pub modules: Option<u64>,
    /// Memory that outlives runs, in bytes.
    pub memory: Option<u64>,
    /// Runs at the same time.
    pub concurrency: Option<u32>,
    /// Requests a minute of one key.
    pub rate: Option<u32>,
    /// Minutes until a running flow that nobody uses sleeps.
    pub idle: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:7878".to_owned(),
            tiers: tiers(),
            tier: "enterprise".to_owned(),
            passwords: weir_vault::password::Options::default(),
            session: Duration::from_secs(14 * 24 * 3_600),
            invitation: Duration::from_secs(7 * 24 * 3_600),
            reset: Duration::from_secs(3_600),
            sign_in_link: Duration::from_secs(15 * 60),
            sign_in_tries: 10,
            sign_in_pause: Duration::from_secs(60),
            sign_in: Vec::new(),
            private_key_hosts: Vec::new(),
            clerk_secret: None,
            retention: Retention::default(),
            revisions: 100,
            flow_bytes: 4 << 20,
        }
    }
}

const MIB: u64 = 1 << 20;

/// A quarter of an hour.
const IDLE: u32 = 15;

fn tiers() -> BTreeMap<String, Tier> {
    let tier = |flows, executions, members, modules, memory, concurrency, rate| Tier {
        flows,
        executions,
        members,
        modules,
        memory,
        concurrency,
        rate,
        idle: Some(IDLE),
    };
    BTreeMap::from([
        ("free".to_owned(), tier(Some(1), Some(1_000), Some(1), Some(0), Some(0), Some(2), Some(60))),
        ("paid".to_owned(), tier(Some(10), Some(10_000), Some(1), Some(0), Some(10 * MIB), Some(10), Some(600))),
        ("pro".to_owned(), tier(None, Some(100_000), Some(1), Some(10), Some(100 * MIB), Some(100), Some(6_000))),
        ("enterprise".to_owned(), tier(None, None, None, None, None, None, None)),
    ])
}
