//! Letters, on their way to PyPI's `aiosmtpd`.

#[path = "../outside_oidc/house.rs"]
mod house;
#[path = "../../../cli/src/serve/mail.rs"]
mod mail;
mod server;

use house::{Ahead, House, Plan};
use mail::Smtp;
use server::{MailServer, folder};
use std::sync::Arc;
use weir_base::{Duration, Value};
use weir_control::{Caller, Letter, Mail, NoWeb, Outbox, Post, PostError, Role};
use weir_store::{DocumentFilter, Documents, Scope, Store, Table};
use weir_store_sql::{SqlOptions, SqlStore};
use weir_vault::keyring::Keyring;

const FROM: &str = "Weir <weir@a.test>";

fn letter(to: &str, subject: &str) -> Letter {
    let text = "Grüße.\n\nOpen this:\nhttps://weir.test/reset#canary-7d1e\n";
    Letter { to: to.into(), subject: subject.to_owned(), text: text.to_owned() }
}

fn smtp(url: &str) -> Smtp {
    let authority = std::fs::read(folder().join("certificates/authority.pem")).unwrap();
    Smtp::new(url, FROM, Some(&authority)).unwrap()
}

fn text(told: &Value, name: &str) -> String {
    told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Letters on disk, and a clock that is put forward.
struct Desk {
    folder: tempfile::TempDir,
    clock: Arc<Ahead>,
    store: Arc<SqlStore>,
    outbox: Arc<Outbox>,
}

async fn desk(url: &str) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Ahead::default());
    let (store, outbox) = open(folder.path(), &clock, url).await;
    Desk { folder, clock, store, outbox }
}

async fn open(folder: &std::path::Path, clock: &Arc<Ahead>, url: &str) -> (Arc<SqlStore>, Arc<Outbox>) {
    let store = Arc::new(SqlStore::open(folder, &SqlOptions::default()).await.unwrap());
    let keyring = Keyring::parse(&"7a01".repeat(16)).unwrap();
    let outbox = Outbox::new(store.clone(), Arc::new(keyring), clock.clone(), Arc::new(smtp(url)));
    (store, Arc::new(outbox))
}

impl Desk {
    async fn waiting(&self) -> u64 {
        self.store.count_documents(&Scope::System, Table::Outbox, &DocumentFilter::default()).await.unwrap()
    }

    /// As if the server had been stopped and started.
    async fn restart(self, url: &str) -> Desk {
        let Desk { folder, clock, store, outbox } = self;
        drop(outbox);
        store.close().await.unwrap();
        drop(store);
        let (store, outbox) = open(folder.path(), &clock, url).await;
        Desk { folder, clock, store, outbox }
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
    desk.outbox.deliver_due().await.unwrap();
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
    let next = desk.outbox.deliver_due().await.unwrap().expect("one waits");
    let mut refused = [text(&server.next(), "refused"), text(&server.next(), "refused")];
    refused.sort();
    assert_eq!(refused, ["later@b.test", "never@b.test"]);
    assert_eq!(desk.waiting().await, 1, "what is never taken is given up");
    assert_eq!(desk.outbox.deliver_due().await.unwrap(), Some(next), "not before its time");
    let desk = desk.restart(&url).await;
    // A second letter to the same person does not wait behind the first; it is taken, and the first is not due yet.
    desk.outbox.send(letter("later@b.test", "second")).await.unwrap();
    assert_eq!(desk.outbox.deliver_due().await.unwrap(), Some(next));
    assert_eq!(text(&server.next(), "subject"), "second");
    desk.clock.pass(Duration::from_secs(31));
    assert_eq!(desk.outbox.deliver_due().await.unwrap(), None);
    assert_eq!(text(&server.next(), "subject"), "first");
    assert_eq!(desk.waiting().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_away_letters_wait_and_are_given_up_after_three_days() {
    let url = format!("smtp://127.0.0.1:{}", MailServer::start("plain").port);
    let desk = desk(&url).await;
    desk.outbox.send(letter("ada@b.test", "lost")).await.unwrap();
    for pause in [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        use weir_control::Ambient;
        let next = desk.outbox.deliver_due().await.unwrap().expect("it waits");
        let seconds = (next - desk.clock.now() + 999_999) / 1_000_000;
        assert!((pause - 5..=pause).contains(&seconds), "{seconds}, not {pause}");
        desk.clock.pass(Duration::from_secs(pause as u64));
    }
    desk.clock.pass(Duration::from_secs(3 * 24 * 3_600));
    assert_eq!(desk.outbox.deliver_due().await.unwrap(), None);
    assert_eq!(desk.waiting().await, 0);
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
    assert_eq!(&*joined.user.value.email, "ada@b.test");
    house.control.ask_for_reset(&owner.value.email, &"127.0.0.1".into()).await.unwrap();
    let told = server.next();
    let token = text(&told, "text").split("reset#").nth(1).unwrap().lines().next().unwrap().to_owned();
    house.control.reset_password(&token, "a-third-long-passphrase").await.unwrap();
}
