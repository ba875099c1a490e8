//! Servers with a connection to Temporal that is not the usual one: behind TLS, with the data in PostgreSQL, beside
//! another installation.

use crate::deployed::{come, start_on, whole};
use crate::front::{Front, certificate};
use crate::support::process::{Place, text};
use crate::support::server::Server;
use weir_base::Value;
use weir_testkit::postgres::Database;
use weir_testkit::temporal::Server as Temporal;

const KEY: &str = "tk-0815";

const WAITS: &str = crate::deployed::WAITS;

fn file(name: &str) -> String {
    certificate(name).to_string_lossy().into_owned()
}

/// A flow that was started on `main`.
fn on_main(server: &Server) -> String {
    let flow = server.running("waits", WAITS);
    let (status, answer) = start_on(server, &flow, "temporal:main");
    assert_eq!(status, 200, "{}", answer.to_json());
    flow
}

#[test]
fn a_server_speaks_tls_to_a_cluster_that_wants_a_key() {
    let temporal = Temporal::start();
    let front = Front::start(temporal.address(), Some(KEY), false);
    let (place, address, authority) =
        (Place::new(&[("key", KEY), ("wrong", "tk-1")]), front.address(), file("authority.pem"));
    let connection = |name: &str, more: &str| format!("  {name}: {{address: \"{address}\", worker: true, {more}}}\n");
    let settings = [
        connection("main", &format!("taskQueue: weir, tlsCa: \"{authority}\", apiKeyFile: key")),
        connection("stranger", &format!("taskQueue: other, tlsCa: \"{authority}\", apiKeyFile: wrong")),
        connection("doubting", "taskQueue: third, tls: true, apiKeyFile: key"),
    ];
    let server = Server::configured(&place, &format!("temporal:\n{}", settings.concat()));
    let flow = on_main(&server);
    whole(&server, &flow);
    for (runtime, said) in [("temporal:stranger", "who are you?"), ("temporal:doubting", "certificate")] {
        let (status, answer) = start_on(&server, &flow, runtime);
        assert!(status >= 400 && answer.to_json().contains(said), "{runtime}: {status} {}", answer.to_json());
    }
    server.stop();
}

#[test]
fn a_server_shows_its_certificate() {
    let temporal = Temporal::start();
    let front = Front::start(temporal.address(), None, true);
    let (authority, own, key) = (file("authority.pem"), file("certificate.pem"), file("key.pem"));
    let place = Place::new(&[]);
    let address = front.address();
    let server = Server::configured(
        &place,
        &format!(
            "temporal:\n  main: {{address: \"{address}\", worker: true, tlsCa: \"{authority}\", tlsCert: \"{own}\", tlsKey: \"{key}\"}}\n"
        ),
    );
    whole(&server, &on_main(&server));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_its_data_in_postgresql_keeps_the_journals_there() {
    let (temporal, database) = (Temporal::start(), Database::fresh().await);
    let (address, url) = (temporal.address(), database.url());
    let work = move || {
        let place = Place::new(&[]);
        let connection = format!("temporal:\n  main: {{address: \"{address}\", worker: true}}\n");
        let mut server = Server::configured(&place, &format!("databaseUrl: \"{url}\"\n{connection}"));
        let flow = on_main(&server);
        whole(&server, &flow);
        let run = server.inject(&flow, Value::object([("who", "Bo".into())]));
        come(&server, &run, &["waiting"]);
        server = server.killed(&place);
        come(&server, &run, &["waiting"]);
        server.ask("POST", &format!("/api/runs/{run}/signal"), r#"{"name": "go", "payload": {}}"#);
        come(&server, &run, &["succeeded"]);
        server.stop();
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

/// The copy of an installation makes the same ids; each has to have its own runs.
#[test]
fn a_run_of_another_installation_is_not_taken_for_ones_own() {
    let temporal = Temporal::start();
    let settings = |queue: &str| {
        let address = temporal.address();
        format!("temporal:\n  main: {{address: \"{address}\", worker: true, taskQueue: {queue}}}\n")
    };
    let (place, copy) = (Place::new(&[]), Place::new(&[]));
    let first = Server::configured(&place, &settings("one"));
    let (flow, key) = (on_main(&first), first.key());
    first.stop();
    let copied = std::process::Command::new("cp").arg("-r").arg(place.path(".")).arg(copy.path(".")).status();
    assert!(copied.unwrap().success());
    let first = Server::again(&place, &settings("one"), &key);
    let second = Server::again(&copy, &settings("two"), &key);
    let begin = |server: &Server| server.inject_as(&flow, Value::object([("who", "Ada".into())]), "k1");
    let run = begin(&first);
    come(&first, &run, &["waiting"]);
    assert_eq!(begin(&second), run, "the same id");
    let ended = come(&second, &run, &["failed", "succeeded"]);
    let code = ended.get("error").map(|error| text(error, "code")).unwrap_or_default();
    assert_eq!((&*text(&ended, "status"), &*code), ("failed", "TEMPORAL_ID_TAKEN"), "{}", ended.to_json());
    first.ask("POST", &format!("/api/runs/{run}/signal"), r#"{"name": "go", "payload": {}}"#);
    come(&first, &run, &["succeeded"]);
    first.stop();
    second.stop();
}
