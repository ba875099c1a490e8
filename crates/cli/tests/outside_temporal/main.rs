//! The command against Temporal's own development server, as somebody uses it who has a cluster elsewhere.
#![cfg(feature = "temporal")]

mod carried;
mod deployed;
#[path = "../../../server/tests/outside_imap/dovecot.rs"]
#[allow(dead_code, reason = "each suite uses a part of it")]
mod dovecot;
mod front;
mod generated;
mod limits;
mod reached;
mod secrets;
mod stored;
#[path = "../support/mod.rs"]
mod support;
mod together;
mod triggered;

use support::process::{Ended, Going, Place};

/// Three steps that touch the world.
const FLOW: &str = "type: Sequence
id: main
children:
- {type: Mock, id: one, props: {output: 1}}
- {type: Mock, id: two, props: {output: 2}}
- {type: Mock, id: three, props: {output: 3}}
";

fn place() -> Place {
    Place::new(&[("flow.yaml", FLOW)])
}

/// A worker that has begun to work.
fn worker(place: &Place, address: &str, more: &[&str]) -> Going {
    let mut going = place.start(&[&["worker", "--temporal", address], more].concat());
    going.until("working for ");
    going
}

fn run(place: &Place, address: &str, more: &[&str]) -> Ended {
    place.weir(&[&["run", "flow.yaml", "--on", "temporal", "--temporal", address, "--json"], more].concat())
}

fn stop(worker: Going) {
    worker.terminate();
    let ended = worker.end();
    assert_eq!(ended.code, 0, "{ended:?}");
}
