use crate::arena::Ix;
use crate::core::Core;
use crate::env::EnvKind;
use crate::frame::State;
use crate::plan::{Op, Plan};
use crate::{StepError, code};
use std::sync::Arc;
use weir_base::{Duration, Map, Micros, Sealed, SealedPart, Text, Value};
use weir_expr::{EvalError, Expr, Fuel, Scope, Template};

/// The names a step's expressions see (see the page on expressions for the list).
pub(crate) struct View<'a> {
    pub core: &'a Core,
    pub plan: &'a Plan,
    pub env: Ix,
    /// `output`, where a result is being folded.
    pub output: Option<&'a Value>,
    /// `message`, where a signal is being folded.
    pub message: Option<&'a Value>,
}

impl<'a> View<'a> {
    pub fn new(core: &'a Core, plan: &'a Plan, env: Ix) -> Self {
        Self { core, plan, env, output: None, message: None }
    }

    pub fn with_output(self, output: &'a Value) -> Self {
        Self { output: Some(output), ..self }
    }

    pub fn template(&self, template: &Template) -> Result<Value, StepError> {
        template.eval(self, &mut Fuel::default()).map_err(step_error)
    }

    pub fn expr(&self, expr: &Expr) -> Result<Value, StepError> {
        expr.eval(self, &mut Fuel::default()).map_err(step_error)
    }

    pub fn test(&self, expr: &Expr) -> Result<bool, StepError> {
        expr.test(self, &mut Fuel::default()).map_err(step_error)
    }

    pub fn duration(&self, template: &Template) -> Result<Duration, StepError> {
        duration_of(&self.template(template)?)
    }

    pub fn count(&self, template: &Template) -> Result<u64, StepError> {
        let value = self.template(template)?;
        let not_a_count = || format!("expected a whole number that is not negative, found {}", shown(&value));
        value.as_u64().ok_or_else(|| StepError::input(code::INVALID_NUMBER, not_a_count()))
    }

    fn nearest<T>(&self, pick: impl Fn(&'a EnvKind) -> Option<T>) -> Option<T> {
        self.core.envs.chain(self.env).find_map(|(_, env)| pick(&env.kind))
    }

    /// All variables that can be seen, outer ones first, inner ones in their place.
    pub fn variables(&self) -> Value {
        let scopes: Vec<&Map> = self.core.envs.chain(self.env).filter_map(|(_, env)| vars(&env.kind)).collect();
        let merged = scopes.into_iter().rev().flat_map(|map| map.iter().map(|(k, v)| (k.clone(), v.clone())));
        Value::from(merged.collect::<Map>())
    }

    fn graph_node(&self, id: &str) -> Option<Value> {
        self.nearest(|kind| match kind {
            EnvKind::Graph(frame) => self.node_of(*frame, id),
            _ => None,
        })
    }

    fn node_of(&self, frame: Ix, id: &str) -> Option<Value> {
        let frame = self.core.frames.get(frame)?;
        let (State::Graph(state), Op::Graph(graph)) = (&frame.state, &self.plan.node(frame.node).op) else {
            return None;
        };
        Some(state.view(*graph.by_id.get(id)?))
    }

    fn all_nodes(&self) -> Option<Value> {
        let frame = self.nearest(|kind| match kind {
            EnvKind::Graph(frame) => self.core.frames.get(*frame),
            _ => None,
        })?;
        let (State::Graph(state), Op::Graph(graph)) = (&frame.state, &self.plan.node(frame.node).op) else {
            return None;
        };
        let node = |(at, step): (usize, &crate::plan::GraphStep)| (step.id.clone(), state.view(at as u32));
        Some(Value::from(graph.steps.iter().enumerate().map(node).collect::<Map>()))
    }

    fn external(&self, name: &str, key: &str) -> Option<Value> {
        self.nearest(|kind| match kind {
            EnvKind::External { service, project } => {
                let values = if name == "service" { service } else { project };
                values.get(key).cloned()
            }
            _ => None,
        })
    }
}

fn vars(kind: &EnvKind) -> Option<&Map> {
    match kind {
        EnvKind::Vars(map) => Some(map),
        _ => None,
    }
}

impl Scope for View<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "input" => Some(self.core.input.clone()),
            "vars" => Some(self.variables()),
            "nodes" => self.all_nodes(),
            "data" => Some(self.core.data(self.env)),
            "output" => self.output.cloned(),
            "run" => Some(self.core.run_value()),
            "now" => Some(Value::Number((self.core.now / 1_000) as f64)),
            "message" if self.message.is_some() => self.message.cloned(),
            _ => self.nearest(|kind| match (name, kind) {
                ("item", EnvKind::Item { item, .. }) => Some(item.clone()),
                ("index", EnvKind::Item { index, .. }) => Some(Value::from(*index)),
                ("error", EnvKind::Error(error)) => Some(error.clone()),
                ("message", EnvKind::Message { message, .. }) => Some(message.clone()),
                ("thread", EnvKind::Message { seat, .. }) => seat.thread(self.core, self.plan),
                ("args", EnvKind::Args(args)) => Some(args.clone()),
                _ => None,
            }),
        }
    }

    fn member(&self, name: &str, key: &str) -> Option<Value> {
        match name {
            "vars" => self.core.envs.variable(self.env, key).cloned(),
            "nodes" => self.graph_node(key),
            "service" | "project" => self.external(name, key),
            "secrets" => Some(Value::Sealed(Arc::new(Sealed { parts: vec![SealedPart::Secret(key.into())] }))),
            "input" => self.core.input.get(key).cloned(),
            "thread" => self.nearest(|kind| match kind {
                EnvKind::Message { seat, .. } => Some(seat.thread_member(self.core, self.plan, key)),
                _ => None,
            })?,
            _ => self.get(name)?.get(key).cloned(),
        }
    }
}

fn step_error(error: EvalError) -> StepError {
    StepError::input(error.code, error.message)
}

/// No duration counts as longer: up to here microseconds survive as the numbers of JSON.
const LONGEST: u64 = (1 << 53) / 1_000;

/// Milliseconds as a number, or a duration as text.
pub(crate) fn duration_of(value: &Value) -> Result<Duration, StepError> {
    let refuse = |message: String| StepError::input(code::INVALID_DURATION, message);
    let duration = match value {
        Value::String(text) => Duration::parse(text).map_err(|error| refuse(error.0))?,
        Value::Number(millis) if *millis >= 0.0 => Duration::from_millis(millis.round() as u64),
        other => {
            return Err(refuse(format!("expected milliseconds or a duration such as `30s`, found {}", shown(other))));
        }
    };
    Ok(Duration::from_millis(duration.millis.min(LONGEST)))
}

/// A point in time: microseconds since 1970 as a number, or RFC 3339 text in UTC or with an offset.
pub(crate) fn time_of(value: &Value) -> Result<Micros, StepError> {
    let refuse = || {
        let message = format!("expected a time such as `2026-01-31T09:00:00Z`, found {}", shown(value));
        StepError::input(code::INVALID_TIME, message)
    };
    match value {
        Value::Number(micros) => Ok(*micros as Micros),
        Value::String(text) => crate::time::parse_rfc3339(text).ok_or_else(refuse),
        _ => Err(refuse()),
    }
}

/// A value for a message: short, on one line.
pub(crate) fn shown(value: &Value) -> Text {
    let text = value.to_json();
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("`{short}…`").into() } else { format!("`{short}`").into() }
}
