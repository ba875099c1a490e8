use super::{Done, Evaluator, TextBuilder};
use crate::ast::{BinaryOp, Node, UnaryOp};
use crate::number::power;
use crate::undefined::{View, kind_name, view};
use std::cmp::Ordering;
use weir_base::{Text, Value};

impl Evaluator<'_> {
    pub(super) fn unary(&mut self, operator: UnaryOp, value: &Value) -> Done {
        Ok(match operator {
            UnaryOp::Minus => Value::Number(-self.number(value)?),
            UnaryOp::Plus => Value::Number(self.number(value)?),
            UnaryOp::Not => Value::Bool(!self.truth(value)?),
            UnaryOp::Typeof => Value::from(match view(value) {
                View::Secret(_) => return Err(self.secret_fault()),
                View::Null | View::Array(_) => "object",
                _ => kind_name(value),
            }),
        })
    }

    pub(super) fn binary(&mut self, operator: BinaryOp, left: &Value, right: &Value) -> Done {
        if let (Value::Number(left), Value::Number(right)) = (left, right)
            && let Some(value) = on_numbers(operator, *left, *right)
        {
            return Ok(value);
        }
        match operator {
            BinaryOp::Add => self.add(left, right),
            BinaryOp::Equal => self.strictly_equal(left, right).map(Value::Bool),
            BinaryOp::NotEqual => self.strictly_equal(left, right).map(|equal| Value::Bool(!equal)),
            BinaryOp::In => self.contains_key(left, right),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                self.compare(operator, left, right)
            }
            _ => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Ok(on_numbers(operator, left, right).unwrap_or(Value::Null))
            }
        }
    }

    fn add(&mut self, left: &Value, right: &Value) -> Done {
        let sealed = |value| matches!(view(value), View::Secret(_));
        if sealed(left) || sealed(right) {
            return self.add_sealed(left, right);
        }
        let (left, right) = (self.primitive(left)?, self.primitive(right)?);
        match (view(&left), view(&right)) {
            (View::String(_), _) | (_, View::String(_)) => {
                let (left, right) = (self.text_of(&left)?, self.text_of(&right)?);
                self.pay_text(left.len() + right.len())?;
                Ok(Value::String([&*left, &*right].concat().into()))
            }
            _ => Ok(Value::Number(self.number(&left)? + self.number(&right)?)),
        }
    }

    fn add_sealed(&mut self, left: &Value, right: &Value) -> Done {
        let mut builder = TextBuilder::default();
        for value in [left, right] {
            match view(value) {
                View::String(text) => builder.push_text(text),
                View::Secret(sealed) => builder.push_sealed(sealed),
                _ => return Err(self.secret_fault()),
            }
        }
        self.pay_text(builder.length())?;
        Ok(builder.finish())
    }

    /// `===`. Two arrays or two objects are not compared: JavaScript would compare identities, which a journal cannot
    /// keep.
    pub(super) fn strictly_equal(&mut self, left: &Value, right: &Value) -> Done<bool> {
        Ok(match (view(left), view(right)) {
            (View::Secret(_), _) | (_, View::Secret(_)) => return Err(self.secret_fault()),
            (View::String(left), View::String(right)) => {
                self.pay_reading(left.len().min(right.len()))?;
                left == right
            }
            (View::Number(left), View::Number(right)) => left == right,
            (View::Bool(left), View::Bool(right)) => left == right,
            (View::Null, View::Null) | (View::Undefined, View::Undefined) => true,
            (View::Array(_), View::Array(_)) | (View::Object(_), View::Object(_)) => {
                let kind = kind_name(left);
                let help = "compare a member, a length, or JSON.stringify of both";
                return Err(self.type_fault(format!("two values of kind {kind} cannot be compared; {help}")));
            }
            _ => false,
        })
    }

    fn compare(&mut self, operator: BinaryOp, left: &Value, right: &Value) -> Done {
        let (left, right) = (self.primitive(left)?, self.primitive(right)?);
        if let (View::String(left), View::String(right)) = (view(&left), view(&right)) {
            self.pay_reading(left.len().min(right.len()))?;
            let order = compare_text(left, right);
            return Ok(Value::Bool(match operator {
                BinaryOp::Less => order.is_lt(),
                BinaryOp::LessEqual => order.is_le(),
                BinaryOp::Greater => order.is_gt(),
                _ => order.is_ge(),
            }));
        }
        let (left, right) = (self.number(&left)?, self.number(&right)?);
        Ok(on_numbers(operator, left, right).unwrap_or(Value::Null))
    }

    fn contains_key(&mut self, key: &Value, object: &Value) -> Done {
        let key = self.text_of(key)?;
        match view(object) {
            View::Object(map) => Ok(Value::Bool(map.contains_key(&*key))),
            View::Array(items) => {
                let index = crate::number::array_index(&key);
                Ok(Value::Bool(&*key == "length" || index.is_some_and(|index| (index as usize) < items.len())))
            }
            View::Secret(_) => Err(self.secret_fault()),
            _ => Err(self.type_fault(format!("`in` looks into objects and lists, not into {}", kind_name(object)))),
        }
    }

    pub(super) fn template(&mut self, node: &Node, texts: &[Text], nodes: &[Node]) -> Done {
        let mut builder = TextBuilder::default();
        for (index, text) in texts.iter().enumerate() {
            builder.push_text(text);
            self.pay_text(text.len())?;
            let Some(part) = nodes.get(index) else { break };
            let value = self.eval(part)?;
            self.stand_at(part);
            self.push_part(&mut builder, &value)?;
        }
        self.stand_at(node);
        Ok(builder.finish())
    }

    fn push_part(&mut self, builder: &mut TextBuilder, value: &Value) -> Done<()> {
        if let View::Secret(sealed) = view(value) {
            self.pay_items(sealed.parts.len())?;
            builder.push_sealed(sealed);
            return Ok(());
        }
        let text = self.text_of(value)?;
        self.pay_text(text.len())?;
        builder.push_text(&text);
        Ok(())
    }
}

/// The operators that numbers have; `None` for `in`.
fn on_numbers(operator: BinaryOp, left: f64, right: f64) -> Option<Value> {
    Some(match operator {
        BinaryOp::Add => Value::Number(left + right),
        BinaryOp::Subtract => Value::Number(left - right),
        BinaryOp::Multiply => Value::Number(left * right),
        BinaryOp::Divide => Value::Number(left / right),
        BinaryOp::Remainder => Value::Number(left % right),
        BinaryOp::Power => Value::Number(power(left, right)),
        BinaryOp::Equal => Value::Bool(left == right),
        BinaryOp::NotEqual => Value::Bool(left != right),
        BinaryOp::Less => Value::Bool(left < right),
        BinaryOp::LessEqual => Value::Bool(left <= right),
        BinaryOp::Greater => Value::Bool(left > right),
        BinaryOp::GreaterEqual => Value::Bool(left >= right),
        BinaryOp::In => return None,
    })
}

/// By UTF-16 code units, as JavaScript does.
pub(super) fn compare_text(left: &str, right: &str) -> Ordering {
    match left.is_ascii() && right.is_ascii() {
        true => left.cmp(right),
        false => left.encode_utf16().cmp(right.encode_utf16()),
    }
}
