use crate::args::Serve;
use crate::compose;
use crate::serve::coder::TypeScript;
use crate::serve::config::Config;
use crate::serve::house::House;
use crate::serve::imap::Imap;
use crate::serve::machine::{Disk, Process};
use crate::serve::mail::Smtp;
use crate::serve::otlp::{self, Traces};
use crate::serve::sign_in;
use crate::serve::web::GuardedWeb;
use crate::temporal::{self, Connections, Hosting};
use anyhow::Context;
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use weir_base::{Micros, Text};
use weir_control::{
    Ambient, Control, FlowMemory, Mail, NoMail, Options, Outbox, Parts, ProjectInterfaces, Retention, SecretVault,
};
use weir_kind::{FlowContext, PortError, Secrets};
use weir_runs::Observer;
use weir_runtime::{Clock, Runtime, SystemClock};
use weir_server::{Dependency, Reading, Readings};
use weir_store::{Documents, Store};
use weir_vault::keyring::{self, Keyring};

/// A server's parts, put together.
pub struct Built {
    pub control: Arc<Control>,
    pub runtime: Arc<Runtime>,
    pub dependencies: Vec<Arc<dyn Dependency>>,
    /// Letters that wait for the mail server, where there is one.
    pub outbox: Option<Arc<Outbox>>,
    pub readings: Vec<Arc<dyn Readings>>,
    pub traces: Option<Arc<Traces>>,
    pub connections: Arc<Connections>,
    pub hosting: Hosting,
}

pub async fn build(args: &Serve, config: &Config, folder: &Path, url: &str) -> anyhow::Result<Built> {
    let (store, documents) = compose::stores(folder, config.database_url.as_deref()).await?;
    let keyring = Arc::new(master_keys(config, folder)?);
    let vault = SecretVault { documents: documents.clone(), keyring: keyring.clone() };
    let options = options(config, url)?;
    let memory = FlowMemory::of(documents.clone(), store.clone(), Arc::new(Machine), &options);
    let interfaces = ProjectInterfaces { documents: documents.clone(), ambient: Arc::new(Machine) };
    let traces = config.otlp_url.as_deref();
    let traces = traces.map(|url| otlp::begin(url, config.otlp_headers.as_deref().unwrap_or_default())).transpose()?;
    let house = Arc::new(House::default());
    let connections = temporal::connections(&config.temporal, &keyring.marks()).await?;
    let secrets = crate::commands::run::secrets(&args.secret)?;
    let (vault, interfaces) = (Arc::new(OfProjects(vault)), Arc::new(interfaces));
    let wanted = compose::Wanted {
        observer: traces.clone().map(|traces| traces as Arc<dyn Observer>),
        secrets: secrets.clone(),
        carrier: Some(connections.clone()),
        house: Some(house.clone()),
        folder: Some(args.flows.clone()),
        bind: args.bind.clone(),
        runs_per_tenant: config.runs_per_tenant,
        drain: Some(config.drain),
        vault: Some(vault.clone()),
        interfaces: Some(interfaces.clone()),
        memory: Some(memory.clone()),
        ..compose::Wanted::default()
    };
    let runtime = Arc::new(compose::runtime_on(store.clone(), folder, wanted).await?);
    let secrets = compose::by_tenant(vault, secrets);
    let hosting = Hosting { runtime: runtime.clone(), secrets, interfaces, memory: memory.clone() };
    let outbox = outbox(config, &documents, runtime.clone(), &keyring)?;
    let mail: Arc<dyn Mail> = match &outbox {
        Some(outbox) => outbox.clone(),
        None => Arc::new(NoMail),
    };
    let catalog = Arc::new(crate::load::catalog()?);
    // Who asks need not know where the server has its data.
    let toolchain = crate::commands::toolchain::in_folder(folder)?.installed_by("weir toolchain install --data DIR");
    let coder = TypeScript::new(catalog.clone(), toolchain);
    let control = Control::new(Parts {
        documents,
        store: store.clone(),
        runs: runtime.clone(),
        catalog,
        ambient: Arc::new(Machine),
        mail,
        web: Arc::new(GuardedWeb::new()),
        keyring,
        memory,
        options,
    });
    let control = Arc::new(control.with_coder(Arc::new(coder)).with_carrier(connections.clone()));
    house.enter(&control);
    let database = config.database_url.is_none().then(|| folder.join("weir.db"));
    let disk = Arc::new(Disk { folder: folder.to_owned(), database });
    let elsewhere = disk.database.is_none();
    let database = Arc::new(Database(store));
    let dependencies: Vec<Arc<dyn Dependency>> = vec![database.clone(), disk.clone()];
    let mut readings: Vec<Arc<dyn Readings>> = vec![Arc::new(Process { started: SystemClock.now() }), disk];
    if elsewhere {
        readings.push(database);
    }
    Ok(Built { control, runtime, dependencies, outbox, readings, traces, connections, hosting })
}

/// The settings of the control plane.
fn options(config: &Config, url: &str) -> anyhow::Result<Options> {
    let mut options = Options {
        public_url: config.public_url.clone().unwrap_or_else(|| url.to_owned()).trim_end_matches('/').to_owned(),
        session: config.session,
        tier: config.tier.clone(),
        clerk_secret: sign_in::clerk(config.clerk_secret_env.as_deref(), |name| std::env::var(name).ok())
            .map_err(crate::exit::UsageError)?,
        sign_in: sign_in::providers(&config.sign_in, |name| std::env::var(name).ok())
            .map_err(crate::exit::UsageError)?,
        private_key_hosts: config.private_key_hosts.clone(),
        // Flows of the server's own do the forgetting.
        retention: Retention { runs: config.keep_runs, logs: config.keep_logs, ..Retention::default() },
        ..Options::default()
    };
    if let Some(tiers) = &config.tiers {
        options.tiers = tiers.clone();
    }
    if !options.tiers.contains_key(&options.tier) {
        anyhow::bail!(crate::exit::UsageError(format!("there is no tier `{}`", options.tier)));
    }
    Ok(options)
}

/// Where letters wait, if there is a mail server.
fn outbox(
    config: &Config,
    documents: &Arc<dyn Documents>,
    runs: Arc<Runtime>,
    keyring: &Arc<Keyring>,
) -> anyhow::Result<Option<Arc<Outbox>>> {
    let Some(url) = &config.mail_url else { return Ok(None) };
    let authority = config.mail_authority.as_deref().map(crate::loader::read).transpose();
    let authority = authority.map_err(crate::exit::UsageError)?;
    let from = config.mail_from.as_deref().unwrap_or("Weir <weir@localhost>");
    let smtp = Smtp::new(url, from, authority.as_deref().map(str::as_bytes)).map_err(crate::exit::UsageError)?;
    Ok(Some(Arc::new(Outbox::new(documents.clone(), runs, keyring.clone(), Arc::new(Machine), Arc::new(smtp)))))
}

/// How mailboxes are reached.
pub fn mailboxes(config: &Config) -> anyhow::Result<Imap> {
    let authority = config.mail_authority.as_deref().map(crate::loader::read).transpose();
    let authority = authority.map_err(crate::exit::UsageError)?;
    let private = config.private_mail_hosts.as_deref().unwrap_or_default();
    Imap::new(private, authority.as_deref().map(str::as_bytes)).map_err(|error| crate::exit::UsageError(error).into())
}

/// The keys that seal secrets: those of the file that is named, else of one in the data folder, made where it is not.
pub fn master_keys(config: &Config, folder: &Path) -> anyhow::Result<Keyring> {
    if let Ok(text) = std::env::var("WEIR_MASTER_KEY") {
        return Keyring::parse(&text).context("WEIR_MASTER_KEY");
    }
    let own = folder.join("master.key");
    let path = config.master_key_file.clone().unwrap_or_else(|| own.clone());
    if path == own && !own.exists() {
        let mut fill = |bytes: &mut [u8]| Machine.fill(bytes);
        let key = keyring::generate(&mut fill);
        write_private(&own, key.text().unwrap_or_default()).with_context(|| own.display().to_string())?;
    }
    let text = crate::loader::read(&path).map_err(crate::exit::UsageError)?;
    Keyring::parse(&text).with_context(|| path.display().to_string())
}

/// Nobody else on this machine may read it, and it is on the disk before anything is sealed with it.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// The machine's own clock and chance.
pub struct Machine;

impl Ambient for Machine {
    fn now(&self) -> Micros {
        SystemClock.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        // Without chance there are no tokens nobody can guess, and nothing may go on.
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

/// Secrets of projects, for requests that leave now.
struct OfProjects(SecretVault);

#[async_trait]
impl Secrets for OfProjects {
    async fn get(&self, flow: &FlowContext, name: &str) -> Result<Option<Text>, PortError> {
        let found = self.0.value(&flow.tenant, &flow.project, name).await;
        found.map_err(|error| match error {
            weir_control::ControlError::Busy(message) => PortError::Retry(message),
            other => PortError::Reject(other.to_string()),
        })
    }
}

/// The database answers.
struct Database(Arc<dyn Store>);

#[async_trait]
impl Dependency for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), String> {
        self.0.newest_run().await.map(drop).map_err(|error| error.to_string())
    }
}

/// How large it is, where no file here says so.
#[async_trait]
impl Readings for Database {
    async fn read(&self) -> Vec<Reading> {
        match self.0.disk_bytes().await {
            Ok(bytes) => vec![Reading::gauge("weir_database_bytes", "Size of the database", bytes as f64)],
            Err(error) => {
                tracing::debug!("the size of the database is not known: {error}");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_store_sql::{PgOptions, PgStore};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_database_elsewhere_says_how_large_it_is() {
        let database = weir_testkit::postgres::Database::fresh().await;
        let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
        let found = Database(Arc::new(store)).read().await;
        let bytes = found.iter().find(|reading| reading.name == "weir_database_bytes").map(|reading| reading.value);
        assert!(bytes.is_some_and(|bytes| bytes > 1_000_000.0), "{bytes:?}");
    }
}
