//! The size of what leaves an evaluation.
//!
//! Values share their parts, so a few steps can make a value whose JSON no disk would hold. Whoever writes, hashes
//! or compares it later walks every way through it, so every way is paid for here.

use super::{Done, Evaluator, MAX_VALUE_DEPTH};
use crate::problem::code;
use weir_base::Value;

/// What a walk costs: `value` for each value, `text` for each byte of text, `unit` of both for one unit of fuel.
#[derive(Clone, Copy)]
struct Price {
    value: u64,
    text: u64,
    unit: u64,
}

/// Four values or 32 bytes of text for one unit.
const LEAVING: Price = Price { value: 8, text: 1, unit: 32 };
/// Only a look at how deep a value is.
const LOOKING: Price = Price { value: 1, text: 0, unit: 8 };

/// Why a walk ends early.
enum Refused {
    TooDeep,
    TooLarge,
}

impl Evaluator<'_> {
    /// Pays for the tree a value stands for, as large as its JSON would be.
    ///
    /// Errors: `EXPRESSION_FUEL` where that is more than is left, `VALUE_NOT_JSON` where it is nested too deep.
    pub(crate) fn weigh(&mut self, value: &Value) -> Done<()> {
        let deep = format!("the result is nested more than {MAX_VALUE_DEPTH} levels deep");
        self.pay_walk(value, LEAVING)?.map_err(|()| self.fault(code::NOT_JSON, deep))
    }

    /// The same for a value on its way, of which only the depth matters.
    pub(super) fn check_depth(&mut self, value: &Value) -> Done<()> {
        let deep = format!("a value grows deeper than {MAX_VALUE_DEPTH} levels");
        self.pay_walk(value, LOOKING)?.map_err(|()| self.fault(code::FUEL, deep))
    }

    /// The inner error says that the value is nested too deep.
    fn pay_walk(&mut self, value: &Value, price: Price) -> Done<Result<(), ()>> {
        // A part of a unit is free.
        let most = self.fuel.left.saturating_mul(price.unit).saturating_add(price.unit - 1);
        let mut left = most;
        let walked = take(value, MAX_VALUE_DEPTH, price, &mut left);
        self.spend(if matches!(walked, Err(Refused::TooLarge)) { u64::MAX } else { (most - left) / price.unit })?;
        Ok(walked.map_err(drop))
    }
}

/// Takes the price of a value from `left`, and stops where nothing is left.
fn take(value: &Value, levels: usize, price: Price, left: &mut u64) -> Result<(), Refused> {
    pay(price.value, left)?;
    match value {
        Value::String(text) => pay(price.text * text.len() as u64, left),
        Value::Array(items) => {
            let levels = levels.checked_sub(1).ok_or(Refused::TooDeep)?;
            items.iter().try_for_each(|item| take(item, levels, price, left))
        }
        Value::Object(map) => {
            let levels = levels.checked_sub(1).ok_or(Refused::TooDeep)?;
            map.iter().try_for_each(|(key, member)| {
                pay(price.text * key.len() as u64, left)?;
                take(member, levels, price, left)
            })
        }
        _ => Ok(()),
    }
}

fn pay(amount: u64, left: &mut u64) -> Result<(), Refused> {
    *left = left.checked_sub(amount).ok_or(Refused::TooLarge)?;
    Ok(())
}
