//! Records the histories that later versions must carry again: `cargo run -p weir-temporal --example record`.
//!
//! It needs Temporal in `.tools/`, or in TEMPORAL_BIN. Histories that are there already are left alone: they are what
//! an earlier version did.

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use support::{Lab, example, flow};
use weir_base::Value;
use weir_runs::Request;
use weir_testkit::temporal::Server;

#[tokio::main]
async fn main() {
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    for name in ["simple-workflow", "invoice-import", "order-process", "trip-booking", "base-long-running-workflow"] {
        let (flow, input, _) = example(name);
        lab.run(name, flow, input).await;
        keep(&lab, name).await;
    }
    lab.run("branches", flow(support::BRANCHES), Value::object([])).await;
    keep(&lab, "branches").await;
    lab.start(&lab.begin("waits", flow(support::WAITS), Value::object([]))).await.expect("it starts");
    lab.until("waits", |state| !state.waiting.is_empty()).await;
    let payload = Value::object([("by", "Mira".into())]);
    lab.cluster.request("waits", &Request::Signal { name: "go".into(), id: None, payload }).await.expect("a signal");
    lab.cluster.outcome("waits").await.expect("an end");
    keep(&lab, "waits").await;
    lab.stop().await;
}

async fn keep(lab: &Lab, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories").join(format!("1-{name}.json"));
    if path.exists() {
        return;
    }
    let history = lab.cluster.history(name).await.expect("a history");
    std::fs::write(&path, history).expect("a file");
    println!("{}", path.display());
}
