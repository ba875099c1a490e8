//! The listed functions, on values.

use super::{Done, Evaluator};
use crate::names::Global;
use crate::number::{parse_float, parse_int, power, round};
use crate::undefined::{View, is_undefined, undefined, view};
use weir_base::{Text, Value};

impl Evaluator<'_> {
    pub(super) fn global(&mut self, function: Global, args: &[Value]) -> Done {
        let arg = |at: usize| args.get(at).cloned().unwrap_or_else(undefined);
        match function {
            Global::ArrayIsArray => Ok(Value::Bool(matches!(arg(0), Value::Array(_)))),
            Global::ArrayOf => self.array(args.to_vec()),
            Global::Boolean => self.truth(&arg(0)).map(Value::Bool),
            Global::String if args.is_empty() => Ok(Value::from("")),
            Global::String => self.text_value(&arg(0)),
            Global::Number if args.is_empty() => Ok(Value::Number(0.0)),
            Global::Number => self.number(&arg(0)).map(Value::Number),
            Global::IsNan => self.number(&arg(0)).map(|number| Value::Bool(number.is_nan())),
            Global::IsFinite => self.number(&arg(0)).map(|number| Value::Bool(number.is_finite())),
            Global::NumberIsNan => self.ask_number(&arg(0), f64::is_nan),
            Global::NumberIsFinite => self.ask_number(&arg(0), f64::is_finite),
            Global::NumberIsInteger => self.ask_number(&arg(0), |number| number.is_finite() && number.fract() == 0.0),
            Global::NumberIsSafeInteger => {
                self.ask_number(&arg(0), |number| number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0)
            }
            Global::ParseFloat => self.read_text(&arg(0)).map(|text| Value::Number(parse_float(&text))),
            Global::ParseInt => {
                let text = self.read_text(&arg(0))?;
                let radix = if is_undefined(&arg(1)) { 0.0 } else { self.number(&arg(1))? };
                Ok(Value::Number(parse_int(&text, radix)))
            }
            Global::JsonStringify => self.stringify(args),
            Global::JsonParse => self.parse_json(args),
            Global::EncodeUriComponent => self.encode(&arg(0)),
            Global::DecodeUriComponent => self.decode(&arg(0)),
            Global::ObjectKeys => {
                let entries = self.entries(&arg(0))?;
                self.array(entries.into_iter().map(|(key, _)| Value::String(key)).collect())
            }
            Global::ObjectValues => {
                let entries = self.entries(&arg(0))?;
                self.array(entries.into_iter().map(|(_, value)| value).collect())
            }
            Global::ObjectEntries => self.entry_list(&arg(0)),
            Global::ObjectFromEntries => self.object_from_entries(&arg(0)),
            Global::ObjectAssign => self.assign(args),
            Global::ObjectHasOwn => self.has_own(&arg(0), &arg(1)),
            _ => self.math(function, args),
        }
    }

    fn ask_number(&mut self, value: &Value, question: impl Fn(f64) -> bool) -> Done {
        match view(value) {
            View::Number(number) => Ok(Value::Bool(question(number))),
            View::Secret(_) => Err(self.secret_fault()),
            _ => Ok(Value::Bool(false)),
        }
    }

    fn read_text(&mut self, value: &Value) -> Done<Text> {
        let text = self.text_of(value)?;
        self.pay_reading(text.len())?;
        Ok(text)
    }

    fn has_own(&mut self, object: &Value, key: &Value) -> Done {
        let key = self.text_of(key)?;
        match view(object) {
            View::Object(map) => Ok(Value::Bool(map.contains_key(&*key))),
            _ => {
                let entries = self.entries(object)?;
                Ok(Value::Bool(entries.iter().any(|(own, _)| *own == key)))
            }
        }
    }

    fn math(&mut self, function: Global, args: &[Value]) -> Done {
        let mut numbers = Vec::with_capacity(args.len());
        for arg in args {
            self.spend(1)?;
            numbers.push(self.number(arg)?);
        }
        let first = numbers.first().copied().unwrap_or(f64::NAN);
        let second = numbers.get(1).copied().unwrap_or(f64::NAN);
        Ok(Value::Number(match function {
            Global::MathAbs => first.abs(),
            Global::MathCeil => first.ceil(),
            Global::MathFloor => first.floor(),
            Global::MathRound => round(first),
            Global::MathTrunc => first.trunc(),
            Global::MathSign => sign(first),
            Global::MathMax => numbers.into_iter().fold(f64::NEG_INFINITY, larger),
            Global::MathMin => -numbers.into_iter().fold(f64::NEG_INFINITY, |sum, number| larger(sum, -number)),
            Global::MathHypot => hypotenuse(&numbers),
            Global::MathPow => power(first, second),
            Global::MathAtan2 => first.atan2(second),
            _ => curve(function, first),
        }))
    }

    fn encode(&mut self, value: &Value) -> Done {
        let text = self.text_of(value)?;
        self.pay_text(text.len())?;
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        self.text(out)
    }

    fn decode(&mut self, value: &Value) -> Done {
        let text = self.text_of(value)?;
        let decoded = percent_decoded(&text).and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded {
            Some(decoded) => self.text(decoded),
            None => Err(self.type_fault("this text is not a valid URI component")),
        }
    }
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let digits = text.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        at += 3;
    }
    Some(out)
}

fn sign(number: f64) -> f64 {
    if number == 0.0 || number.is_nan() { number } else { number.signum() }
}

/// The larger, where NaN wins and zero is above negative zero.
fn larger(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return f64::NAN;
    }
    let tie_of_zeros = left == right && left == 0.0;
    if right > left || (tie_of_zeros && right.is_sign_positive()) { right } else { left }
}

fn hypotenuse(numbers: &[f64]) -> f64 {
    if numbers.iter().any(|number| number.is_infinite()) {
        return f64::INFINITY;
    }
    numbers.iter().fold(0.0, |sum: f64, number| sum.hypot(*number))
}

fn curve(function: Global, number: f64) -> f64 {
    match function {
        Global::MathAcos => number.acos(),
        Global::MathAsin => number.asin(),
        Global::MathAtan => number.atan(),
        Global::MathCbrt => number.cbrt(),
        Global::MathCos => number.cos(),
        Global::MathExp => number.exp(),
        Global::MathLog => number.ln(),
        Global::MathLog10 => number.log10(),
        Global::MathLog2 => number.log2(),
        Global::MathSin => number.sin(),
        Global::MathSqrt => number.sqrt(),
        Global::MathTan => number.tan(),
        _ => f64::NAN,
    }
}
