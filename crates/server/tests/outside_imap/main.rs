//! Letters that start flows, in a mailbox of Debian's Dovecot.

mod dovecot;
#[path = "../outside_oidc/house.rs"]
mod house;
#[path = "../../../cli/src/serve/imap.rs"]
mod imap;

use dovecot::Dovecot;
use house::{House, Plan};
use imap::Imap;
use std::sync::Arc;
use weir_base::{Duration, Text};
use weir_control::model::{EmailSpec, FlowFile, MailTls};
use weir_control::{Caller, NewFlow, NewTrigger, NoWeb, RunQuery};
use weir_runs::Until;

const FLOW: &str = r#"{"ir": 1, "name": "letters", "dialect": "ir",
  "root": {"id": "p", "task": {"kind": "print", "params": {"message": "{{ input.subject }}"}}}}"#;

struct Site {
    house: House,
    dovecot: Dovecot,
    imap: Imap,
    caller: Caller,
    flow: Text,
}

async fn site() -> Site {
    let house = House::open(|_| Plan::new(Arc::new(NoWeb))).await;
    let (_, tenant) = house.control.first_start("owner@a.test", "a-long-passphrase").await.unwrap();
    let caller = Caller::system(tenant.id, "test");
    let new = NewFlow {
        project: "default".into(),
        service: "default".into(),
        name: Some("letters".into()),
        files: vec![FlowFile { name: "flow.json".into(), text: FLOW.into() }],
        ..NewFlow::default()
    };
    let flow = house.control.create_flow(&caller, new).await.unwrap().id;
    house.control.start_flow(&caller, &flow, None).await.unwrap();
    house.control.set_secret(&caller, "default", "mailbox", "hush", None, None).await.unwrap();
    Site { house, dovecot: Dovecot::start(), imap: imap("localhost"), caller, flow }
}

fn imap(private: &str) -> Imap {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside_mail/certificates");
    Imap::new(private, Some(&std::fs::read(folder.join("authority.pem")).unwrap())).unwrap()
}

impl Site {
    fn spec(&self, tls: MailTls) -> EmailSpec {
        EmailSpec {
            host: "localhost".into(),
            port: if tls == MailTls::Tls { self.dovecot.tls } else { self.dovecot.plain },
            tls,
            user: "weir".into(),
            password_secret: "mailbox".into(),
            folder: "INBOX".into(),
            every: 60_000,
        }
    }

    async fn trigger(&self, name: &str, spec: EmailSpec) -> Text {
        self.house.control.create_trigger(&self.caller, &self.flow, name, NewTrigger::Email(spec)).await.unwrap().id
    }

    /// A minute later.
    async fn look(&self) {
        self.house.clock.pass(Duration::from_secs(61));
        self.house.control.look_into_mailboxes(&self.imap).await.unwrap();
    }

    /// What the runs there are were started with, the oldest first, by subject.
    async fn runs(&self) -> Vec<String> {
        let listed = self.house.control.list_runs(&self.caller, &RunQuery::default(), None, 100).await.unwrap();
        let mut subjects = Vec::new();
        for run in listed.items {
            let view = self.house.control.wait(&self.caller, &run.id, Until::Ended).await.unwrap();
            assert_eq!(view.status, weir_engine::Status::Succeeded, "{view:?}");
            let subject = view.output.as_str().unwrap_or_default();
            subjects.push(subject.to_owned());
        }
        subjects.reverse();
        subjects
    }

    /// The code of what is wrong with a trigger.
    async fn problem(&self, trigger: &str) -> Option<String> {
        let trigger = self.house.control.trigger(&self.caller, &self.flow, trigger).await.unwrap();
        assert!(trigger.value.enabled, "nothing is switched off");
        let progress = self.house.control.trigger_progress(&trigger).await.unwrap();
        progress.state.skipped.map(|skipped| {
            assert!(!skipped.message.contains("hush"), "{}", skipped.message);
            skipped.code.to_string()
        })
    }
}

fn letter(subject: &str) -> Vec<u8> {
    format!("From: Ada <ada@a.test>\r\nTo: weir@a.test\r\nSubject: {subject}\r\n\r\nHello.\r\n").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unread_letter_starts_one_run() {
    let site = site().await;
    site.dovecot.deliver("1", &letter("one"));
    site.dovecot.deliver("2", &letter("two"));
    let trigger = site.trigger("inbox", site.spec(MailTls::None)).await;
    site.look().await;
    assert_eq!(site.problem(&trigger).await, None, "{}", site.dovecot.log());
    let mut first = site.runs().await;
    first.sort();
    assert_eq!(first, ["one", "two"]);
    site.dovecot.until_seen(2);
    // Not before it is due, and nothing twice.
    site.dovecot.deliver("3", &letter("three"));
    site.house.control.look_into_mailboxes(&site.imap).await.unwrap();
    assert_eq!(site.runs().await.len(), 2);
    site.look().await;
    site.look().await;
    assert_eq!(site.runs().await.last().unwrap(), "three");
    // New numbers make nothing new of what was read.
    site.dovecot.renumber();
    site.dovecot.deliver("4", &letter("four"));
    site.look().await;
    assert_eq!(site.runs().await.len(), 4);
    // While the flow is stopped, letters wait.
    site.house.control.stop_flow(&site.caller, &site.flow).await.unwrap();
    site.dovecot.deliver("5", &letter("five"));
    site.look().await;
    assert_eq!(site.runs().await.len(), 4);
    site.house.control.start_flow(&site.caller, &site.flow, None).await.unwrap();
    site.look().await;
    assert_eq!(site.runs().await.len(), 5);
    // So they do while it is deleted; what had come before starts nothing anew.
    let (control, me) = (&site.house.control, &site.caller);
    control.stop_flow(me, &site.flow).await.unwrap();
    control.delete_flow(me, &site.flow, None).await.unwrap();
    site.dovecot.deliver("6", &letter("six"));
    site.look().await;
    control.restore_flow(me, &site.flow).await.unwrap();
    control.start_flow(me, &site.flow, None).await.unwrap();
    site.look().await;
    site.look().await;
    let runs = site.runs().await;
    assert_eq!((runs.len(), runs.last().map(String::as_str)), (6, Some("six")));
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls() {
    for tls in [MailTls::Tls, MailTls::Starttls] {
        let site = site().await;
        site.dovecot.deliver("1", &letter("private"));
        let trigger = site.trigger("inbox", site.spec(tls)).await;
        site.look().await;
        assert_eq!(site.problem(&trigger).await, None, "{tls:?} {}", site.dovecot.log());
        assert_eq!(site.runs().await, ["private"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_shown_on_the_trigger_and_goes_when_it_is_mended() {
    let site = site().await;
    let plain = site.spec(MailTls::None);
    let control = &site.house.control;
    control.set_secret(&site.caller, "default", "wrong", "not-hush-at-all", None, None).await.unwrap();
    let folder = site.trigger("folder", EmailSpec { folder: "Nowhere".into(), ..plain.clone() }).await;
    let secret = site.trigger("secret", EmailSpec { password_secret: "none".into(), ..plain.clone() }).await;
    let closed = site.trigger("closed", EmailSpec { port: 1, ..plain.clone() }).await;
    let private = site.trigger("private", EmailSpec { host: "127.0.0.1".into(), ..plain.clone() }).await;
    let stranger = EmailSpec { host: "127.0.0.1".into(), ..site.spec(MailTls::Tls) };
    let stranger = site.trigger("stranger", stranger).await;
    site.look().await;
    for (trigger, code) in [
        (&folder, "MAILBOX_FOLDER"),
        (&secret, "SECRET_UNKNOWN"),
        (&closed, "MAILBOX_UNREACHABLE"),
        (&private, "MAILBOX_PRIVATE"),
        (&stranger, "MAILBOX_PRIVATE"),
    ] {
        assert_eq!(site.problem(trigger).await.as_deref(), Some(code));
    }
    let wrong = site.trigger("wrong", EmailSpec { password_secret: "wrong".into(), ..plain.clone() }).await;
    site.house.control.look_into_mailboxes(&site.imap).await.unwrap();
    let trigger = control.trigger(&site.caller, &site.flow, &wrong).await.unwrap();
    let state = control.trigger_progress(&trigger).await.unwrap().state;
    let skipped = state.skipped.unwrap();
    assert_eq!(&*skipped.code, "MAILBOX_SIGN_IN");
    assert!(!skipped.message.contains("not-hush"), "{}", skipped.message);
    control.set_secret(&site.caller, "default", "wrong", "hush", None, None).await.unwrap();
    site.look().await;
    assert_eq!(site.problem(&wrong).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_too_large_is_passed_over() {
    let site = site().await;
    let mut large = letter("large");
    large.resize(weir_control::LARGEST_LETTER as usize + 1_000, b'x');
    site.dovecot.deliver("1", &large);
    let trigger = site.trigger("inbox", site.spec(MailTls::None)).await;
    site.look().await;
    assert_eq!(site.problem(&trigger).await.as_deref(), Some("LETTER_TOO_LARGE"));
    site.dovecot.deliver("2", &letter("small"));
    site.look().await;
    assert_eq!(site.runs().await, ["small"]);
}
