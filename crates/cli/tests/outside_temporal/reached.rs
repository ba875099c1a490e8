//! A cluster behind TLS, which wants a key or a certificate.

use crate::front::{Front, certificate};
use crate::support::process::{Ended, Place};
use crate::{place, stop};
use weir_testkit::temporal::Server;

const KEY: &str = "tk-4711";

fn file(name: &str) -> String {
    certificate(name).to_string_lossy().into_owned()
}

/// A run with these options, and this key for the API.
fn run(place: &Place, address: &str, key: &str, more: &[&str]) -> Ended {
    let args = [&["run", "flow.yaml", "--on", "temporal", "--temporal", address], more].concat();
    place.start_with(&args, &[("TEMPORAL_API_KEY", key)]).end()
}

#[test]
fn a_key_for_the_api_goes_with_every_call_over_tls() {
    let server = Server::start();
    let front = Front::start(server.address(), Some(KEY), false);
    let (place, address, authority) = (place(), front.address(), file("authority.pem"));
    let tls = ["--tls-ca", &*authority];
    let args = [&["worker", "--temporal", &*address, "--data", "worker"], &tls[..]].concat();
    let mut worker = place.start_with(&args, &[("TEMPORAL_API_KEY", KEY)]);
    worker.until("working for ");
    let ended = run(&place, &address, KEY, &tls);
    assert_eq!(ended.code, 0, "{ended:?}");
    run(&place, &address, "another", &tls).says(1, "who are you?");
    run(&place, &address, KEY, &[]).says(1, "certificate");
    run(&place, &address, KEY, &["--tls-ca", &authority, "--tls-domain", "example.org"]).says(1, "example.org");
    stop(worker);
    let kept = place.weir(&["runs", "ls", "--data", "worker"]);
    assert!(kept.out.contains("succeeded"), "the journal came to the worker: {kept:?}");
}

#[test]
fn a_cluster_that_wants_a_certificate_is_shown_it() {
    let server = Server::start();
    let front = Front::start(server.address(), None, true);
    let (place, address) = (place(), front.address());
    let (authority, own, key) = (file("authority.pem"), file("certificate.pem"), file("key.pem"));
    let shown = ["--tls-ca", &*authority, "--tls-cert", &*own, "--tls-key", &*key];
    let mut worker = place.start(&[&["worker", "--temporal", &*address], &shown[..]].concat());
    worker.until("working for ");
    let ended = run(&place, &address, "", &shown);
    assert_eq!(ended.code, 0, "{ended:?}");
    run(&place, &address, "", &shown[..2]).says(1, "TEMPORAL_UNREACHABLE");
    run(&place, &address, "", &["--tls-ca", "nowhere.pem"]).says(2, "nowhere.pem");
    run(&place, &address, "", &["--tls-ca", "flow.yaml"]).says(2, "no certificate in PEM");
    stop(worker);
}
