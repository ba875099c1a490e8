use weir_base::Value;

/// One line for each difference, the place first. Members of `expected` objects must all be there and no others.
pub fn values(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(want), Value::Object(have)) => {
            for (key, value) in want.iter() {
                values(&format!("{place}.{key}"), value, have.get(key).unwrap_or(&Value::Null), differences);
            }
            for (key, value) in have.iter().filter(|(key, _)| !want.contains_key(*key)) {
                differences.push(format!("{place}.{key}: expected nothing, found {}", short(value)));
            }
        }
        (Value::Array(want), Value::Array(have)) if want.len() == have.len() => {
            for (at, (want, have)) in want.iter().zip(have.iter()).enumerate() {
                values(&format!("{place}[{at}]"), want, have, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{place}: expected {}, found {}", short(expected), short(found))),
    }
}

pub fn short(value: &Value) -> String {
    crate::show::short(&value.to_json(), 120)
}
