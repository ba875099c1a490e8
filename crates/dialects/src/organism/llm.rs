use super::keys::PROVIDERS;
use crate::fields::{Read, invalid, list, near, short};
use crate::text::Doc;
use weir_base::{Diagnostic, Duration, Text};
use weir_ir::{Backend, ModelRouting, ModelSettings};

pub(super) const RETRIES: u32 = 3;
pub(super) const BASE_DELAY: Duration = Duration::from_secs(1);
pub(super) const MAX_DELAY: Duration = Duration::from_secs(60);
pub(super) const MAX_CONCURRENT: u32 = 20;
/// A backend without a priority stands beside those that say 1, in file order.
pub(super) const PRIORITY: i32 = 1;

/// Which backends the agents' models come from, out of the `llm` section.
pub(super) fn read(doc: &Doc, out: &mut Vec<Diagnostic>) -> ModelSettings {
    let backends = doc.given("backends").map_or(&[][..], Doc::items);
    let numbered = backends.iter().enumerate().filter(|(_, backend)| backend.is_map());
    let retries = doc.whole("retries").and_then(|retries| u32::try_from(retries).ok());
    ModelSettings {
        routing: routing(doc.text("strategy")),
        retries: retries.unwrap_or(RETRIES),
        retry_base_delay: seconds(doc.number("retry_base_delay"), BASE_DELAY),
        retry_max_delay: seconds(doc.number("retry_max_delay"), MAX_DELAY),
        backends: numbered.filter_map(|(index, item)| backend(item, &format!("llm.backends[{index}]"), out)).collect(),
    }
}

fn routing(strategy: Option<&str>) -> ModelRouting {
    match strategy {
        Some("round-robin") => ModelRouting::RoundRobin,
        Some("least-loaded") => ModelRouting::LeastLoaded,
        _ => ModelRouting::Failover,
    }
}

fn seconds(given: Option<f64>, default: Duration) -> Duration {
    let whole = |seconds: f64| Duration::from_millis((seconds.clamp(0.0, 86_400.0) * 1_000.0).round() as u64);
    given.map_or(default, whole)
}

fn backend(doc: &Doc, path: &str, out: &mut Vec<Diagnostic>) -> Option<Backend> {
    let Some(provider) = doc.text("provider") else {
        if doc.given("provider").is_none() {
            out.push(Diagnostic::error("MISSING_KEY", "this backend names no `provider`").at(doc.span).path(path));
        }
        return None;
    };
    let base_url = doc.text("base_url").map(Text::from);
    if base_url.is_none() && !PROVIDERS.contains(&provider) {
        out.push(unknown_provider(doc, provider, path));
    }
    let count = |key| doc.whole(key).and_then(|number| u32::try_from(number).ok());
    Some(Backend {
        provider: Text::from(provider),
        base_url,
        api_key: doc.text("api_key_env").map(Text::from),
        priority: doc.whole("priority").and_then(|priority| i32::try_from(priority).ok()).unwrap_or(PRIORITY),
        rate_limit_tpm: doc.whole("rate_limit_tpm"),
        max_concurrent: Some(count("max_concurrent").unwrap_or(MAX_CONCURRENT)),
        models: doc.texts("supported_models").into_iter().map(|(model, _)| model).collect(),
    })
}

fn unknown_provider(doc: &Doc, provider: &str, path: &str) -> Diagnostic {
    let span = doc.given("provider").map_or(doc.span, |at| at.span);
    let found =
        invalid(span, &format!("{path}.provider"), format!("`{}` is not a provider known here", short(provider)));
    match near(provider, PROVIDERS) {
        Some(meant) => found.help(format!("did you mean `{meant}`?")).suggest(meant),
        None => found.help(format!("it is one of {}; any other needs a `base_url`", list(PROVIDERS))),
    }
}
