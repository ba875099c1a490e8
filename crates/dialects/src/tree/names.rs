use weir_base::Value;
use weir_expr::Expr;

/// Names that mean the same in every dialect. Any other free name of a tree's expressions is a variable.
const KNOWN: [&str; 14] = [
    "input", "vars", "item", "index", "error", "run", "now", "secrets", "project", "service", "output", "nodes",
    "message", "thread",
];

/// `x` is `vars.x` in a tree.
pub(super) fn as_variables(expr: &Expr) -> Expr {
    let renamed = expr.rename_free(&|name| (!KNOWN.contains(&name)).then(|| format!("vars.{name}")));
    match expr.span() {
        Some(span) => renamed.at(span),
        None => renamed,
    }
}

/// The expression that reads a variable: `a.b` as `vars.a.b`, `a b` as `vars["a b"]`.
pub(crate) fn variable(key: &str) -> String {
    if key.split('.').any(str::is_empty) {
        return format!("vars[{}]", Value::from(key).to_json());
    }
    let mut out = String::from("vars");
    for part in key.split('.') {
        if is_name(part) {
            out.push('.');
            out.push_str(part);
        } else {
            out.push_str(&format!("[{}]", Value::from(part).to_json()));
        }
    }
    out
}

/// The key [`variable`] was given, where the text is one of its results.
pub(super) fn variable_key(source: &str) -> Option<String> {
    let mut rest = source.strip_prefix("vars")?;
    let mut parts: Vec<String> = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            parts.push(after[..end].to_owned());
            rest = &after[end..];
        } else {
            let inner = rest.strip_prefix('[')?;
            let mut texts = serde_json::Deserializer::from_str(inner).into_iter::<String>();
            parts.push(texts.next()?.ok()?);
            rest = inner.get(texts.byte_offset()..)?.strip_prefix(']')?;
        }
    }
    let key = parts.join(".");
    (!parts.is_empty() && variable(&key) == source).then_some(key)
}

fn is_name(part: &str) -> bool {
    let starts_well = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$');
    starts_well && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_expressions_and_back() {
        let cases = [
            ("count", "vars.count"),
            ("cart.items", "vars.cart.items"),
            ("my key.x", "vars[\"my key\"].x"),
            ("a\"b", "vars[\"a\\\"b\"]"),
            ("1st", "vars[\"1st\"]"),
            ("a..b", "vars[\"a..b\"]"),
            ("", "vars[\"\"]"),
            ("ž", "vars[\"ž\"]"),
        ];
        for (key, source) in cases {
            assert_eq!(variable(key), source);
            assert_eq!(variable_key(source).as_deref(), Some(key));
        }
        for other in ["vars", "x.y", "vars.a + 1", "vars[0]", "vars.", "vars[\"a\"]"] {
            assert_eq!(variable_key(other), None, "{other}");
        }
    }
}
