use crate::arena::Ix;
use crate::core::{Core, entered, join, settled};
use crate::frame::Outcome;
use crate::plan::{NodeIx, Op, Plan};
use crate::scope::{View, shown};
use crate::weight::{JOINED_BYTES, bounded, joined, too_large};
use crate::{StepError, code};
use std::sync::Arc;
use weir_base::{Text, Value};
use weir_expr::{EvalError, Expr, Fuel, Template};
use weir_ir::{SetOp, Write};

/// Where a step without a frame stands.
pub(crate) struct Place<'a> {
    pub parent: Ix,
    pub slot: u32,
    pub node: NodeIx,
    pub env: Ix,
    pub base: &'a str,
}

/// Performs a pure step at once and reports its outcome to the parent.
pub(crate) fn perform(core: &mut Core, plan: &Plan, place: Place<'_>) {
    let node = plan.node(place.node);
    let path = || join(place.base, &node.id);
    if core.traces() {
        core.tell(path(), entered(node));
    }
    let mut outcome = evaluate(core, plan, place.parent, place.slot, place.env, &node.op);
    if let Outcome::Failure(error) = &mut outcome {
        error.path = path();
    }
    if core.traces() {
        core.tell(path(), settled(&outcome));
    }
    let returned = returned(&node.op, &outcome);
    core.report(place.parent, place.slot, outcome);
    returned.into_iter().for_each(|output| core.end_run(output));
}

/// The same for a step that has a frame because it had to read variables first.
pub(crate) fn perform_framed(core: &mut Core, plan: &Plan, ix: Ix) {
    let frame = &core.frames[ix];
    let (node, env, parent, slot) = (plan.node(frame.node), frame.env, frame.parent, frame.slot);
    let outcome = evaluate(core, plan, parent, slot, env, &node.op);
    let returned = returned(&node.op, &outcome);
    core.settle(plan, ix, outcome);
    returned.into_iter().for_each(|output| core.end_run(output));
}

fn returned(op: &Op, outcome: &Outcome) -> Option<Value> {
    match (op, outcome) {
        (Op::Return { .. }, Outcome::Success { output, .. }) => Some(output.clone()),
        _ => None,
    }
}

fn evaluate(core: &mut Core, plan: &Plan, writer: Ix, slot: u32, env: Ix, op: &Op) -> Outcome {
    let result = match op {
        Op::Set(writes) => set(core, plan, writer, slot, env, writes),
        Op::Return { value } => View::new(core, plan, env).template(value).and_then(unsealed),
        Op::Fail(fail) => Err(failure(core, plan, env, fail)),
        _ => Ok(Value::Null),
    };
    result.map_or_else(Outcome::failure, Outcome::success)
}

fn failure(core: &Core, plan: &Plan, env: Ix, fail: &weir_ir::Fail) -> StepError {
    match View::new(core, plan, env).template(&fail.message) {
        Ok(Value::String(message)) => StepError::verdict(&fail.code, message),
        Ok(other) => StepError::verdict(&fail.code, other.to_json()),
        Err(error) => error,
    }
}

/// The writes in order; the value of the last. Without any, what flows in flows out.
fn set(core: &mut Core, plan: &Plan, writer: Ix, slot: u32, env: Ix, writes: &[Write]) -> Result<Value, StepError> {
    let mut last = None;
    for write in writes {
        last = Some(write_one(core, plan, writer, slot, env, write)?);
    }
    Ok(last.unwrap_or_else(|| core.data(env)))
}

fn write_one(core: &mut Core, plan: &Plan, writer: Ix, slot: u32, env: Ix, write: &Write) -> Result<Value, StepError> {
    let view = View::new(core, plan, env);
    let name = write.target.as_ref().map(|target| target_name(&view, &target.name)).transpose()?;
    let operand = match write.op {
        SetOp::Script => script_value(core, plan, env, name.as_ref(), &write.value)?,
        _ => View::new(core, plan, env).template(&write.value)?,
    };
    refuse_sealed(&operand)?;
    let value = match (&name, write.op) {
        (_, SetOp::Check) if truthy(&operand) => operand,
        (_, SetOp::Check) => return Err(StepError::verdict(code::CHECK_FAILED, "the condition does not hold")),
        (Some(name), SetOp::Get) => core.envs.variable(env, name).cloned().unwrap_or_default(),
        (Some(name), SetOp::Append) => {
            let old = core.envs.take_list(env, name).or_else(|| core.envs.variable(env, name).cloned());
            append(old, operand)?
        }
        (Some(name), op) => combine(core.envs.variable(env, name), op, operand)?,
        (None, _) => operand,
    };
    if let (Some(name), true) = (name, write.op != SetOp::Get) {
        core.write(writer, slot, env, name, value.clone());
    }
    Ok(value)
}

fn target_name(view: &View<'_>, name: &Template) -> Result<Text, StepError> {
    match view.template(name)? {
        Value::String(name) => Ok(name),
        other => {
            Err(StepError::input(code::WRONG_TYPE, format!("a variable's name must be text, found {}", shown(&other))))
        }
    }
}

/// The value of a script's statement: what JSON cannot hold is null, with a warning.
fn script_value(
    core: &mut Core,
    plan: &Plan,
    env: Ix,
    name: Option<&Text>,
    value: &Template,
) -> Result<Value, StepError> {
    let Template::Expr(expr) = value else { return View::new(core, plan, env).template(value) };
    match eval_script(core, plan, env, expr) {
        Err(error) if error.code == "VALUE_NOT_JSON" => {
            let what = name.map_or("a script value".to_owned(), |name| format!("`{name}`"));
            core.warn(Text::default(), format!("{what} is null: {}", error.message).into());
            Ok(Value::Null)
        }
        other => other.map_err(|error| StepError::input(error.code, error.message)),
    }
}

fn eval_script(core: &Core, plan: &Plan, env: Ix, expr: &Expr) -> Result<Value, EvalError> {
    expr.eval(&View::new(core, plan, env), &mut Fuel::default())
}

fn combine(old: Option<&Value>, op: SetOp, operand: Value) -> Result<Value, StepError> {
    match op {
        SetOp::Increment => step_number(old, &operand, 1.0),
        SetOp::Decrement => step_number(old, &operand, -1.0),
        SetOp::Set | SetOp::Script | SetOp::Get | SetOp::Check | SetOp::Append => Ok(operand),
    }
}

fn step_number(old: Option<&Value>, by: &Value, sign: f64) -> Result<Value, StepError> {
    let number = |value: &Value| match value {
        Value::Number(number) => Ok(*number),
        Value::Null => Ok(0.0),
        other => Err(StepError::input(code::WRONG_TYPE, format!("expected a number, found {}", shown(other)))),
    };
    Ok(Value::from(number(old.unwrap_or(&Value::Null))? + sign * number(by)?))
}

/// A list that nothing else holds grows in place.
fn append(old: Option<Value>, item: Value) -> Result<Value, StepError> {
    match (old, item) {
        (None | Some(Value::Null), item) => Ok(Value::array([item])),
        (Some(Value::Array(mut items)), item) => {
            Arc::make_mut(&mut items).push(joined(item)?);
            Ok(Value::Array(items))
        }
        (Some(Value::String(text)), Value::String(more)) if (text.len() + more.len()) as u64 > JOINED_BYTES => {
            Err(too_large())
        }
        (Some(Value::String(text)), Value::String(more)) => Ok(Value::from([&*text, &*more].concat())),
        (Some(other), _) => {
            Err(StepError::input(code::WRONG_TYPE, format!("cannot append to {}: expected a list", shown(&other))))
        }
    }
}

/// [`refuse_sealed`], handing the value on.
pub(crate) fn unsealed(value: Value) -> Result<Value, StepError> {
    refuse_sealed(&value).map(|()| value)
}

/// A secret may not be kept: only task parameters carry sealed values. Nor may what nobody could write down.
pub(crate) fn refuse_sealed(value: &Value) -> Result<(), StepError> {
    bounded(value)?;
    if holds_sealed(value) {
        let message = "a secret cannot be stored in a variable; name it where it is used";
        return Err(StepError::input("SECRET_NOT_ALLOWED", message));
    }
    Ok(())
}

fn holds_sealed(value: &Value) -> bool {
    match value {
        Value::Sealed(_) => true,
        Value::Array(items) => items.iter().any(holds_sealed),
        Value::Object(map) => map.values().any(holds_sealed),
        _ => false,
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => *number != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) | Value::Sealed(_) => true,
    }
}
