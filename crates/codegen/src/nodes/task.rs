use super::{Call, Writer};
use crate::activities::{Proxied, js_string};
use std::fmt::Write as _;
use weir_base::{Duration, Map, Text, Value};
use weir_catalog::{Capability, Component, Effect, RetryDefaults};
use weir_expr::Template;
use weir_ir::{Agent, Assign, RetryPolicy, RetryStrategy, Task, UnknownPolicy};

/// Per attempt, where neither the step, the flow nor the kind says: ten minutes, as on every runtime.
const USUAL_TIMEOUT: Duration = Duration::from_millis(600_000);

impl Writer<'_> {
    pub(super) fn task(&mut self, task: &Task) -> Call {
        let spec = self.spec(
            &task.kind,
            &task.params,
            task.retry.as_ref(),
            task.timeout.as_ref(),
            &task.assign,
            task.on_unknown,
        )?;
        let params = self.template(&task.params)?;
        Ok(format!("{}(at, {spec}, {params})", self.uses("task")))
    }

    /// How a step of this kind is performed, as the library's `Spec`.
    pub(super) fn spec(
        &mut self,
        kind: &Text,
        params: &Template,
        retry: Option<&RetryPolicy>,
        timeout: Option<&Template>,
        assign: &[Assign],
        on_unknown: Option<UnknownPolicy>,
    ) -> Call {
        let mut out = format!("{{ call: {}", self.performed(kind, timeout)?);
        let _ = write!(out, ", policy: {}", self.policy_of(kind, retry));
        if let Some(template) = timeout.filter(|template| template.constant().is_none()) {
            let _ = write!(out, ", timeout: {}", self.measure("durationOf", template)?);
        }
        if self.may_repeat(kind, params, on_unknown) {
            out.push_str(", again: true");
        }
        if **kind == *Agent::KIND {
            out.push_str(", charges: true");
        }
        if !assign.is_empty() {
            let _ = write!(out, ", assign: {}", self.assigns(assign)?);
        }
        Ok(out + " }")
    }

    pub(super) fn assigns(&mut self, assign: &[Assign]) -> Call {
        let one = |assign: &Assign| {
            Ok(format!("{{ name: {}, value: {} }}", js_string(&assign.var), self.expr(&assign.value)?))
        };
        Ok(format!("[{}]", assign.iter().map(one).collect::<Result<Vec<_>, &'static str>>()?.join(", ")))
    }

    /// The call of a kind's activity, here or at Weir's own worker, with the time one attempt has.
    fn performed(&mut self, kind: &Text, timeout: Option<&Template>) -> Call {
        self.kinds.insert(kind.clone());
        let record = self.catalog.record(kind);
        let of_kind = record.and_then(|record| record.component.timeout);
        let of_flow = self.flow.settings.task_timeout.filter(|_| timeout.is_none());
        let own = timeout.and_then(Template::constant).and_then(|value| millis(&value));
        let usual = own.or(of_flow).or(of_kind).unwrap_or(USUAL_TIMEOUT).millis;
        let name = js_string(kind);
        let Some(record) = record.filter(|record| Proxied::of(record).is_some()) else {
            self.performs = true;
            return Ok(format!("performs({name}, {usual})"));
        };
        stands_alone(&record.component)?;
        Ok(format!("{}({name}, {usual}, weir)", self.uses("proxied")))
    }

    /// Whether an attempt nobody knows the outcome of is made again.
    fn may_repeat(&self, kind: &Text, params: &Template, on_unknown: Option<UnknownPolicy>) -> bool {
        let of_kind = self.catalog.record(kind).map(|record| &record.component);
        let harmless = of_kind.is_some_and(|kind| kind.effect_of(&constants(params)) != Effect::NonIdempotent);
        let usual = of_kind.is_some_and(|kind| kind.on_unknown == weir_catalog::UnknownPolicy::Retry);
        harmless || on_unknown.map_or(usual, |policy| policy == UnknownPolicy::Retry)
    }

    fn policy_of(&mut self, kind: &Text, retry: Option<&RetryPolicy>) -> String {
        let of_kind = self.catalog.record(kind).and_then(|record| record.component.retry.as_ref());
        let policy = retry.cloned().or_else(|| self.flow.settings.retry.clone()).or_else(|| of_kind.map(usual));
        match policy {
            Some(policy) => policy_text(&policy),
            None => self.uses("once").to_owned(),
        }
    }
}

/// What outlives runs is kept by a workflow of the project, where Weir's own worker does not look.
fn stands_alone(kind: &Component) -> Result<(), &'static str> {
    let of_store = [Capability::Variables, Capability::Memory, Capability::Interfaces];
    match kind.capabilities.iter().any(|capability| of_store.contains(capability)) {
        true => Err("a kind without TypeScript of its own that uses variables, memory or interfaces"),
        false => Ok(()),
    }
}

/// The parameters that are the same at every run.
fn constants(params: &Template) -> Value {
    let Template::Object(members) = params else { return params.constant().unwrap_or_default() };
    let member = |(name, member): &(Text, Template)| Some((name.clone(), member.constant()?));
    Value::from(members.iter().filter_map(member).collect::<Map>())
}

fn usual(of: &RetryDefaults) -> RetryPolicy {
    RetryPolicy::exponential(of.max_attempts, of.initial, of.max, of.coefficient)
}

fn millis(value: &Value) -> Option<Duration> {
    match value {
        Value::String(text) => Duration::parse(text).ok(),
        other => other.as_u64().map(Duration::from_millis),
    }
}

/// The library's `Policy`.
pub(super) fn policy_text(policy: &RetryPolicy) -> String {
    let strategy = match policy.strategy {
        RetryStrategy::None => "none",
        RetryStrategy::FailAfterX => "fail-after-x",
        RetryStrategy::ExponentialBackoff => "exponential-backoff",
        RetryStrategy::KeepTrying => "keep-trying",
    };
    let mut out = format!(
        "{{ strategy: '{strategy}', maxAttempts: {}, initialMs: {}, coefficient: {}",
        policy.max_attempts, policy.initial.millis, policy.coefficient
    );
    if let Some(max) = policy.max {
        let _ = write!(out, ", maxMs: {}", max.millis);
    }
    if policy.jitter != 0.0 {
        let _ = write!(out, ", jitter: {}", policy.jitter);
    }
    let named: Vec<String> = policy.retry_on.iter().map(|name| js_string(name)).collect();
    let _ = write!(out, ", retryOn: [{}] }}", named.join(", "));
    out
}
