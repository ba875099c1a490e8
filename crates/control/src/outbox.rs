use crate::control::id_at;
use crate::model::OutboxLetter;
use crate::ports::{Ambient, Letter, Mail, Post, PostError, Tried};
use crate::records::{self, Kept};
use crate::system::{SystemFlow, begin};
use crate::{ControlError, Result};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::Semaphore;
use weir_base::{Duration, Value};
use weir_runs::RunsPort;
use weir_store::{Change, DocumentFilter, Documents, Scope, Table};
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::keyring::Keyring;

/// How many letters wait at most; whoever asks for more is told that nothing was sent.
const MOST: u64 = 10_000;
/// How many are given to the mail server at the same time.
const AT_ONCE: usize = 8;
/// After so long nobody waits for the letter any more; the links in it are worth nothing by then.
const GIVE_UP: Duration = Duration::from_secs(3 * 24 * 3_600);

/// Letters that are kept until a mail server has taken them. A letter is on disk when it is given up here, with what
/// stands in it sealed; the run that sends it knows its number and to whom it goes. It may arrive twice where the server
/// is killed between the mail server's word and its own note.
pub struct Outbox {
    documents: Arc<dyn Documents>,
    runs: Arc<dyn RunsPort>,
    keyring: Arc<Keyring>,
    ambient: Arc<dyn Ambient>,
    post: Arc<dyn Post>,
    places: Semaphore,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Content {
    subject: String,
    text: String,
}

#[async_trait]
impl Mail for Outbox {
    fn leaves(&self) -> bool {
        true
    }

    async fn send(&self, letter: Letter) -> Result<(), String> {
        let kept = self.keep(letter).await.map_err(|error| error.to_string())?;
        // The letter is on disk: where its run cannot begin now, it begins when letters are looked through.
        if let Err(error) = self.begin(&kept).await {
            tracing::warn!("the run that sends a letter does not begin yet: {error}");
        }
        Ok(())
    }

    async fn try_letter(&self, id: &str) -> Tried {
        let Ok(_place) = self.places.acquire().await else { return Tried::Later("the server is stopping".to_owned()) };
        match records::find::<OutboxLetter>(&*self.documents, &Scope::System, id).await {
            Ok(Some(kept)) => self.deliver(kept).await,
            Ok(None) => Tried::Gone,
            Err(error) => Tried::Later(error.to_string()),
        }
    }
}

impl Outbox {
    pub fn new(
        documents: Arc<dyn Documents>,
        runs: Arc<dyn RunsPort>,
        keyring: Arc<Keyring>,
        ambient: Arc<dyn Ambient>,
        post: Arc<dyn Post>,
    ) -> Self {
        Self { documents, runs, keyring, ambient, post, places: Semaphore::new(AT_ONCE) }
    }

    async fn keep(&self, letter: Letter) -> Result<Kept<OutboxLetter>> {
        let waiting = self.documents.count_documents(&Scope::System, Table::Outbox, &DocumentFilter::default()).await?;
        if waiting >= MOST {
            return Err(ControlError::Busy(format!("{waiting} letters wait for the mail server already")));
        }
        let mut random = |bytes: &mut [u8]| self.ambient.fill(bytes);
        let now = self.ambient.now();
        let id = id_at(&*self.ambient);
        let content = Content { subject: letter.subject, text: letter.text };
        let content = serde_json::to_vec(&content).unwrap_or_default();
        let sealed = envelope::seal(&self.keyring, context(&id), &content, &mut random);
        let sealed = sealed.map_err(|error| ControlError::Unavailable(error.to_string()))?;
        let value = OutboxLetter { tenant: letter.tenant, to: letter.to, sealed: sealed.to_string().into() };
        let kept = Kept { tenant: "".into(), id, revision: 1, created_at: now, updated_at: now, value };
        let step = Change::Insert(Table::Outbox, kept.document());
        self.documents.change(&Scope::System, vec![step]).await?;
        Ok(kept)
    }

    /// The run that sends a letter, and whether it is over.
    async fn begin(&self, kept: &Kept<OutboxLetter>) -> Result<bool> {
        let OutboxLetter { tenant, to, .. } = &kept.value;
        let input = Value::object([("letter", kept.id.clone().into()), ("to", to.clone().into())]);
        let run = format!("mail-{}", kept.id);
        let (view, _) = begin(&*self.runs, SystemFlow::Mail, tenant, run, input).await?;
        Ok(view.status.is_final())
    }

    /// Sees to it that every letter has a run that sends it. One whose run is over and has left it was given up.
    pub async fn look_through(&self) -> Result<()> {
        let all: Vec<Kept<OutboxLetter>> =
            records::all(&*self.documents, &Scope::System, &DocumentFilter::default()).await?;
        for kept in all {
            if self.begin(&kept).await? {
                tracing::error!(to = &*kept.value.to, "a letter is given up: its run is over");
                self.remove(&kept).await;
            }
        }
        Ok(())
    }

    async fn deliver(&self, kept: Kept<OutboxLetter>) -> Tried {
        let result = match self.open(&kept) {
            Ok(letter) => self.post.deliver(&kept.id, &letter).await,
            Err(reason) => Err(PostError::Never(reason)),
        };
        let to = &*kept.value.to;
        let tried = match result {
            Ok(()) => Tried::Sent,
            Err(PostError::Later(reason)) if !self.is_too_old(&kept) => {
                tracing::warn!(to, "a letter waits: {reason}");
                return Tried::Later(reason);
            }
            Err(PostError::Later(reason)) => Tried::Never(format!("nobody took it in three days: {reason}")),
            Err(PostError::Never(reason)) => Tried::Never(reason),
        };
        match &tried {
            Tried::Never(reason) => tracing::error!(to, "a letter is given up: {reason}"),
            _ => tracing::info!(to, "a letter was sent"),
        }
        self.remove(&kept).await;
        tried
    }

    fn is_too_old(&self, kept: &Kept<OutboxLetter>) -> bool {
        kept.created_at.saturating_add(GIVE_UP.micros()) <= self.ambient.now()
    }

    /// Where this is not written, the letter may be sent again: rather twice than never.
    async fn remove(&self, kept: &Kept<OutboxLetter>) {
        let step = Change::Delete { table: Table::Outbox, tenant: "".into(), id: kept.id.clone(), expected: None };
        if let Err(error) = self.documents.change(&Scope::System, vec![step]).await {
            tracing::warn!("what became of a letter was not written: {error}");
        }
    }

    fn open(&self, kept: &Kept<OutboxLetter>) -> Result<Letter, String> {
        let damaged = |error: envelope::Error| format!("it cannot be opened: {error}");
        let sealed = Sealed::parse(&kept.value.sealed).map_err(damaged)?;
        let content = envelope::open(&self.keyring, context(&kept.id), &sealed).map_err(damaged)?;
        let content: Content = serde_json::from_slice(content.bytes()).map_err(|_| "it is damaged".to_owned())?;
        let OutboxLetter { tenant, to, .. } = kept.value.clone();
        Ok(Letter { tenant, to, subject: content.subject, text: content.text })
    }
}

/// The name letters are sealed for, beside their id.
pub(crate) const SEALED_FOR: &str = "outbox";

fn context(id: &str) -> Context<'_> {
    Context { tenant: SEALED_FOR, secret: id }
}
