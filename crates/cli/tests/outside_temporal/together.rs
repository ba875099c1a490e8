//! Two who came at the same moment: neither saw the other, and one of them goes on.

use crate::deployed::serving;
use crate::support::process::Place;
use crate::{place, worker};
use std::sync::Arc;
use weir_kind::memory::MemorySecrets;
use weir_kind::{NoInterfaces, NoMemory};
use weir_runtime::SystemClock;
use weir_temporal::{Address, Cluster, Options, Outside, Parts, Working, names, work};
use weir_testkit::temporal::Server as Temporal;

/// Before and behind every mark there is.
const LEAST: &str = "!";
const LAST: &str = "~";

/// Somebody of this identity who asks for work at a queue, without having looked who is there.
async fn asking(address: &str, queue: String, identity: String) -> Working {
    let egress = Arc::new(weir_egress::Client::new(weir_egress::Options::default()));
    let outside = Outside {
        secrets: Arc::new(MemorySecrets::default()),
        interfaces: Arc::new(NoInterfaces),
        memory: Arc::new(NoMemory),
        clock: Arc::new(SystemClock),
    };
    let registry = weir_kinds::registry(egress).map_err(|problem| problem.message).unwrap();
    let parts = Parts { registry, outside, keeper: None, files_root: None };
    work(&Address::new(address), Options { queues: vec![queue], identity, ..Options::default() }, parts).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_servers_that_came_together_the_one_with_the_least_mark_goes_on() {
    let (temporal, place) = (Temporal::start(), Place::new(&[]));
    let address = temporal.address();
    let mut server = serving(&place, &address, "");
    server.until("\"journals are kept\"");
    let others = [LAST, LEAST].map(|mark| asking(&address, names::server_queue("weir"), names::server_identity(mark)));
    let [last, least] = others;
    let (last, least) = (last.await, least.await);
    server.until("TEMPORAL_QUEUE_SHARED: another installation of Weir (`weir-server/!@");
    let cluster = Cluster::connect(&Address::new(&*address)).await.unwrap();
    let marks = |mark: &str| [mark.to_owned()];
    assert!(cluster.remain_own("weir", &marks(LEAST)).await.is_ok());
    assert!(cluster.remain_own("weir", &marks(LAST)).await.is_err());
    assert!(cluster.require_own("weir", &marks(LEAST)).await.is_err(), "who comes now sees them all");
    last.stop().await.unwrap();
    least.stop().await.unwrap();
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_workers_that_came_together_the_one_with_the_least_mark_goes_on() {
    let (temporal, place) = (Temporal::start(), place());
    let address = temporal.address();
    let keeper = worker(&place, &address, &[]);
    let (queue, identity) = (names::store_queue("weir"), names::keeper_identity(LEAST));
    let least = asking(&address, queue, identity).await;
    keeper.end().says(1, "TEMPORAL_QUEUE_SHARED: another worker (`weir-worker/!@");
    let cluster = Cluster::connect(&Address::new(&*address)).await.unwrap();
    assert!(cluster.remain_own_store("weir", LEAST).await.is_ok());
    least.stop().await.unwrap();
}
