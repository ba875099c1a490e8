use weir_base::Value;
use weir_expr::{Template, parse_script};
use weir_ir::{SetOp, Target, VarScope, Write};

/// The writes of a script as its text, one statement on a line; `None` where the script language has no words for them.
pub(super) fn script_text(writes: &[Write]) -> Option<String> {
    let mut lines = Vec::with_capacity(writes.len());
    for write in writes {
        let Template::Expr(expr) = &write.value else { return None };
        let text = expression(expr.source());
        lines.push(match &write.target {
            None => text,
            Some(Target { scope: VarScope::Run, name: Template::Value(Value::String(name)) }) => {
                format!("{name} = {text}")
            }
            Some(_) => return None,
        });
    }
    // A semicolon keeps what follows from being read as part of a statement.
    let text = if lines.len() > 1 { lines.join(";\n") } else { lines.concat() };
    means(&text, writes).then_some(text)
}

fn means(text: &str, writes: &[Write]) -> bool {
    let Ok(script) = parse_script(text) else { return false };
    script.statements.len() == writes.len()
        && script.statements.iter().zip(writes).all(|(statement, write)| {
            let target = write.target.as_ref().and_then(|target| target.name.constant());
            let same_target = statement.target.as_ref().map(|name| Value::from(name.clone())) == target;
            let same_value = matches!(&write.value, Template::Expr(expr) if *expr == statement.expr);
            write.op == SetOp::Script && same_target && same_value
        })
}

/// What the script language calls things; texts stay as they are. Whether it fits is for the caller to find out.
fn expression(source: &str) -> String {
    const WORDS: [(&str, &str); 5] = [("vars.", ""), ("===", "=="), ("!==", "!="), (" ?? null", ""), ("Boolean(", "(")];
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '\'' {
            let end = text_end(rest, first);
            out.push_str(&rest[..end]);
            end
        } else if let Some(name) = param(rest) {
            out.push_str(&format!("param(\"{name}\")"));
            "input?.".len() + name.len()
        } else if let Some((word, own)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
            out.push_str(own);
            word.len()
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    out
}

/// `input?.name`
fn param(rest: &str) -> Option<&str> {
    let after = rest.strip_prefix("input?.")?;
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    (end > 0).then(|| &after[..end])
}

/// The end of the text in quotes that `rest` starts with.
fn text_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}
