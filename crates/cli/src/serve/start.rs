use crate::serve::config::Config;
use crate::serve::demo;
use crate::serve::imap::Imap;
use crate::serve::timer::Sleeper;
use crate::serve::verification;
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use weir_control::{Ambient, Control, Outbox};

/// Makes the first account and the demo, where nobody has an account yet.
pub async fn first(control: &Control, config: &Config, folder: &Path) -> anyhow::Result<()> {
    if !control.is_new().await? {
        return Ok(());
    }
    let made = config.owner_password.is_none();
    let password = config.owner_password.clone().unwrap_or_else(new_password);
    let owner = control.first_start(&config.owner_email, &password).await;
    let (_, tenant) = owner.context("the first account cannot be made: see `owner_email` and WEIR_OWNER_PASSWORD")?;
    if config.demo {
        control.add_demo(&tenant.id, &demo::FLOWS).await?;
        control.add_verification(&tenant.id, &verification::FLOWS).await?;
    }
    crate::errln!("made a new installation in {}", folder.display());
    if made {
        crate::errln!("  owner     {}", config.owner_email);
        crate::errln!("  password  {password}   (shown this once)");
    }
    Ok(())
}

/// 100 random bits in letters that are not mistaken for each other.
fn new_password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut random = [0; 20];
    super::parts::Machine.fill(&mut random);
    let letters: String = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.as_bytes().chunks(5).map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join("-")
}

/// Says where it is served, and how to sign in from this machine.
pub async fn greet(control: &Control, url: &str, folder: &Path, open: usize, loopback: bool) -> anyhow::Result<()> {
    let runs = if open == 1 { "1 run goes on".to_owned() } else { format!("{open} runs go on") };
    crate::errln!("serving {url} from {}: {runs}; Ctrl-C stops", folder.display());
    crate::errln!("  API       {url}/api/docs");
    if loopback {
        tell_demo(control).await?;
    }
    if let Some(owner) = control.first_owner().await?.filter(|_| loopback) {
        let token = control.sign_in_link(&owner).await?;
        crate::errln!("  sign in   {url}/sign-in/{token}   (once, within 15 minutes)");
    }
    Ok(())
}

/// The addresses of the demo's webhooks, so that one can be fired at once.
async fn tell_demo(control: &Control) -> anyhow::Result<()> {
    for (flow, url) in control.demo_webhooks().await? {
        crate::errln!("  webhook   {url}   ({flow})");
    }
    Ok(())
}

/// What is done from time to time, whoever asks.
pub async fn background(control: Arc<Control>) {
    loop {
        if let Err(error) = control.keep_house().await {
            tracing::warn!("runs of the server's own do not begin: {error}");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        if let Err(error) = control.let_sleep().await {
            tracing::warn!("flows that nobody uses stay awake: {error}");
        }
    }
}

/// Sees to it, now and every hour, that every letter has a run that sends it, where there is a mail server.
pub fn post(outbox: Option<Arc<Outbox>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Some(outbox) = outbox else { return };
        loop {
            if let Err(error) = outbox.look_through().await {
                tracing::warn!("letters are not looked through: {error}");
            }
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
    })
}

/// Looks into mailboxes from now on. A letter whose run is on disk starts no other, so this may end at any moment.
pub fn mailboxes(control: Arc<Control>, imap: Imap) -> JoinHandle<()> {
    tokio::spawn(async move { control.run_mailboxes(&imap, &Sleeper, std::future::pending()).await })
}

/// Schedules and events, being fired.
pub struct Triggers {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Fires schedules and events from now on.
pub fn triggers(control: Arc<Control>) -> Triggers {
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        control.run_triggers(&Sleeper, async { drop(stopped.await) }).await;
    });
    Triggers { stop, task }
}

impl Triggers {
    /// Starts nothing any more, and writes down how far they have come. What takes too long is left: what was started
    /// does not start again.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        if tokio::time::timeout(Duration::from_secs(5), self.task).await.is_err() {
            tracing::warn!("schedules and events did not stop in time");
        }
    }
}
