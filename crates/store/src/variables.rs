use crate::{RunKey, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use thiserror::Error;
use weir_base::{Micros, Text, Value};

/// A variable's JSON may be at most this long.
pub const MAX_VARIABLE_BYTES: usize = 1024 * 1024;

/// Where a variable lives: in a project, or in one service of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableScope {
    pub tenant: Text,
    pub project: Text,
    pub service: Option<Text>,
}

/// What happens to a variable. An unset one counts as 0, and as the empty list.
#[derive(Clone, Debug, PartialEq)]
pub enum VariableChange {
    Set(Value),
    Append(Value),
    /// Negative to decrement.
    Increment(f64),
}

/// One atomic change, keyed `run/path`: the same key gives the same result and changes nothing again (semantics 2.11).
#[derive(Clone, Debug, PartialEq)]
pub struct VariableOp {
    pub run: RunKey,
    pub path: Text,
    pub at: Micros,
    pub scope: VariableScope,
    pub name: Text,
    pub change: VariableChange,
}

/// Why a variable was left as it was.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VariableFault {
    #[error("`{name}` is {found}, {wanted} is needed")]
    WrongType { name: Text, wanted: &'static str, found: &'static str },
    #[error("`{name}` would be longer than {MAX_VARIABLE_BYTES} bytes")]
    TooLarge { name: Text },
    #[error("`{name}` would leave the range of numbers")]
    NotFinite { name: Text },
}

/// Why a variable was not changed from outside any run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum VariableRefusal {
    #[error(transparent)]
    Fault(#[from] VariableFault),
    /// Look at it as it is now, where it is there at all, and decide again.
    #[error("the variable was changed by somebody else")]
    Changed(Option<Box<Variable>>),
}

/// A variable as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub name: Text,
    pub value: Value,
    pub changed_at: Micros,
    /// 1 at first; one more with each change, whether of a run or of a person.
    pub revision: u64,
}

/// A value that is set from outside any run.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableWrite {
    pub name: Text,
    pub value: Value,
    pub at: Micros,
    /// The revision somebody has seen, 0 where there was none; whatever is there is overwritten for `None`.
    pub expected: Option<u64>,
}

impl VariableWrite {
    /// The variable after this, if it may be done on what is there. Adapters share this, so that all agree.
    pub fn apply(self, old: Option<&Variable>) -> Result<Variable, VariableRefusal> {
        check_seen(self.expected, old)?;
        let value = apply_change(&self.name, Value::Null, &VariableChange::Set(self.value))?;
        let revision = old.map_or(0, |old| old.revision) + 1;
        Ok(Variable { name: self.name, value, changed_at: self.at, revision })
    }
}

/// Refuses where what is there is not what was seen.
pub fn check_seen(expected: Option<u64>, there: Option<&Variable>) -> Result<(), VariableRefusal> {
    match expected.is_none_or(|expected| expected == there.map_or(0, |there| there.revision)) {
        true => Ok(()),
        false => Err(VariableRefusal::Changed(there.cloned().map(Box::new))),
    }
}

/// A variable before and after it was set; `before` is none where it was not there.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableSet {
    pub before: Option<Variable>,
    pub now: Variable,
}

/// Variables shared by runs.
#[async_trait]
pub trait Variables {
    /// The values by name, null where unset.
    async fn variables(&self, scope: &VariableScope, names: &[Text]) -> Result<BTreeMap<Text, Value>, StoreError>;

    /// Every variable of the scope itself, by name.
    async fn list_variables(&self, scope: &VariableScope) -> Result<Vec<Variable>, StoreError>;

    /// Sets a variable from outside any run; durable before this returns.
    async fn set_variable(
        &self,
        scope: &VariableScope,
        write: VariableWrite,
    ) -> Result<Result<VariableSet, VariableRefusal>, StoreError>;

    /// What there was; none where there was none. With `expected`, only where that is its revision.
    async fn delete_variable(
        &self,
        scope: &VariableScope,
        name: &str,
        expected: Option<u64>,
    ) -> Result<Result<Option<Variable>, VariableRefusal>, StoreError>;

    /// Applies the changes in order, each on what the one before left; all of it durable before this returns.
    /// Per change the value after it, or why there was none.
    async fn change_variables(&self, ops: &[VariableOp]) -> Result<Vec<Result<Value, VariableFault>>, StoreError>;
}

/// The value after a change. Adapters share this, so that all agree.
pub fn apply_change(name: &Text, old: Value, change: &VariableChange) -> Result<Value, VariableFault> {
    let value = match change {
        VariableChange::Set(value) => value.clone(),
        VariableChange::Append(item) => append(name, &old, item)?,
        VariableChange::Increment(by) => increment(name, &old, *by)?,
    };
    match value.to_json().len() > MAX_VARIABLE_BYTES {
        true => Err(VariableFault::TooLarge { name: name.clone() }),
        false => Ok(value),
    }
}

fn append(name: &Text, old: &Value, item: &Value) -> Result<Value, VariableFault> {
    match old {
        Value::Null => Ok(Value::array([item.clone()])),
        Value::Array(items) => Ok(Value::array(items.iter().chain([item]).cloned())),
        other => Err(wrong_type(name, "a list", other)),
    }
}

fn increment(name: &Text, old: &Value, by: f64) -> Result<Value, VariableFault> {
    let sum = match old {
        Value::Null => by,
        Value::Number(number) => number + by,
        other => return Err(wrong_type(name, "a number", other)),
    };
    if !sum.is_finite() {
        return Err(VariableFault::NotFinite { name: name.clone() });
    }
    Ok(Value::Number(sum))
}

fn wrong_type(name: &Text, wanted: &'static str, found: &Value) -> VariableFault {
    VariableFault::WrongType { name: name.clone(), wanted, found: found.type_name() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, change: VariableChange, expected: Result<&str, &str>) {
        let old = Value::from_json(old).unwrap();
        let result = apply_change(&"v".into(), old, &change);
        let shown = result.map(|value| value.to_json()).map_err(|fault| fault.to_string());
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn changes() {
        check("null", VariableChange::Increment(2.0), Ok("2"));
        check("3", VariableChange::Increment(-1.0), Ok("2"));
        check("null", VariableChange::Append("x".into()), Ok(r#"["x"]"#));
        check("[1]", VariableChange::Append("x".into()), Ok(r#"[1,"x"]"#));
        check("[1]", VariableChange::Set(Value::Null), Ok("null"));
    }

    #[test]
    fn faults() {
        check(r#""3""#, VariableChange::Increment(1.0), Err("`v` is string, a number is needed"));
        check("{}", VariableChange::Append(Value::Null), Err("`v` is object, a list is needed"));
        check("1e308", VariableChange::Increment(1.7e308), Err("`v` would leave the range of numbers"));
        let long = "x".repeat(MAX_VARIABLE_BYTES);
        check("null", VariableChange::Set(long.into()), Err("`v` would be longer than 1048576 bytes"));
    }
}
