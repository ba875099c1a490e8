//! JavaScript's conversions between kinds.

use super::{Done, Evaluator};
use crate::number::{number_text, text_to_number};
use crate::undefined::{View, is_nullish, view};
use weir_base::{Text, Value};

impl Evaluator<'_> {
    pub(super) fn truth(&self, value: &Value) -> Done<bool> {
        Ok(match view(value) {
            View::Undefined | View::Null => false,
            View::Bool(flag) => flag,
            View::Number(number) => number != 0.0 && !number.is_nan(),
            View::String(text) => !text.is_empty(),
            View::Array(_) | View::Object(_) => true,
            View::Secret(_) => return Err(self.secret_fault()),
        })
    }

    pub(super) fn number(&mut self, value: &Value) -> Done<f64> {
        Ok(match view(value) {
            View::Number(number) => number,
            View::Undefined => f64::NAN,
            View::Null => 0.0,
            View::Bool(flag) => f64::from(u8::from(flag)),
            View::String(text) => self.number_in(text)?,
            View::Array(_) => {
                let text = self.text_of(value)?;
                self.number_in(&text)?
            }
            View::Object(_) => f64::NAN,
            View::Secret(_) => return Err(self.secret_fault()),
        })
    }

    fn number_in(&mut self, text: &str) -> Done<f64> {
        self.pay_reading(text.len())?;
        Ok(text_to_number(text))
    }

    /// `String(value)`.
    pub(super) fn text_of(&mut self, value: &Value) -> Done<Text> {
        Ok(match view(value) {
            View::String(text) => text.clone(),
            View::Undefined => "undefined".into(),
            View::Null => "null".into(),
            View::Bool(true) => "true".into(),
            View::Bool(false) => "false".into(),
            View::Number(number) => number_text(number).into(),
            View::Array(items) => self.join(items, ",")?.into(),
            View::Object(_) => "[object Object]".into(),
            View::Secret(_) => return Err(self.secret_fault()),
        })
    }

    pub(super) fn text_value(&mut self, value: &Value) -> Done {
        self.text_of(value).map(Value::String)
    }

    /// `items.join(separator)`: null and undefined are empty, arrays inside are joined by commas.
    pub(super) fn join(&mut self, items: &[Value], separator: &str) -> Done<String> {
        let mut out = String::new();
        for (index, item) in items.iter().enumerate() {
            self.spend(1)?;
            if index > 0 {
                self.pay_text(separator.len())?;
                out.push_str(separator);
            }
            if !is_nullish(item) {
                let text = self.text_of(item)?;
                self.pay_text(text.len())?;
                out.push_str(&text);
            }
        }
        Ok(out)
    }

    /// What `+` and `<` make of an operand: arrays and objects become text.
    pub(super) fn primitive(&mut self, value: &Value) -> Done {
        match view(value) {
            View::Array(_) | View::Object(_) => self.text_value(value),
            View::Secret(_) => Err(self.secret_fault()),
            _ => Ok(value.clone()),
        }
    }
}
