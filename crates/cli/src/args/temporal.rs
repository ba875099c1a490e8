use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use weir_base::Duration;

/// What carries a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum On {
    /// This program, with its data in a folder
    #[default]
    Embedded,
    /// A Temporal cluster, with workers started by `weir worker`
    Temporal,
}

/// Where a Temporal cluster is, and how it is spoken to.
#[derive(Clone, Debug, Default, ClapArgs)]
#[cfg_attr(not(feature = "temporal"), allow(dead_code))]
pub struct Cluster {
    /// The Temporal server, such as 127.0.0.1:7233
    #[arg(long, value_name = "ADDRESS", env = "TEMPORAL_ADDRESS")]
    pub temporal: Option<String>,
    /// The namespace on it
    #[arg(long, value_name = "NAME", env = "TEMPORAL_NAMESPACE", default_value = "default")]
    pub namespace: String,
    /// The task queue runs wait in
    #[arg(long, value_name = "NAME", default_value = "weir")]
    pub task_queue: String,
    /// Speak TLS; any other --tls option, and a key for the API, say so too
    #[arg(long)]
    pub tls: bool,
    /// A file in PEM: the authority the server is believed by, instead of those of the machine
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// A file in PEM: the certificate this side shows
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// A file in PEM: the key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The name the server's certificate must be for
    #[arg(long, value_name = "NAME")]
    pub tls_domain: Option<String>,
    /// The environment variable with the key for the server's API
    #[arg(long, value_name = "VARIABLE", default_value = "TEMPORAL_API_KEY")]
    pub api_key_env: String,
    /// A file with lines `id:key`, the key in 64 hexadecimal digits: payloads are sealed under the last, and opened with any
    #[arg(long, value_name = "FILE")]
    pub payload_keys: Option<PathBuf>,
    /// A PostgreSQL database of Weir's that keeps payloads larger than --blobs-over; every worker must be given it
    #[arg(long, value_name = "URL", env = "WEIR_TEMPORAL_BLOBS")]
    pub blobs: Option<String>,
    /// In bytes
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, requires = "blobs")]
    pub blobs_over: usize,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Carries runs, performs their steps, and keeps their journals in --data, where `weir runs` finds them. Of several\nworkers on one folder, one keeps journals and the others only work. Ctrl-C ends it; what is under way may end first.\n\nExamples:\n  weir worker --temporal 127.0.0.1:7233\n  weir worker --temporal 127.0.0.1:7233 --task-queue weir-python --kinds python.run"
)]
#[cfg_attr(not(feature = "temporal"), allow(dead_code))]
pub struct Worker {
    #[command(flatten)]
    pub cluster: Cluster,
    /// Only these kinds, and no runs; the runs must be told by `weir run --kind-queue`
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Works in the queue of this project, instead of the common one
    #[arg(long, value_name = "NAME")]
    pub project: Vec<String>,
    /// A PostgreSQL database keeps journals, instead of the data folder
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Keep no journals, whatever is free
    #[arg(long)]
    pub no_store: bool,
    /// How long a run waits for the worker that had it before another takes it
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = super::duration)]
    pub takeover: Duration,
    /// The deployment this worker is of: runs stay with the version they began under
    #[arg(long, value_name = "NAME", requires = "build_id")]
    pub deployment: Option<String>,
    /// The version of that deployment
    #[arg(long, value_name = "VERSION", requires = "deployment")]
    pub build_id: Option<String>,
    /// Where numbers can be read in the form of Prometheus, such as 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<std::net::SocketAddr>,
    /// The folder whose flows may be called by name
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub flows: PathBuf,
    /// A secret flows may use: an environment variable, under its own or another name
    #[arg(long, value_name = "NAME[=VARIABLE]")]
    pub secret: Vec<String>,
    #[command(flatten)]
    pub bind: super::Bind,
    #[command(flatten)]
    pub data: super::Data,
}
