//! How many requests a key, a session's stand-in and a webhook may make, by a clock that stands still.

mod door;

use door::{Door, Reply};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use weir_base::Micros;
use weir_control::{Ambient, Options, Tier};
use weir_runtime::{Clock, SystemClock};

/// A clock that moves when it is told to.
struct Still {
    now: AtomicI64,
    chance: AtomicU64,
}

impl Still {
    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Ambient for Still {
    fn now(&self) -> Micros {
        self.now.load(Ordering::Relaxed)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let number = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (number >> 56) as u8 ^ (number >> 17) as u8;
        }
    }
}

/// A server whose tenants may make `rate` requests a minute.
async fn paced(rate: u32) -> (Door, Arc<Still>) {
    let clock = Arc::new(Still { now: AtomicI64::new(SystemClock.now()), chance: AtomicU64::new(11) });
    let tier = Tier {
        flows: None,
        executions: None,
        members: None,
        modules: None,
        memory: None,
        concurrency: None,
        rate: Some(rate),
        ..Options::default().tiers["enterprise"].clone()
    };
    let options =
        Options { tiers: BTreeMap::from([("paced".to_owned(), tier)]), tier: "paced".to_owned(), ..Options::default() };
    (Door::open_with(clock.clone(), options).await, clock)
}

/// `limit remaining reset retry-after` of an answer.
fn told(reply: &Reply) -> String {
    let names = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"];
    let value = |name: &&str| reply.headers.get(*name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    names.iter().map(value).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_key_has_its_minute() {
    let (door, clock) = paced(3).await;
    for expected in ["3 2 20 -", "3 1 40 -", "3 0 60 -"] {
        let reply = door.get("/api/flows").await;
        assert_eq!((reply.status.as_u16(), told(&reply)), (200, expected.to_owned()));
    }
    let reply = door.get("/api/flows").await;
    assert_eq!(told(&reply), "3 0 60 20");
    reply.refused(429, "TOO_MANY_REQUESTS");
    let other = door.tenant("Two").await;
    door.send(&other, "GET", "/api/flows", &[], String::new()).await.is(200);
    clock.pass(20);
    door.get("/api/flows").await.is(200);
    door.get("/api/flows").await.refused(429, "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn each_webhook_has_its_minute() {
    let (door, clock) = paced(4).await;
    let mut hooks = Vec::new();
    for name in ["one", "two"] {
        let source =
            format!("type: Sequence\nid: {name}\nchildren:\n  - {{type: PrintAction, props: {{message: hi}}}}\n");
        clock.pass(60);
        let flow = door.flow(&source).await;
        door.switch_on(&flow).await;
        let trigger = json!({"name": "hook", "spec": {"type": "webhook", "answer": "atOnce"}});
        let made = door.post(&format!("/api/flows/{flow}/triggers"), trigger).await.is(201);
        let url = made["url"].as_str().expect("an address").to_owned();
        hooks.push(format!("/api/{}", url.split_once("/api/").expect("a path").1));
    }
    let knock = async |path: &str| door.send("", "POST", path, &[], "{}".to_owned()).await;
    for expected in ["4 3 15 -", "4 2 30 -", "4 1 45 -", "4 0 60 -"] {
        let reply = knock(&hooks[0]).await;
        assert_eq!((reply.status.as_u16(), told(&reply)), (202, expected.to_owned()));
    }
    let reply = knock(&hooks[0]).await;
    assert_eq!(told(&reply), "4 0 60 15");
    reply.refused(429, "TOO_MANY_REQUESTS");
    knock(&hooks[1]).await.is(202);
    let unknown = knock(&format!("{}x", hooks[0])).await;
    assert_eq!(told(&unknown), "- - - -", "an unknown door tells nothing");
    unknown.refused(404, "NOT_FOUND");
    clock.pass(15);
    knock(&hooks[0]).await.is(202);
}
