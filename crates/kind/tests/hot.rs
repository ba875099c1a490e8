use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;
use weir_base::Value;
use weir_kind::memory::MemoryPorts;
use weir_kind::*;
struct P;
#[async_trait]
impl Kind for P {
    async fn run(&self, _: &TaskContext<'_>, p: Value) -> Result<TaskOutput, TaskError> { Ok(p.get("output").cloned().unwrap_or_default().into()) }
}
#[tokio::test]
async fn hot() {
    let t = Instant::now();
    let texts = [include_str!("../../kinds/src/core/mock.yaml"), include_str!("../../kinds/src/core/log.yaml"), include_str!("../../kinds/src/core/http_request.yaml"), include_str!("../../kinds/src/core/model_chat.yaml"), include_str!("../../kinds/src/core/set.yaml")];
    for t in texts { weir_catalog::component_from_yaml(t).unwrap(); }
    println!("5 heads {:?}", t.elapsed());
    let t = Instant::now();
    for t in texts { weir_catalog::record_from_yaml(t).unwrap(); }
    println!("5 records {:?}", t.elapsed());
    let r = Registry::from_registrations([Registration { record: texts[0], kind: Some(Arc::new(P)) }, Registration { record: texts[1], kind: Some(Arc::new(P)) }]).unwrap();
    let host = TaskHost::new(r, MemoryPorts::default().ports(), HostOptions::default());
    let flow = Arc::new(FlowContext::default());
    let c = CancellationToken::new();
    let params = Value::from_json(r#"{"output":{"a":1,"b":[1,2,3]},"returnStatus":"SUCCESS","failTimes":0,"permanent":false}"#).unwrap();
    let req = TaskRequest::new("run", "a/b", "mock", params, 0, flow.clone());
    let t = Instant::now();
    host.perform(&req, &c).await.unwrap();
    println!("first {:?}", t.elapsed());
    for _ in 0..3 {
        let t = Instant::now();
        for _ in 0..100_000 { host.perform(&req, &c).await.unwrap(); }
        println!("each {:?}", t.elapsed() / 100_000);
    }
}
