//! Published versions.

use std::sync::Arc;
use weir_store::{FlowVersion, SourceFile, Store};

fn version(hash: &str, name: &str, at: i64) -> FlowVersion {
    let files = vec![SourceFile { name: "a.yaml".into(), text: format!("# {hash} ü\n").into() }];
    let (tenant, project, dialect) = ("".into(), "p".into(), "tree".into());
    let ir = format!(r#"{{"ir":1,"hash":"{hash}"}}"#);
    FlowVersion { hash: hash.into(), tenant, project, name: name.into(), dialect, files, ir, published_at: at }
}

pub async fn versions_never_change(store: Arc<dyn Store>) {
    store.publish(version("h1", "orders", 1)).await.unwrap();
    let mut forged = version("h1", "orders", 9);
    forged.ir = "{}".into();
    store.publish(forged).await.unwrap();
    assert_eq!(store.flow_version("", "h1").await.unwrap(), Some(version("h1", "orders", 1)));
    assert_eq!(store.flow_version("", "h2").await.unwrap(), None);
}

pub async fn versions_of_tenants_are_apart(store: Arc<dyn Store>) {
    store.publish(version("h1", "orders", 1)).await.unwrap();
    assert_eq!(store.flow_version("b", "h1").await.unwrap(), None);
    let of_b = FlowVersion { tenant: "b".into(), files: Vec::new(), ..version("h1", "orders", 2) };
    store.publish(of_b.clone()).await.unwrap();
    assert_eq!(store.flow_version("b", "h1").await.unwrap(), Some(of_b.clone()));
    assert_eq!(store.newest_flow("b", "p", "orders").await.unwrap(), Some(of_b));
    assert_eq!(store.flow_version("", "h1").await.unwrap(), Some(version("h1", "orders", 1)));
}

pub async fn the_newest_is_the_last_published(store: Arc<dyn Store>) {
    for (hash, name, at) in [("h1", "orders", 1), ("h2", "orders", 2), ("h3", "billing", 3)] {
        store.publish(version(hash, name, at)).await.unwrap();
    }
    let newest = async |name: &str| store.newest_flow("", "p", name).await.unwrap();
    assert_eq!(newest("orders").await, Some(version("h2", "orders", 2)));
    store.publish(version("h1", "orders", 4)).await.unwrap();
    let again = newest("orders").await.unwrap();
    assert_eq!((&*again.hash, again.published_at), ("h1", 4));
    store.publish(version("h1", "copy", 5)).await.unwrap();
    assert_eq!(&*newest("copy").await.unwrap().name, "copy");
    assert_eq!(newest("none").await, None);
    assert_eq!(store.newest_flow("", "other", "orders").await.unwrap(), None);
    let names = async |after, limit| {
        let flows = store.list_flows("", "p", after, limit).await.unwrap();
        flows.into_iter().map(|flow| flow.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 9).await, ["billing", "copy", "orders"]);
    assert_eq!(names(Some("billing"), 1).await, ["copy"]);
}

pub async fn a_version_can_be_kept_without_being_the_newest(store: Arc<dyn Store>) {
    store.publish(version("h1", "orders", 1)).await.unwrap();
    store.keep_version(version("h2", "orders", 2)).await.unwrap();
    store.keep_version(version("h2", "orders", 3)).await.unwrap();
    assert_eq!(store.flow_version("", "h2").await.unwrap(), Some(version("h2", "orders", 2)));
    assert_eq!(store.newest_flow("", "p", "orders").await.unwrap(), Some(version("h1", "orders", 1)));
}
