use crate::run::fuzz;
use crate::seeds::{EXPRESSIONS, SCRIPTS, flows, owned};
use weir_base::{FileId, Value};
use weir_dialects::SourceFile;
use weir_dialects::text::{Format, parse};
use weir_expr::{Expr, Fuel, Template, parse_script};

fn scope() -> Value {
    Value::from_json(
        r#"{"input":{"name":"Ana","list":[3,1,2],"order":{"lines":[{"price":4.5}]}},"vars":{"a":{"b":"x"},"n":1},
            "item":{"k":1},"index":0,"run":{"id":"r"},"now":1}"#,
    )
    .expect("the scope is JSON")
}

fn text(name: &str, format: Format, input: &str) -> Result<(), String> {
    let source = SourceFile { id: FileId(0), name: name.into(), text: input.to_owned() };
    let (documents, problems) = parse(&source, format);
    let outside = problems.iter().filter_map(|problem| problem.span).find(|span| span.end as usize > input.len());
    if let Some(span) = outside {
        return Err(format!("a problem lies outside the text: {span:?}"));
    }
    match documents.is_empty() && problems.is_empty() && !is_blank(input) {
        true => Err("nothing was read, and nothing was said".to_owned()),
        false => Ok(()),
    }
}

/// Space, comments and marks of documents, which stand for nothing.
fn is_blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().all(|line| {
        let line = line.trim();
        line.is_empty()
            || line.starts_with('#')
            || line.starts_with('%')
            || line.starts_with("...")
            || line.starts_with("---")
    })
}

#[test]
fn yaml() {
    fuzz("yaml", &flows("yaml"), |input| text("flow.yaml", Format::Yaml, input));
}

#[test]
fn json() {
    fuzz("json", &flows("json"), |input| text("flow.json", Format::Json, input));
}

/// What is read evaluates or fails, and its print as TypeScript is there.
#[test]
fn expression() {
    let scope = scope();
    fuzz("expression", &owned(&EXPRESSIONS), |input| {
        let Ok(expr) = Expr::parse(input) else { return Ok(()) };
        let _ = expr.references();
        let again = expr.eval(&scope, &mut Fuel::default());
        if again != expr.eval(&scope, &mut Fuel::default()) {
            return Err("two evaluations differ".to_owned());
        }
        match expr.to_typescript().is_empty() {
            true => Err("the print is empty".to_owned()),
            false => Ok(()),
        }
    });
}

/// A template that is read prints as one that means the same.
#[test]
fn template() {
    let scope = scope();
    let seeds: Vec<String> =
        EXPRESSIONS.iter().map(|text| format!("a {{{{ {text} }}}} b \\{{{{ c }}}} ${{{text}}}")).collect();
    fuzz("template", &seeds, |input| {
        let _ = Template::parse_import(input);
        let Ok(template) = Template::parse_text(input) else { return Ok(()) };
        let printed = template.to_value();
        let again = Template::parse(&printed).map_err(|_| format!("its own print is refused: {printed}"))?;
        let values = [&template, &again].map(|template| template.eval(&scope, &mut Fuel::default()).ok());
        match values[0] == values[1] {
            true => Ok(()),
            false => Err(format!("its print means something else: {printed}")),
        }
    });
}

#[test]
fn script() {
    let scope = scope();
    fuzz("script", &owned(&SCRIPTS), |input| {
        let Ok(script) = parse_script(input) else { return Ok(()) };
        for statement in &script.statements {
            let _ = statement.eval(&scope, &mut Fuel::default());
        }
        Ok(())
    });
}
