use crate::fields::{Read, near};
use crate::text::Doc;
use weir_base::{Diagnostic, Duration, Span};
use weir_ir::{RetryPolicy, RetryStrategy};

const STRATEGIES: [(&str, RetryStrategy); 4] = [
    ("none", RetryStrategy::None),
    ("fail-after-x", RetryStrategy::FailAfterX),
    ("exponential-backoff", RetryStrategy::ExponentialBackoff),
    ("keep-trying", RetryStrategy::KeepTrying),
];

/// The spellings of each key of a retry policy; the first is the one printed.
const STRATEGY: &[&str] = &["strategy"];
const ATTEMPTS: &[&str] = &["maxAttempts", "max_attempts", "maximumAttempts", "maximum_attempts"];
const INITIAL: &[&str] = &["initialInterval", "initial_interval"];
const MAX: &[&str] = &["maxInterval", "max_interval", "maximumInterval", "maximum_interval"];
const COEFFICIENT: &[&str] = &["backoffCoefficient", "backoff_coefficient", "multiplier"];
const RETRY_ON: &[&str] = &["retryOn", "retry_on"];
const JITTER: &[&str] = &["jitter"];
const BACKOFF: &[&str] = &["backoff"];
/// What a retry node's config holds besides its policy.
const BESIDES: &[&str] = &["scope", "name", "type", "description", "label"];

/// The retry policy in a map: `retryPolicy` of a node or of the settings, or the config of a retry node.
///
/// Both spellings of every key are read; what is not known is an error, since a policy that is silently
/// ignored is worse than none.
pub fn retry_policy(doc: &Doc, path: &str, report: &mut Vec<Diagnostic>) -> RetryPolicy {
    let mut reader = Reader { path, report };
    if !doc.is_map() {
        reader.invalid(doc.span, format!("a retry policy is a map, but this is {}", doc.describe()));
        return RetryPolicy::default();
    }
    reader.unknown_keys(doc);
    let backoff = get(doc, BACKOFF).filter(|backoff| backoff.is_map());
    let mut policy = RetryPolicy::default();
    policy.strategy = reader.strategy(doc, backoff, &mut policy.coefficient);
    policy.max_attempts = reader.attempts(doc, policy.strategy);
    for from in [Some(doc), backoff].into_iter().flatten() {
        reader.times(from, &mut policy);
    }
    policy
}

fn get<'d>(doc: &'d Doc, keys: &[&str]) -> Option<&'d Doc> {
    keys.iter().find_map(|key| doc.given(key))
}

struct Reader<'r> {
    path: &'r str,
    report: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn invalid(&mut self, span: Span, message: String) {
        self.report.push(Diagnostic::error("INVALID_CONFIG", message).at(span).path(self.path));
    }

    fn unknown_keys(&mut self, doc: &Doc) {
        let groups = [STRATEGY, ATTEMPTS, INITIAL, MAX, COEFFICIENT, RETRY_ON, JITTER, BACKOFF, BESIDES];
        let known = || groups.iter().flat_map(|group| group.iter().copied());
        for entry in doc.entries().iter().filter(|entry| !known().any(|key| key == &*entry.key)) {
            let message = format!("a retry policy has no `{}`", crate::fields::short(&entry.key));
            let mut problem = Diagnostic::error("INVALID_CONFIG", message).at(entry.key_span).path(self.path);
            if let Some(near) = near(&entry.key, known()) {
                problem = problem.help(format!("did you mean `{near}`?")).suggest(near);
            }
            self.report.push(problem);
        }
    }

    fn strategy(&mut self, doc: &Doc, backoff: Option<&Doc>, coefficient: &mut f64) -> RetryStrategy {
        if let Some(found) = get(doc, STRATEGY) {
            return self.named_strategy(found);
        }
        match backoff.and_then(|backoff| backoff.text("type")) {
            None | Some("exponential" | "exponential-backoff") => RetryStrategy::ExponentialBackoff,
            Some("fixed" | "constant" | "none") => {
                *coefficient = 1.0;
                RetryStrategy::FailAfterX
            }
            Some(other) => {
                let message = format!("there is no backoff `{other}`; it is `exponential` or `fixed`");
                self.invalid(backoff.map_or(doc.span, |at| at.span), message);
                RetryStrategy::ExponentialBackoff
            }
        }
    }

    fn named_strategy(&mut self, doc: &Doc) -> RetryStrategy {
        let named = |name: &str| STRATEGIES.iter().find(|(known, _)| *known == name).map(|(_, strategy)| *strategy);
        if let Some(found) = doc.as_str().and_then(named) {
            return found;
        }
        let message = "a retry strategy is `none`, `fail-after-x`, `exponential-backoff` or `keep-trying`";
        let mut problem = Diagnostic::error("INVALID_CONFIG", message).at(doc.span).path(self.path);
        if let Some(near) = doc.as_str().and_then(|name| near(name, STRATEGIES.iter().map(|(known, _)| *known))) {
            problem = problem.suggest(near);
        }
        self.report.push(problem);
        RetryStrategy::default()
    }

    /// All attempts, the first included. `none` is one attempt whatever else is written.
    fn attempts(&mut self, doc: &Doc, strategy: RetryStrategy) -> u32 {
        let default = RetryPolicy::default().max_attempts;
        let given = get(doc, ATTEMPTS).map(|found| (found, whole(found).and_then(|number| u32::try_from(number).ok())));
        match (strategy, given) {
            (RetryStrategy::None, _) => 1,
            (_, None) => default,
            (RetryStrategy::KeepTrying, Some((_, Some(attempts)))) => attempts,
            (_, Some((_, Some(attempts)))) if attempts > 0 => attempts,
            (_, Some((found, _))) => {
                self.invalid(found.span, "`maxAttempts` counts all attempts: a whole number from 1".to_owned());
                default
            }
        }
    }

    fn times(&mut self, doc: &Doc, policy: &mut RetryPolicy) {
        if let Some(found) = get(doc, INITIAL) {
            policy.initial = duration(found, self.path, self.report).unwrap_or(policy.initial);
        }
        if let Some(found) = get(doc, MAX) {
            policy.max = duration(found, self.path, self.report).or(policy.max);
        }
        if let Some(found) = get(doc, COEFFICIENT) {
            match found.as_f64().filter(|number| (1.0..=1_000.0).contains(number)) {
                Some(number) => policy.coefficient = number,
                None => self.invalid(found.span, "the backoff coefficient is a number from 1 to 1000".to_owned()),
            }
        }
        if let Some(found) = get(doc, JITTER) {
            match found.as_f64().filter(|number| (0.0..=1.0).contains(number)) {
                Some(number) => policy.jitter = number,
                None => self.invalid(found.span, "`jitter` is a share from 0 to 1".to_owned()),
            }
        }
        if let Some(found) = get(doc, RETRY_ON) {
            let names: Vec<String> = found.items().iter().filter_map(Doc::as_str).map(str::to_owned).collect();
            if names.len() != found.items().len() || !found.is_list() {
                self.invalid(found.span, "`retryOn` is a list of error codes or categories".to_owned());
            }
            policy.retry_on = names;
        }
    }
}

/// The number as a count, where it is one exactly.
pub fn whole(doc: &Doc) -> Option<u64> {
    doc.as_f64().map(weir_base::Value::from)?.as_u64()
}

/// A duration as text, strictly: what does not parse is an error, never a default.
pub fn duration(doc: &Doc, path: &str, report: &mut Vec<Diagnostic>) -> Option<Duration> {
    let problem = match doc.as_str().map(Duration::parse) {
        Some(Ok(duration)) => return Some(duration),
        Some(Err(error)) => Diagnostic::error("INVALID_DURATION", error.0),
        None => {
            let message = format!("a duration is text such as `30s`, but this is {}", doc.describe());
            Diagnostic::error("INVALID_DURATION", message).help("write a whole number and ms, s, m, h or d, in quotes")
        }
    };
    report.push(problem.at(doc.span).path(path));
    None
}

/// The policy as a workflow writes it.
pub fn print(policy: &RetryPolicy) -> weir_base::Value {
    use weir_base::{Map, Text, Value};
    let name = STRATEGIES.iter().find(|(_, known)| *known == policy.strategy).map_or("none", |(name, _)| name);
    let mut map = Map::default();
    let mut put = |key: &str, value: Value| _ = map.insert(Text::from(key), value);
    put("strategy", name.into());
    put("maxAttempts", policy.max_attempts.into());
    put("initialInterval", policy.initial.to_string().into());
    policy.max.iter().for_each(|max| put("maxInterval", max.to_string().into()));
    put("backoffCoefficient", policy.coefficient.into());
    if !policy.retry_on.is_empty() {
        put("retryOn", Value::array(policy.retry_on.iter().map(|name| Value::from(name.as_str()))));
    }
    if policy.jitter > 0.0 {
        put("jitter", policy.jitter.into());
    }
    Value::from(map)
}
