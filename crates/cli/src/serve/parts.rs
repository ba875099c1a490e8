use crate::args::Serve;
use crate::compose;
use crate::serve::config::Config;
use anyhow::Context;
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use weir_base::{Micros, Text};
use weir_control::{Ambient, Control, NoMail, Options, Parts, SecretVault};
use weir_kind::{FlowContext, PortError, Secrets};
use weir_runtime::{Clock, RetentionOptions, Runtime, SystemClock};
use weir_server::Dependency;
use weir_store::Store;
use weir_vault::keyring::{self, Keyring};

/// A server's parts, put together.
pub struct Built {
    pub control: Arc<Control>,
    pub runtime: Arc<Runtime>,
    pub dependencies: Vec<Arc<dyn Dependency>>,
}

pub async fn build(args: &Serve, config: &Config, folder: &Path, url: &str) -> anyhow::Result<Built> {
    let (store, documents) = compose::stores(folder, config.database_url.as_deref()).await?;
    let keyring = Arc::new(master_keys(config, folder)?);
    let vault = SecretVault { documents: documents.clone(), keyring: keyring.clone() };
    let wanted = compose::Wanted {
        secrets: crate::commands::run::secrets(&args.secret)?,
        retention: RetentionOptions {
            runs: config.keep_runs,
            observations: config.keep_logs,
            ..RetentionOptions::default()
        },
        folder: Some(args.flows.clone()),
        bind: args.bind.clone(),
        runs_per_tenant: config.runs_per_tenant,
        drain: Some(config.drain),
        vault: Some(Arc::new(OfProjects(vault))),
        ..compose::Wanted::default()
    };
    let runtime = Arc::new(compose::runtime_on(store.clone(), folder, wanted).await?);
    let mut options = Options {
        public_url: config.public_url.clone().unwrap_or_else(|| url.to_owned()).trim_end_matches('/').to_owned(),
        session: config.session,
        tier: config.tier.clone(),
        ..Options::default()
    };
    if let Some(tiers) = &config.tiers {
        options.tiers = tiers.clone();
    }
    if !options.tiers.contains_key(&options.tier) {
        anyhow::bail!(crate::exit::UsageError(format!("there is no tier `{}`", options.tier)));
    }
    let control = Control::new(Parts {
        documents,
        store: store.clone(),
        runs: runtime.clone(),
        catalog: Arc::new(crate::load::catalog()?),
        ambient: Arc::new(Machine),
        mail: Arc::new(NoMail),
        keyring,
        options,
    });
    let dependencies: Vec<Arc<dyn Dependency>> = vec![Arc::new(Database(store))];
    Ok(Built { control: Arc::new(control), runtime, dependencies })
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
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
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
