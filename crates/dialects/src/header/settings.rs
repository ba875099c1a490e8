use super::retry;
use crate::fields::{Field, Read, Shape, field, invalid};
use crate::text::Doc;
use weir_base::{Diagnostic, Text};
use weir_expr::{Expr, Template};
use weir_ir::{Backend, Concurrency, Durability, Egress, FlowMode, Memory, ModelRouting, ModelSettings, Settings};

pub(super) const KEYS: &[Field] = &[
    field("timeout", Shape::Any),
    field("retry", Shape::Map),
    field("taskTimeout", Shape::Any),
    field("durability", Shape::Choice(&["sync", "async", "exit"])),
    field("concurrency", Shape::Section(CONCURRENCY)),
    field("taskQueue", Shape::Text),
    field("version", Shape::Text),
    field("mode", Shape::Choice(&["task", "service"])),
    field("egress", Shape::Section(EGRESS)),
    field("files", Shape::Text),
    field("models", Shape::Section(MODELS)),
    field("memory", Shape::Section(MEMORY)),
];

const MEMORY: &[Field] = &[field("limit", Shape::Whole { min: 1, max: 1 << 40 })];

const CONCURRENCY: &[Field] =
    &[field("key", Shape::Text), field("limit", Shape::Whole { min: 1, max: u32::MAX as u64 })];
const EGRESS: &[Field] = &[field("allow", Shape::Texts), field("private", Shape::Texts)];

const MODELS: &[Field] = &[
    field("routing", Shape::Choice(&["failover", "round-robin", "least-loaded"])),
    field("retries", Shape::Whole { min: 0, max: 1_000 }),
    field("retryBaseDelay", Shape::Any),
    field("retryMaxDelay", Shape::Any),
    field("backends", Shape::Sections(BACKEND)),
];

const BACKEND: &[Field] = &[
    field("provider", Shape::Text),
    field("baseUrl", Shape::Text),
    field("apiKey", Shape::Text),
    field("priority", Shape::Whole { min: 0, max: 1_000_000 }),
    field("rateLimitTpm", Shape::Whole { min: 1, max: u64::MAX }),
    field("maxConcurrent", Shape::Whole { min: 1, max: u32::MAX as u64 }),
    field("models", Shape::Texts),
];

pub(super) fn read(doc: &Doc, out: &mut Vec<Diagnostic>) -> Settings {
    let mut time = |key: &str| {
        let path = format!("settings.{key}");
        doc.given(key).and_then(|at| retry::duration(at, &path, out))
    };
    let (timeout, task_timeout) = (time("timeout"), time("taskTimeout"));
    let text = |key| doc.text(key).map(Text::from);
    Settings {
        timeout,
        task_timeout,
        retry: doc.given("retry").filter(|at| at.is_map()).map(|at| retry::policy(at, "settings.retry", out)),
        durability: doc.text("durability").and_then(durability),
        concurrency: doc.given("concurrency").and_then(|at| concurrency(at, out)),
        task_queue: text("taskQueue"),
        version: text("version"),
        mode: if doc.text("mode") == Some("service") { FlowMode::Service } else { FlowMode::Task },
        egress: doc.given("egress").map(egress).unwrap_or_default(),
        files: text("files"),
        models: doc.given("models").map(|at| models(at, out)),
        memory: doc.given("memory").map(|at| Memory { limit: at.whole("limit") }),
        ..Settings::default()
    }
}

fn durability(name: &str) -> Option<Durability> {
    match name {
        "sync" => Some(Durability::Sync),
        "async" => Some(Durability::Async),
        "exit" => Some(Durability::Exit),
        _ => None,
    }
}

fn small(doc: &Doc, key: &str) -> Option<u32> {
    doc.whole(key).and_then(|number| u32::try_from(number).ok())
}

fn concurrency(doc: &Doc, out: &mut Vec<Diagnostic>) -> Option<Concurrency> {
    let key = doc.given("key").and_then(|at| Some((at.as_str()?, at.span)));
    let key = key.and_then(|(source, span)| match expression(source) {
        Ok(expr) => Some(expr.at(span)),
        Err(problems) => {
            out.extend(problems.iter().map(|problem| problem.to_diagnostic(Some(span))));
            None
        }
    });
    if doc.is_map() && doc.given("limit").is_none() {
        out.push(invalid(doc.span, "settings.concurrency", "`concurrency` needs a `limit`".to_owned()));
    }
    Some(Concurrency { key, limit: small(doc, "limit")? })
}

fn expression(source: &str) -> Result<Expr, Vec<weir_expr::Problem>> {
    match Template::parse_text(source) {
        Ok(Template::Expr(expr)) => Ok(expr),
        _ => Expr::parse(source),
    }
}

fn egress(doc: &Doc) -> Egress {
    let names = |key| doc.texts(key).into_iter().map(|(name, _)| name.to_string()).collect();
    Egress { allow: names("allow"), private: names("private") }
}

fn models(doc: &Doc, out: &mut Vec<Diagnostic>) -> ModelSettings {
    let mut time =
        |key: &str| doc.given(key).and_then(|at| retry::duration(at, "settings.models", out)).unwrap_or_default();
    ModelSettings {
        routing: match doc.text("routing") {
            Some("round-robin") => ModelRouting::RoundRobin,
            Some("least-loaded") => ModelRouting::LeastLoaded,
            _ => ModelRouting::Failover,
        },
        retry_base_delay: time("retryBaseDelay"),
        retry_max_delay: time("retryMaxDelay"),
        retries: small(doc, "retries").unwrap_or(0),
        backends: doc.given("backends").map_or(&[][..], Doc::items).iter().filter_map(|at| backend(at, out)).collect(),
    }
}

fn backend(doc: &Doc, out: &mut Vec<Diagnostic>) -> Option<Backend> {
    let text = |key| doc.text(key).map(Text::from);
    let Some(provider) = text("provider") else {
        let missing = Diagnostic::error("MISSING_KEY", "this backend names no `provider`").at(doc.span);
        out.extend((doc.is_map() && doc.given("provider").is_none()).then(|| missing.path("settings.models.backends")));
        return None;
    };
    Some(Backend {
        provider,
        base_url: text("baseUrl"),
        api_key: text("apiKey"),
        priority: doc.whole("priority").and_then(|number| i32::try_from(number).ok()).unwrap_or(0),
        rate_limit_tpm: doc.whole("rateLimitTpm"),
        max_concurrent: small(doc, "maxConcurrent"),
        models: doc.texts("models").into_iter().map(|(name, _)| name).collect(),
    })
}
