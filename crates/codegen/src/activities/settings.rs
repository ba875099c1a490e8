use weir_base::{Map, Value};
use weir_ir::{Backend, Flow, ModelRouting, ModelSettings, literal_hosts};

/// The same for Weir's own worker, in the words its workflows have for it.
pub fn worker_context(flow: &Flow, tenant: &str, project: &str) -> Value {
    let settings = &flow.settings;
    let list = |items: &[String]| Value::array(items.iter().map(|item| Value::from(item.as_str())));
    let mut out = Map::default();
    let mut put = |name: &str, value: Value| drop(out.insert(name.into(), value));
    put("tenant", tenant.into());
    put("project", project.into());
    put("service", flow.name.as_str().into());
    put("flow", flow.name.as_str().into());
    put("hosts", list(&literal_hosts(flow)));
    put("allow", list(&settings.egress.allow));
    put("private", list(&settings.egress.private));
    settings.files.iter().for_each(|files| put("files", Value::from(files.clone())));
    settings.memory.iter().for_each(|memory| put("memory", memory.bytes().into()));
    settings.models.iter().for_each(|models| put("models", models_value(models, ["retryBaseDelay", "retryMaxDelay"])));
    put("testData", flow.test_data.clone());
    Value::from(out)
}

/// What holds for every step of a flow, in the shape `FlowSettings` of `host.ts` has.
pub fn flow_settings(flow: &Flow, project: &str) -> Value {
    let settings = &flow.settings;
    let list = |items: &[String]| Value::array(items.iter().map(|item| Value::from(item.as_str())));
    let egress = [
        ("hosts", list(&literal_hosts(flow))),
        ("allow", list(&settings.egress.allow)),
        ("private", list(&settings.egress.private)),
    ];
    let mut out = Map::default();
    let mut put = |name: &str, value: Value| drop(out.insert(name.into(), value));
    put("project", project.into());
    put("service", flow.name.as_str().into());
    put("flow", flow.name.as_str().into());
    put("egress", Value::object(egress));
    settings.files.iter().for_each(|files| put("files", Value::from(files.clone())));
    settings.memory.iter().for_each(|memory| put("memory", memory.bytes().into()));
    let delays = ["retryBaseDelayMs", "retryMaxDelayMs"];
    settings.models.iter().for_each(|models| put("models", models_value(models, delays)));
    put("testData", flow.test_data.clone());
    Value::from(out)
}

/// `delays` are the names of the shortest and the longest one.
fn models_value(models: &ModelSettings, delays: [&str; 2]) -> Value {
    let routing = match models.routing {
        ModelRouting::Failover => "failover",
        ModelRouting::RoundRobin => "round-robin",
        ModelRouting::LeastLoaded => "least-loaded",
    };
    Value::object([
        ("routing", routing.into()),
        ("retries", u64::from(models.retries).into()),
        (delays[0], models.retry_base_delay.millis.into()),
        (delays[1], models.retry_max_delay.millis.into()),
        ("backends", Value::array(models.backends.iter().map(backend_value))),
    ])
}

fn backend_value(backend: &Backend) -> Value {
    let mut out = Map::default();
    let mut put = |name: &str, value: Value| drop(out.insert(name.into(), value));
    put("provider", backend.provider.clone().into());
    backend.base_url.iter().for_each(|url| put("baseUrl", url.clone().into()));
    backend.api_key.iter().for_each(|key| put("apiKey", key.clone().into()));
    put("priority", f64::from(backend.priority).into());
    backend.rate_limit_tpm.iter().for_each(|tpm| put("rateLimitTpm", (*tpm).into()));
    backend.max_concurrent.iter().for_each(|most| put("maxConcurrent", u64::from(*most).into()));
    put("models", Value::array(backend.models.iter().map(|model| Value::from(model.clone()))));
    Value::from(out)
}
