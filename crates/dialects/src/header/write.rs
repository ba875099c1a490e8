use weir_base::{Duration, Map, Text, Value};
use weir_ir::{Backend, Flow, ModelSettings, RetryPolicy, RetryStrategy, Settings, VarType, Variable};

/// The keys of [`super::KEYS`] that a flow has something to say under, in the form [`super::read`] reads.
pub(crate) fn write(flow: &Flow) -> Map {
    let mut out = Map::default();
    put(
        &mut out,
        "variables",
        object(flow.variables.iter().map(|(name, variable)| (name.clone(), declared(variable)))),
    );
    put(
        &mut out,
        "signals",
        object(flow.signals.iter().map(|(name, signal)| {
            let mut value = Map::default();
            signal.schema.iter().for_each(|schema| put(&mut value, "schema", schema.clone()));
            let assign = signal.assign.iter().map(|(var, expr)| (var.clone(), expr.source().into()));
            put(&mut value, "assign", object(assign));
            (name.clone(), Value::from(value))
        })),
    );
    put(&mut out, "queries", object(flow.queries.iter().map(|(name, expr)| (name.clone(), expr.source().into()))));
    put(&mut out, "settings", settings_value(&flow.settings));
    let triggers = flow.triggers.iter().map(|trigger| {
        Value::object([
            ("id", trigger.id.as_str().into()),
            ("kind", trigger.kind.clone().into()),
            ("params", trigger.params.to_value()),
        ])
    });
    put(&mut out, "triggers", Value::array(triggers));
    put(&mut out, "testData", flow.test_data.clone());
    out
}

fn put(out: &mut Map, key: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if !empty || (key == "schema" && !value.is_null()) {
        out.insert(key.into(), value);
    }
}

fn object(members: impl Iterator<Item = (Text, Value)>) -> Value {
    Value::from(members.collect::<Map>())
}

fn declared(variable: &Variable) -> Value {
    let ty = match variable.ty {
        VarType::Any => "any",
        VarType::String => "string",
        VarType::Number => "number",
        VarType::Boolean => "boolean",
        VarType::Array => "array",
        VarType::Object => "object",
    };
    let mut out = Map::default();
    out.insert("type".into(), ty.into());
    variable.initial.iter().for_each(|initial| drop(out.insert("initial".into(), initial.clone())));
    variable.description.iter().for_each(|text| drop(out.insert("description".into(), text.as_str().into())));
    Value::from(out)
}

/// The `settings` map; what is as it would be anyway is left out, as is `extra`, which belongs to the dialects.
fn settings_value(settings: &Settings) -> Value {
    let mut out = Map::default();
    let time = |duration: Option<Duration>| Value::from(duration.map(|at| at.to_string()));
    put(&mut out, "version", settings.version.clone().into());
    put(&mut out, "timeout", time(settings.timeout));
    put(&mut out, "taskTimeout", time(settings.task_timeout));
    settings.retry.iter().for_each(|policy| put(&mut out, "retry", retry(policy)));
    put(&mut out, "durability", word(settings.durability));
    if let Some(concurrency) = &settings.concurrency {
        let key = concurrency.key.as_ref().map(|key| key.source());
        let mut value = Map::default();
        put(&mut value, "key", key.into());
        put(&mut value, "limit", concurrency.limit.into());
        put(&mut out, "concurrency", value.into());
    }
    put(&mut out, "taskQueue", settings.task_queue.clone().into());
    if settings.mode != Default::default() {
        put(&mut out, "mode", word(settings.mode));
    }
    let names = |names: &[String]| Value::array(names.iter().map(|name| name.as_str().into()));
    let mut egress = Map::default();
    put(&mut egress, "allow", names(&settings.egress.allow));
    put(&mut egress, "private", names(&settings.egress.private));
    put(&mut out, "egress", egress.into());
    put(&mut out, "files", settings.files.clone().into());
    settings.models.iter().for_each(|settings| drop(out.insert("models".into(), models(settings))));
    // `{}` says something too: that the flow remembers.
    if let Some(memory) = settings.memory {
        let mut value = Map::default();
        put(&mut value, "limit", memory.limit.map(|bytes| bytes as f64).into());
        out.insert("memory".into(), value.into());
    }
    Value::from(out)
}

/// How serde spells a unit variant.
fn word(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).map_or(Value::Null, Value::from)
}

pub(crate) fn retry(policy: &RetryPolicy) -> Value {
    let mut out = Map::default();
    put(&mut out, "strategy", word(policy.strategy));
    if policy.strategy != RetryStrategy::None {
        put(&mut out, "maxAttempts", policy.max_attempts.into());
    }
    put(&mut out, "initialInterval", policy.initial.to_string().into());
    out.insert("maxInterval".into(), policy.max.map(|max| max.to_string()).into());
    put(&mut out, "backoffCoefficient", policy.coefficient.into());
    put(&mut out, "retryOn", Value::array(policy.retry_on.iter().map(|code| code.as_str().into())));
    put(&mut out, "jitter", policy.jitter.into());
    Value::from(out)
}

fn models(settings: &ModelSettings) -> Value {
    let mut out = Map::default();
    put(&mut out, "routing", word(settings.routing));
    put(&mut out, "retries", settings.retries.into());
    put(&mut out, "retryBaseDelay", settings.retry_base_delay.to_string().into());
    put(&mut out, "retryMaxDelay", settings.retry_max_delay.to_string().into());
    put(&mut out, "backends", Value::array(settings.backends.iter().map(backend)));
    Value::from(out)
}

fn backend(backend: &Backend) -> Value {
    let mut out = Map::default();
    put(&mut out, "provider", backend.provider.clone().into());
    put(&mut out, "baseUrl", backend.base_url.clone().into());
    put(&mut out, "apiKey", backend.api_key.clone().into());
    put(&mut out, "priority", backend.priority.into());
    put(&mut out, "rateLimitTpm", backend.rate_limit_tpm.into());
    put(&mut out, "maxConcurrent", backend.max_concurrent.into());
    put(&mut out, "models", Value::array(backend.models.iter().map(|model| model.clone().into())));
    Value::from(out)
}
