//! Records the histories that later versions must carry again: `cargo run -p weir-temporal --example record`.
//!
//! It needs Temporal in `.tools/`, or in TEMPORAL_BIN. Histories that are there already are left alone: they are what
//! an earlier version did. With an address, a run and a name it keeps the history of that run, which another program
//! has carried there: `-- 127.0.0.1:7233 RUN 2-waits`.

mod rules;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::path::Path;
use support::{Lab, example, flow};
use weir_base::Value;
use weir_runs::Request;
use weir_temporal::{Address, Cluster, INTERPRETER};
use weir_testkit::temporal::Server;

#[tokio::main]
async fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if let [address, run, name] = &given[..] {
        let cluster = Cluster::connect(&Address::new(address.clone())).await.expect("the cluster");
        return keep(&cluster, run, name).await;
    }
    let server = Server::start();
    let mut lab = Lab::at(&server.address()).await;
    for name in ["simple-workflow", "invoice-import", "order-process", "trip-booking", "base-long-running-workflow"] {
        let (flow, input, _) = example(name);
        lab.run(name, flow, input).await;
        keep_own(&lab, name).await;
    }
    lab.run("branches", flow(support::BRANCHES), Value::object([])).await;
    keep_own(&lab, "branches").await;
    lab.start(&lab.begin("waits", flow(support::WAITS), Value::object([]))).await.expect("it starts");
    lab.until("waits", |state| !state.waiting.is_empty()).await;
    let payload = Value::object([("by", "Mira".into())]);
    lab.cluster.request("waits", &Request::Signal { name: "go".into(), id: None, payload }).await.expect("a signal");
    lab.cluster.outcome("waits").await.expect("an end");
    keep_own(&lab, "waits").await;
    lab.stop().await;
    rules::record(&server).await;
}

async fn keep_own(lab: &Lab, name: &str) {
    keep(&lab.cluster, name, &format!("{INTERPRETER}-{name}")).await;
}

async fn keep(cluster: &Cluster, run: &str, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories").join(format!("{name}.json"));
    if path.exists() {
        return;
    }
    let history = cluster.history(run).await.expect("a history");
    std::fs::write(&path, history).expect("a file");
    println!("{}", path.display());
}
