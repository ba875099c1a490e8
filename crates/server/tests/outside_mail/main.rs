//! Letters, on their way to PyPI's `aiosmtpd`.

#[path = "../outside_oidc/house.rs"]
mod house;
#[path = "../../../cli/src/serve/mail.rs"]
mod mail;
mod server;

use async_trait::async_trait;
use house::{Ahead, House, Plan};
use mail::Smtp;
use server::{MailServer, folder};
use std::sync::{Arc, Mutex, Weak};
use tokio::sync::SetOnce;
use weir_base::{Duration, Value};
use weir_control::{Caller, Letter, Mail, NoWeb, Outbox, Post, PostError, Role, Tried};
use weir_kind::{Category, FlowContext, Housekeeping, Registry, TaskError};
use weir_runs::{RunsPort, Until};
use weir_runtime::{Clock, Runtime, SystemClock, VirtualClock};
use weir_store::{
    Document, DocumentFilter, DocumentPage, Documents, Journal, Runs, SYSTEM_PROJECT, Scope, Store, Table,
};
use weir_store_sql::{SqlOptions, SqlStore};
use weir_vault::keyring::Keyring;

const FROM: &str = "Weir <weir@a.test>";

fn letter(to: &str, subject: &str) -> Letter {
    let text = "Grüße.\n\nOpen this:\nhttps://weir.test/reset#canary-7d1e\n";
    Letter { tenant: "".into(), to: to.into(), subject: subject.to_owned(), text: text.to_owned() }
}

fn smtp(url: &str) -> Smtp {
    let authority = std::fs::read(folder().join("certificates/authority.pem")).unwrap();
    Smtp::new(url, FROM, Some(&authority)).unwrap()
}

fn text(told: &Value, name: &str) -> String {
    told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Letters on disk, a clock that is put forward, and runs that come no further than to begin: letters are tried here.
struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<Ahead>,
    store: Arc<SqlStore>,
    runtime: Arc<Runtime>,
    outbox: Arc<Outbox>,
}

async fn desk(url: &str) -> Desk {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Arc::new(Ahead::default()));
    open(folder, clock, Arc::new(smtp(url)), Arc::new(Idle), Arc::new(SystemClock)).await
}

async fn open(
    folder: tempfile::TempDir,
    clock: Arc<Ahead>,
    post: Arc<dyn Post>,
    keeping: Arc<dyn Housekeeping>,
    time: Arc<dyn Clock>,
) -> Desk {
    let store = Arc::new(SqlStore::open(folder.path(), &SqlOptions::default()).await.unwrap());
    let registry = Registry::from_registrations(weir_kinds::system(&keeping)).unwrap();
    let parts = weir_runtime::Parts { clock: time, ..weir_runtime::Parts::new(store.clone(), registry) };
    let options = weir_runtime::Options { drain: Duration::from_millis(1), ..Default::default() };
    let runtime = Arc::new(Runtime::open(options, parts).await.unwrap());
    let keyring = Arc::new(Keyring::parse(&"7a01".repeat(16)).unwrap());
    let outbox = Arc::new(Outbox::new(store.clone(), runtime.clone(), keyring, clock.clone(), post));
    Desk { folder, clock, store, runtime, outbox }
}

/// Does nothing, for ever.
struct Idle;

#[async_trait]
impl Housekeeping for Idle {
    fn is_own(&self, _: &FlowContext) -> bool {
        true
    }

    async fn perform(&self, _: &FlowContext, _: &str, _: &Value) -> Result<Value, TaskError> {
        std::future::pending().await
    }
}

/// Tries the letters of an outbox that is put together later.
#[derive(Default)]
struct Tries(SetOnce<Weak<Outbox>>);

#[async_trait]
impl Housekeeping for Tries {
    fn is_own(&self, flow: &FlowContext) -> bool {
        &*flow.project == SYSTEM_PROJECT
    }

    async fn perform(&self, _: &FlowContext, _: &str, params: &Value) -> Result<Value, TaskError> {
        let outbox = self.0.wait().await.upgrade().expect("it is there");
        match outbox.try_letter(&text(params, "letter")).await {
            Tried::Sent | Tried::Gone => Ok(Value::object([("sent", true.into())])),
            Tried::Later(why) => Err(TaskError::new(Category::Upstream, "LETTER_WAITS", why).retryable(true)),
            Tried::Never(why) => Err(TaskError::new(Category::Upstream, "LETTER_GIVEN_UP", why)),
        }
    }
}

impl Desk {
    async fn letters(&self) -> Vec<Document> {
        let page = DocumentPage { after: None, limit: 100, newest_first: false };
        self.store.documents(&Scope::System, Table::Outbox, &DocumentFilter::default(), &page).await.unwrap()
    }

    async fn waiting(&self) -> usize {
        self.letters().await.len()
    }

    /// Tries every letter, the oldest first.
    async fn try_all(&self) -> Vec<Tried> {
        let mut tried = Vec::new();
        for letter in self.letters().await {
            tried.push(self.outbox.try_letter(&letter.id).await);
        }
        tried
    }

    /// As if the server had been stopped and started.
    async fn restart(self, url: &str) -> Desk {
        let Desk { folder, clock, store, outbox, runtime } = self;
        drop(outbox);
        runtime.stop().await.unwrap();
        drop(runtime);
        store.close().await.unwrap();
        drop(store);
        open(folder, clock, Arc::new(smtp(url)), Arc::new(Idle), Arc::new(SystemClock)).await
    }

    async fn runs(&self) -> Vec<weir_store::Run> {
        let page = weir_store::PageRequest { before: None, limit: 100 };
        let filter = weir_store::RunFilter { system: Some(true), ..Default::default() };
        self.store.list_runs(&filter, page).await.unwrap().items
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives_as_it_was_written() {
    let mut server = MailServer::start("plain");
    let desk = desk(&format!("smtp://127.0.0.1:{}", server.port)).await;
    let sent =
        letter("ada@b.test", "Grüße aus Zürich, and a subject that is longer than a line of a letter may be at most");
    desk.outbox.send(sent.clone()).await.unwrap();
    assert_eq!(desk.waiting().await, 1);
    assert_eq!(desk.try_all().await, [Tried::Sent]);
    let told = server.next();
    assert_eq!((text(&told, "subject"), text(&told, "text")), (sent.subject, sent.text));
    assert_eq!(told.get("to").unwrap().to_json(), r#"["ada@b.test"]"#);
    assert_eq!(text(&told, "sender"), "weir@a.test");
    assert!(text(&told, "id").ends_with("@a.test>"), "{told}");
    assert_eq!(desk.waiting().await, 0, "and is gone here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_not_taken_now_is_tried_again_after_a_restart_too() {
    let mut server = MailServer::start("plain");
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let desk = desk(&url).await;
    desk.outbox.send(letter("later@b.test", "first")).await.unwrap();
    desk.outbox.send(letter("never@b.test", "to nobody")).await.unwrap();
    let tried = desk.try_all().await;
    assert!(matches!(&tried[..], [Tried::Later(_), Tried::Never(_)]), "{tried:?}");
    let mut refused = [text(&server.next(), "refused"), text(&server.next(), "refused")];
    refused.sort();
    assert_eq!(refused, ["later@b.test", "never@b.test"]);
    assert_eq!(desk.waiting().await, 1, "what is never taken is given up");
    let desk = desk.restart(&url).await;
    desk.outbox.look_through().await.unwrap();
    assert_eq!(desk.runs().await.len(), 2, "a letter has one run");
    assert_eq!(desk.try_all().await, [Tried::Sent]);
    assert_eq!(text(&server.next(), "subject"), "first");
    assert_eq!(desk.waiting().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_away_letters_wait_and_are_given_up_after_three_days() {
    let url = format!("smtp://127.0.0.1:{}", MailServer::start("plain").port);
    let desk = desk(&url).await;
    desk.outbox.send(letter("ada@b.test", "lost")).await.unwrap();
    desk.clock.pass(Duration::from_secs(3 * 24 * 3_600 - 60));
    assert!(matches!(&desk.try_all().await[..], [Tried::Later(_)]));
    desk.clock.pass(Duration::from_secs(61));
    assert!(matches!(&desk.try_all().await[..], [Tried::Never(_)]));
    assert_eq!(desk.waiting().await, 0);
}

/// A mail server that takes a letter when it has refused it so often, and holds what it took.
#[derive(Default)]
struct Slow {
    tries: Mutex<Vec<String>>,
}

#[async_trait]
impl Post for Slow {
    async fn deliver(&self, _: &str, letter: &Letter) -> Result<(), PostError> {
        let mut tries = self.tries.lock().unwrap();
        tries.push(letter.subject.clone());
        let before = tries.iter().filter(|subject| **subject == letter.subject).count();
        if &*letter.to == "slow@b.test" && before < 9 { Err(PostError::Later("not now".to_owned())) } else { Ok(()) }
    }
}

/// The whole way in virtual time: as a run that is seen, with a key for each person and nothing of the letter in it.
#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_a_letter_tries_until_it_is_taken() {
    let (folder, clock, slow) = (tempfile::tempdir().unwrap(), Arc::new(Ahead::default()), Arc::new(Slow::default()));
    let (keeping, time) = (Arc::new(Tries::default()), Arc::new(VirtualClock::starting_at(0)));
    let desk = open(folder, clock, slow.clone(), keeping.clone(), time.clone()).await;
    keeping.0.set(Arc::downgrade(&desk.outbox)).unwrap();
    desk.outbox.send(letter("slow@b.test", "canary-slow")).await.unwrap();
    desk.outbox.send(letter("fast@b.test", "canary-fast")).await.unwrap();
    for run in desk.runs().await {
        let ended = desk.runtime.wait(&run.id, Until::Ended).await.unwrap();
        assert_eq!(ended.status.as_str(), "succeeded", "{ended:?}");
        assert_eq!((&*run.flow, &*run.place.project, run.cause.as_deref()), ("mail", ".system", Some("system")));
        let key = run.concurrency_key.unwrap();
        assert!(key.ends_with("slow@b.test\"") || key.ends_with("fast@b.test\""), "{key}");
        let records = desk.store.records(run.key, 1, 100).await.unwrap();
        assert!(records.len() > 1 && records.iter().all(|record| !record.payload.contains("canary")), "{records:?}");
        let steps = desk.runtime.steps(&run.id).await.unwrap();
        let attempts = if key.contains("slow") { 9 } else { 1 };
        assert_eq!(steps.iter().map(|step| step.attempts).max(), Some(attempts), "{steps:?}");
    }
    // 30 s, doubled up to an hour.
    let waited: i64 = [30, 60, 120, 240, 480, 960, 1_920, 3_600].iter().sum();
    assert!(time.now() >= waited * 1_000_000, "{}", time.now());
    let tries = slow.tries.lock().unwrap().clone();
    assert_eq!(tries.iter().filter(|subject| *subject == "canary-fast").count(), 1);
    assert_eq!(desk.waiting().await, 0);
}

/// A run that somebody has cancelled sends nothing, and its letter does not lie about for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_gives_its_letter_up() {
    let desk = desk("smtp://127.0.0.1:1").await;
    desk.outbox.send(letter("ada@b.test", "unwanted")).await.unwrap();
    desk.outbox.look_through().await.unwrap();
    assert_eq!(desk.waiting().await, 1, "its run is open");
    let run = desk.runs().await.remove(0);
    desk.runtime.cancel(&run.id, "not wanted").await.unwrap();
    desk.runtime.wait(&run.id, Until::Ended).await.unwrap();
    desk.outbox.look_through().await.unwrap();
    assert_eq!((desk.waiting().await, desk.runs().await.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_with_a_password() {
    for mode in ["starttls", "smtps"] {
        let mut server = MailServer::start(mode);
        let port = server.port.clone();
        let to = letter("ada@b.test", mode);
        let good = smtp(&format!("{mode}://weir:p%40ss%20word%2B@localhost:{port}"));
        good.deliver("1", &to).await.unwrap();
        let told = server.next();
        assert_eq!((text(&told, "subject"), text(&told, "user")), (mode.to_owned(), "weir".to_owned()));
        assert_eq!(told.get("tls").and_then(Value::as_bool), Some(true));
        // A wrong password can be corrected, so the letter waits; and it is not repeated.
        let wrong = smtp(&format!("{mode}://weir:hush@localhost:{port}")).deliver("1", &to).await.unwrap_err();
        assert!(
            matches!(&wrong, PostError::Later(said) if said.contains("535") && !said.contains("hush")),
            "{wrong:?}"
        );
        // A server that nobody vouches for gets neither password nor letter.
        let stranger = Smtp::new(&format!("{mode}://weir:p%40ss%20word%2B@localhost:{port}"), FROM, None).unwrap();
        assert!(matches!(stranger.deliver("1", &to).await, Err(PostError::Later(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_a_letter_is_not_on_the_disk() {
    let desk = desk("smtp://127.0.0.1:1").await;
    desk.outbox.send(letter("ada@b.test", "a subject-canary")).await.unwrap();
    assert_eq!(desk.waiting().await, 1);
    desk.runtime.stop().await.unwrap();
    desk.store.close().await.unwrap();
    let mut looked_at = 0;
    for file in std::fs::read_dir(desk.folder.path()).unwrap().flatten().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        looked_at += usize::from(bytes.windows(10).any(|part| part == b"ada@b.test"));
        assert!(!bytes.windows(6).any(|part| part == b"canary"), "{}", file.path().display());
    }
    assert!(looked_at > 0, "the row was looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_and_a_new_password_come_by_letter() {
    let mut server = MailServer::start("plain");
    let post = Arc::new(smtp(&format!("smtp://127.0.0.1:{}", server.port)));
    let house = House::open(|_| Plan { post: Some(post), ..Plan::new(Arc::new(NoWeb)) }).await;
    let (owner, tenant) = house.control.first_start("owner@a.test", "a-long-passphrase").await.unwrap();
    let caller = Caller::system(tenant.id, "test");
    let invited = house.control.invite(&caller, "ada@b.test", Role::Editor).await.unwrap();
    assert_eq!(invited.link, None, "it is in the letter alone");
    let told = server.next();
    let token = text(&told, "text").split("join#").nth(1).unwrap().lines().next().unwrap().to_owned();
    let origin = weir_control::Origin::default();
    let joined = house.control.accept(&token, "Ada", "another-long-passphrase".into(), &origin).await.unwrap();
    assert_eq!(&*joined.value.email, "ada@b.test");
    house.control.ask_for_reset(&owner.value.email, &"127.0.0.1".into()).await.unwrap();
    let told = server.next();
    let token = text(&told, "text").split("reset#").nth(1).unwrap().lines().next().unwrap().to_owned();
    house.control.reset_password(&token, "a-third-long-passphrase").await.unwrap();
}
