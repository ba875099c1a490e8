//! The methods of lists.

use super::{Done, Evaluator, Stop};
use crate::ast::{Callback, MethodCall};
use crate::names::Method;
use crate::number::{relative_index, to_integer};
use crate::undefined::{View, is_undefined, undefined, view};
use std::sync::Arc;
use weir_base::Value;

type Items = Arc<Vec<Value>>;

/// How the callback of a search decides the method's result.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Item,
    Index,
}

impl Evaluator<'_> {
    pub(super) fn array_method(&mut self, items: &Items, call: &MethodCall, args: &[Value]) -> Done {
        match &call.callback {
            Some(callback) => self.array_with_function(items, call.method, callback, args),
            None => self.array_with_values(items, call.method, args),
        }
    }

    fn array_with_function(&mut self, items: &Items, method: Method, callback: &Callback, args: &[Value]) -> Done {
        match method {
            Method::Map => self.map(items, callback),
            Method::Filter => self.filter(items, callback),
            Method::FlatMap => {
                let mapped = self.map(items, callback)?;
                self.flat(&mapped, 1.0)
            }
            Method::Some => self.any(items, callback, true).map(Value::Bool),
            Method::Every => self.any(items, callback, false).map(|found| Value::Bool(!found)),
            Method::Find => self.find(items, callback, Wanted::Item, 0..items.len()),
            Method::FindIndex => self.find(items, callback, Wanted::Index, 0..items.len()),
            Method::FindLast => self.find(items, callback, Wanted::Item, (0..items.len()).rev()),
            Method::FindLastIndex => self.find(items, callback, Wanted::Index, (0..items.len()).rev()),
            Method::Reduce => self.reduce(items, callback, args, 0..items.len()),
            Method::ReduceRight => self.reduce(items, callback, args, (0..items.len()).rev()),
            _ => self.sorted(items, Some(callback)),
        }
    }

    fn call_on(&mut self, items: &Items, index: usize, callback: &Callback) -> Done {
        let item = items.get(index).cloned().unwrap_or_else(undefined);
        self.call(callback, &[item, Value::from(index), Value::Array(items.clone())])
    }

    fn map(&mut self, items: &Items, callback: &Callback) -> Done {
        let mapped = (0..items.len()).map(|index| self.call_on(items, index, callback)).collect::<Done<_>>()?;
        self.array(mapped)
    }

    fn filter(&mut self, items: &Items, callback: &Callback) -> Done {
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let verdict = self.call_on(items, index, callback)?;
            if self.truth(&verdict)? {
                kept.push(item.clone());
            }
        }
        self.array(kept)
    }

    /// True where some item's verdict is `wanted`.
    fn any(&mut self, items: &Items, callback: &Callback, wanted: bool) -> Done<bool> {
        for index in 0..items.len() {
            let verdict = self.call_on(items, index, callback)?;
            if self.truth(&verdict)? == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn find(&mut self, items: &Items, callback: &Callback, wanted: Wanted, order: impl Iterator<Item = usize>) -> Done {
        for index in order {
            let verdict = self.call_on(items, index, callback)?;
            if self.truth(&verdict)? {
                return Ok(if wanted == Wanted::Item { items[index].clone() } else { Value::from(index) });
            }
        }
        Ok(if wanted == Wanted::Item { undefined() } else { Value::Number(-1.0) })
    }

    fn reduce(
        &mut self,
        items: &Items,
        callback: &Callback,
        args: &[Value],
        order: impl Iterator<Item = usize>,
    ) -> Done {
        let mut order = order;
        let first = match args.first() {
            Some(initial) => Some(initial.clone()),
            None => order.next().map(|index| items[index].clone()),
        };
        let Some(mut sum) = first else {
            return Err(self.type_fault("an empty list cannot be reduced without an initial value"));
        };
        // The accumulator is the one way for a value to grow deeper in a loop.
        let period = 64 / levels(callback).max(1);
        for (round, index) in order.enumerate() {
            let index_value = Value::from(index);
            sum = self.call(callback, &[sum, items[index].clone(), index_value, Value::Array(items.clone())])?;
            if round % period.max(1) == 0 {
                self.check_depth(&sum)?;
            }
        }
        self.check_depth(&sum)?;
        Ok(sum)
    }

    fn array_with_values(&mut self, items: &Items, method: Method, args: &[Value]) -> Done {
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(undefined);
        match method {
            Method::At => {
                let place = to_integer(self.number(&arg(0))?);
                let place = if place < 0.0 { place + items.len() as f64 } else { place };
                let inside = place >= 0.0 && place < items.len() as f64;
                Ok(if inside { items[place as usize].clone() } else { undefined() })
            }
            Method::Concat => self.concat_lists(items, args),
            Method::Flat => {
                let depth = if is_undefined(&arg(0)) { 1.0 } else { self.number(&arg(0))? };
                self.flat(&Value::Array(items.clone()), depth)
            }
            Method::Includes => {
                let from = self.start(args.get(1), items.len())?;
                self.position(&items[from..], &arg(0), true).map(|place| Value::Bool(place.is_some()))
            }
            Method::IndexOf => {
                let from = self.start(args.get(1), items.len())?;
                let place = self.position(&items[from..], &arg(0), false)?;
                Ok(place.map_or(Value::Number(-1.0), |place| Value::from(place + from)))
            }
            Method::LastIndexOf => self.last_position(items, args),
            Method::Join => {
                let separator = if is_undefined(&arg(0)) { ",".into() } else { self.text_of(&arg(0))? };
                self.join(items, &separator).map(Value::from)
            }
            Method::Slice => {
                let (from, to) = self.slice_range(args, items.len())?;
                self.pay_items(to - from)?;
                self.array(items[from..to].to_vec())
            }
            Method::ToReversed => {
                self.pay_items(items.len())?;
                self.array(items.iter().rev().cloned().collect())
            }
            Method::ToSorted => {
                if !is_undefined(&arg(0)) {
                    return Err(self.type_fault("`toSorted` takes a function such as `(a, b) => a - b`"));
                }
                self.sorted(items, None)
            }
            Method::ToText => self.text_value(&Value::Array(items.clone())),
            Method::With => self.with(items, &arg(0), arg(1)),
            _ => Err(self.needs_function(method)),
        }
    }

    fn needs_function(&self, method: Method) -> Stop {
        self.type_fault(format!("`{}` needs a function, such as `x => …`", method.name()))
    }

    fn with(&mut self, items: &Items, index: &Value, value: Value) -> Done {
        let place = to_integer(self.number(index)?);
        let place = if place < 0.0 { place + items.len() as f64 } else { place };
        if place < 0.0 || place >= items.len() as f64 {
            return Err(self.type_fault(format!("the list has {} items; there is none to replace", items.len())));
        }
        self.pay_items(items.len())?;
        let mut copy = items.to_vec();
        copy[place as usize] = value;
        self.array(copy)
    }

    fn concat_lists(&mut self, items: &Items, args: &[Value]) -> Done {
        self.pay_items(items.len())?;
        let mut all = items.to_vec();
        for arg in args {
            match view(arg) {
                View::Array(_) => self.spread(arg, &mut all)?,
                _ => all.push(arg.clone()),
            }
        }
        self.array(all)
    }

    fn flat(&mut self, value: &Value, depth: f64) -> Done {
        let mut out = Vec::new();
        self.flatten(value, to_integer(depth), &mut out)?;
        self.array(out)
    }

    fn flatten(&mut self, value: &Value, depth: f64, out: &mut Vec<Value>) -> Done<()> {
        let Value::Array(items) = value else { return Ok(()) };
        for item in items.iter() {
            self.spend(1)?;
            match item {
                Value::Array(_) if depth >= 1.0 => self.flatten(item, depth - 1.0, out)?,
                other => out.push(other.clone()),
            }
        }
        Ok(())
    }

    /// A start index such as `includes` takes: negative counts from the end.
    fn start(&mut self, value: Option<&Value>, length: usize) -> Done<usize> {
        match value {
            Some(value) => Ok(relative_index(self.number(value)?, length)),
            None => Ok(0),
        }
    }

    /// The bounds of `slice(from, to)`, in order and within the length.
    pub(super) fn slice_range(&mut self, args: &[Value], length: usize) -> Done<(usize, usize)> {
        let from = self.start(args.first(), length)?;
        let to = match args.get(1).filter(|value| !is_undefined(value)) {
            Some(value) => relative_index(self.number(value)?, length),
            None => length,
        };
        Ok((from, to.max(from)))
    }

    /// `nan` says whether NaN equals itself, as for `includes`.
    fn position(&mut self, items: &[Value], wanted: &Value, nan: bool) -> Done<Option<usize>> {
        let wants_nan = nan && matches!(wanted, Value::Number(number) if number.is_nan());
        for (index, item) in items.iter().enumerate() {
            self.spend(1)?;
            let both_nan = wants_nan && matches!(item, Value::Number(number) if number.is_nan());
            if both_nan || self.strictly_equal(item, wanted)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn last_position(&mut self, items: &Items, args: &[Value]) -> Done {
        let wanted = args.first().cloned().unwrap_or_else(undefined);
        let from = match args.get(1) {
            Some(value) => to_integer(self.number(value)?),
            None => items.len() as f64 - 1.0,
        };
        let last = if from < 0.0 { from + items.len() as f64 } else { from.min(items.len() as f64 - 1.0) };
        let count = if last < 0.0 { 0 } else { last as usize + 1 };
        for index in (0..count.min(items.len())).rev() {
            self.spend(1)?;
            if self.strictly_equal(&items[index], &wanted)? {
                return Ok(Value::from(index));
            }
        }
        Ok(Value::Number(-1.0))
    }
}

/// How many levels one call of the function can add to a value.
fn levels(callback: &Callback) -> usize {
    match callback {
        Callback::Arrow(_, body) => usize::from(body.depth),
        Callback::Function(_) => 1,
    }
}
