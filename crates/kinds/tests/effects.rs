//! Kinds that touch the world, where their test cases do not reach: links out of a folder, repeated changes.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use weir_base::Value;
use weir_egress::{Client, Options};
use weir_kind::memory::MemoryPorts;
use weir_kind::{CancellationToken, Effect, FlowContext, HostOptions, TaskHost, TaskRequest};

fn host() -> TaskHost {
    let registry = weir_kinds::registry(Arc::new(Client::new(Options::default()))).unwrap();
    TaskHost::new(registry, MemoryPorts::default().ports(), HostOptions::default())
}

/// The output as JSON, or the error's code.
async fn perform(host: &TaskHost, flow: &Arc<FlowContext>, kind: &str, params: &str) -> String {
    let request = TaskRequest::new("run", "step", kind, Value::from_json(params).unwrap(), 0, flow.clone());
    let result = host.perform(&request, &CancellationToken::new()).await;
    result.map_or_else(|error| error.code.to_string(), |output| output.output.to_json())
}

fn within(folder: &Path) -> Arc<FlowContext> {
    Arc::new(FlowContext { files: Some(folder.to_path_buf()), ..FlowContext::default() })
}

#[tokio::test]
async fn no_link_leads_out_of_the_folder() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("secret"), "s").unwrap();
    symlink(outside.path().join("secret"), inside.path().join("file")).unwrap();
    symlink(outside.path(), inside.path().join("folder")).unwrap();
    symlink("nowhere", inside.path().join("dangling")).unwrap();
    let (host, flow) = (host(), within(inside.path()));
    for path in [
        "file",
        "folder/secret",
        "folder/new",
        "dangling",
        "../secret",
        "a/../../secret",
        "/etc/passwd",
        "a\\\\b",
        "a/",
        ".",
        "",
    ] {
        let read = perform(&host, &flow, "file.read", &format!(r#"{{"path":"{path}"}}"#)).await;
        let written = perform(&host, &flow, "file.write", &format!(r#"{{"path":"{path}","content":"x"}}"#)).await;
        let refused = ["FILE_PATH_INVALID", "INVALID_PARAMS"];
        assert!(refused.contains(&read.as_str()) && refused.contains(&written.as_str()), "{path}: {read}, {written}");
    }
    assert_eq!(std::fs::read_to_string(outside.path().join("secret")).unwrap(), "s");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert!(std::fs::symlink_metadata(inside.path().join("dangling")).unwrap().is_symlink());
}

#[tokio::test]
async fn only_plain_files_are_read_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let (host, flow) = (host(), within(folder.path()));
    assert_eq!(perform(&host, &flow, "file.read", r#"{"path":"sub"}"#).await, "FILE_PATH_INVALID");
    assert_eq!(perform(&host, &flow, "file.write", r#"{"path":"sub","content":"x"}"#).await, "FILE_PATH_INVALID");
    assert_eq!(perform(&host, &flow, "file.write", r#"{"path":"socket","content":"x"}"#).await, "FILE_PATH_INVALID");
}

#[tokio::test]
async fn what_is_written_is_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (host, flow) = (host(), within(folder.path()));
    let params = r#"{"path":"a/b.json","content":{"n":[1]},"encoding":"json"}"#;
    assert_eq!(perform(&host, &flow, "file.write", params).await, r#"{"path":"a/b.json","bytes":23,"changed":true}"#);
    assert_eq!(perform(&host, &flow, "file.write", params).await, r#"{"path":"a/b.json","bytes":23,"changed":false}"#);
    assert_eq!(std::fs::read_to_string(folder.path().join("a/b.json")).unwrap(), "{\n  \"n\": [\n    1\n  ]\n}\n");
    assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    let read = perform(&host, &flow, "file.read", r#"{"path":"a/b.json","encoding":"json"}"#).await;
    assert_eq!(read, r#"{"path":"a/b.json","content":{"n":[1]},"bytes":23}"#);
}

/// Semantics 2.11: increment and append are atomic tasks keyed `run/path`.
#[tokio::test]
async fn a_repeated_change_is_made_once() {
    let (host, flow) = (host(), Arc::new(FlowContext::default()));
    let count = |path: &'static str, attempt| {
        let params = Value::from_json(r#"{"name":"n","op":"increment","scope":"project"}"#).unwrap();
        let mut request = TaskRequest::new("run", path, "set", params, 0, flow.clone());
        request.attempt = attempt;
        let host = &host;
        async move { host.perform(&request, &CancellationToken::new()).await.unwrap().output.to_json() }
    };
    assert_eq!((count("a", 1).await, count("a", 2).await, count("b", 1).await), ("1".into(), "1".into(), "2".into()));
}

/// Semantics 5.7: a POST may do harm when repeated, unless the flow says the other side knows repetitions.
#[test]
fn the_effect_of_a_request_is_that_of_its_method() {
    let host = host();
    let effect = |params: &str| host.effect("http.request", &Value::from_json(params).unwrap());
    assert_eq!(effect("{}"), Effect::Idempotent);
    assert_eq!(effect(r#"{"method":"DELETE"}"#), Effect::Idempotent);
    assert_eq!(effect(r#"{"method":"POST"}"#), Effect::NonIdempotent);
    assert_eq!(effect(r#"{"method":"POST","idempotent":true}"#), Effect::Idempotent);
    assert_eq!(host.effect("regex.extract", &Value::Null), Effect::Pure);
}
