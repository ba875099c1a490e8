use crate::control::id_at;
use crate::model::OutboxLetter;
use crate::ports::{Ambient, Letter, Mail, Post, PostError};
use crate::records::{self, Kept};
use crate::{ControlError, Result};
use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as Span;
use tokio::sync::Notify;
use weir_base::{Duration, Micros, Text};
use weir_store::{Change, DocumentFilter, Documents, Scope, Table};
use weir_vault::envelope::{self, Context, Sealed};
use weir_vault::keyring::Keyring;

/// How many letters wait at most; whoever asks for more is told that nothing was sent.
const MOST: u64 = 10_000;
/// How many recipients are served at the same time; one recipient gets one letter after the other.
const AT_ONCE: usize = 8;
/// The pause after the first failure. It doubles, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// After so long nobody waits for the letter any more; the links in it are worth nothing by then.
const GIVE_UP: Duration = Duration::from_secs(3 * 24 * 3_600);
/// The queue is looked at again after so long, even where nobody has rung.
const LOOK: Span = Span::from_secs(60);

/// Letters that are kept until a mail server has taken them. A letter is on disk when it is given up here, with what
/// stands in it sealed; it may arrive twice where the server is killed between the mail server's word and its own note.
pub struct Outbox {
    documents: Arc<dyn Documents>,
    keyring: Arc<Keyring>,
    ambient: Arc<dyn Ambient>,
    post: Arc<dyn Post>,
    rung: Notify,
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
        self.keep(letter).await.map_err(|error| error.to_string())?;
        self.rung.notify_one();
        Ok(())
    }
}

impl Outbox {
    pub fn new(
        documents: Arc<dyn Documents>,
        keyring: Arc<Keyring>,
        ambient: Arc<dyn Ambient>,
        post: Arc<dyn Post>,
    ) -> Self {
        Self { documents, keyring, ambient, post, rung: Notify::new() }
    }

    async fn keep(&self, letter: Letter) -> Result<()> {
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
        let value = OutboxLetter { to: letter.to, sealed: sealed.to_string().into(), tries: 0, next_at: now };
        let kept = Kept { tenant: "".into(), id, revision: 1, created_at: now, updated_at: now, value };
        let step = Change::Insert(Table::Outbox, kept.document());
        Ok(self.documents.change(&Scope::System, vec![step]).await?)
    }

    /// Sends what is due, now and for ever. Ends with the task that it is.
    pub async fn run(&self) {
        loop {
            let pause = match self.deliver_due().await {
                Ok(next) => next.map_or(LOOK, |next| self.until(next)),
                Err(error) => {
                    tracing::warn!("letters are not looked at: {error}");
                    LOOK
                }
            };
            let _ = tokio::time::timeout(pause, self.rung.notified()).await;
        }
    }

    fn until(&self, next: Micros) -> Span {
        let micros = next.saturating_sub(self.ambient.now()).max(0);
        Span::from_micros(micros.unsigned_abs()).min(LOOK)
    }

    /// Tries every letter that is due; when the next one will be.
    pub async fn deliver_due(&self) -> Result<Option<Micros>> {
        let all: Vec<Kept<OutboxLetter>> =
            records::all(&*self.documents, &Scope::System, &DocumentFilter::default()).await?;
        let mut of_one: BTreeMap<Text, Vec<Kept<OutboxLetter>>> = BTreeMap::new();
        for letter in all {
            of_one.entry(letter.value.to.clone()).or_default().push(letter);
        }
        let served = stream::iter(of_one.into_values()).map(|letters| self.serve(letters)).buffer_unordered(AT_ONCE);
        let next: Vec<Option<Micros>> = served.collect().await;
        Ok(next.into_iter().flatten().min())
    }

    /// The letters of one recipient in turn. One that has to wait lets those behind it go ahead.
    async fn serve(&self, letters: Vec<Kept<OutboxLetter>>) -> Option<Micros> {
        let mut next = None;
        for letter in letters {
            let waits = match letter.value.next_at > self.ambient.now() {
                true => Some(letter.value.next_at),
                false => self.deliver(letter).await,
            };
            next = next.into_iter().chain(waits).min();
        }
        next
    }

    /// Tries one; when to try it again.
    async fn deliver(&self, kept: Kept<OutboxLetter>) -> Option<Micros> {
        let result = match self.open(&kept) {
            Ok(letter) => self.post.deliver(&kept.id, &letter).await,
            Err(reason) => Err(PostError::Never(reason)),
        };
        let (to, now) = (&*kept.value.to, self.ambient.now());
        let given_up = kept.created_at.saturating_add(GIVE_UP.micros()) <= now;
        match result {
            Ok(()) => tracing::info!(to, "a letter was sent"),
            Err(PostError::Later(reason)) if !given_up => {
                let next_at = now.saturating_add(pause(kept.value.tries).micros());
                tracing::warn!(to, "a letter waits: {reason}");
                let value = OutboxLetter { tries: kept.value.tries + 1, next_at, ..kept.value.clone() };
                let changed = Kept { value, updated_at: now, ..kept.clone() };
                let step = Change::Replace { table: Table::Outbox, document: changed.document(), expected: None };
                self.note(step).await;
                return Some(next_at);
            }
            Err(PostError::Later(reason) | PostError::Never(reason)) => {
                tracing::error!(to, "a letter is given up: {reason}");
            }
        }
        self.note(Change::Delete { table: Table::Outbox, tenant: "".into(), id: kept.id, expected: None }).await;
        None
    }

    /// Where this is not written, the letter is tried again: rather twice than never.
    async fn note(&self, step: Change) {
        if let Err(error) = self.documents.change(&Scope::System, vec![step]).await {
            tracing::warn!("what became of a letter was not written: {error}");
        }
    }

    fn open(&self, kept: &Kept<OutboxLetter>) -> Result<Letter, String> {
        let damaged = |error: envelope::Error| format!("it cannot be opened: {error}");
        let sealed = Sealed::parse(&kept.value.sealed).map_err(damaged)?;
        let content = envelope::open(&self.keyring, context(&kept.id), &sealed).map_err(damaged)?;
        let content: Content = serde_json::from_slice(content.bytes()).map_err(|_| "it is damaged".to_owned())?;
        Ok(Letter { to: kept.value.to.clone(), subject: content.subject, text: content.text })
    }
}

/// The name letters are sealed for, beside their id.
pub(crate) const SEALED_FOR: &str = "outbox";

fn context(id: &str) -> Context<'_> {
    Context { tenant: SEALED_FOR, secret: id }
}

fn pause(tries: u32) -> Duration {
    let millis = FIRST_PAUSE.millis.saturating_mul(1 << tries.min(20));
    Duration { millis: millis.min(LONGEST_PAUSE.millis) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let seconds = [0, 1, 2, 6, 7, 40].map(|tries| pause(tries).millis / 1_000);
        assert_eq!(seconds, [30, 60, 120, 1_920, 3_600, 3_600]);
    }
}
