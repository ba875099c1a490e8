//! Templates: reading, evaluating, writing back, and secrets in them (semantics 2.12, 2.13).

use weir_base::{FileId, Sealed, SealedPart, Span, Value};
use weir_expr::{Expr, Fuel, Scope, Template};

struct Flow;

impl Scope for Flow {
    fn get(&self, name: &str) -> Option<Value> {
        match name {
            "input" => Value::from_json(r#"{"name":"Ada","n":3,"list":[1,2],"o":{"a":null},"nothing":null}"#).ok(),
            "vars" => Some(Value::object([("a", Value::from(1))])),
            _ => None,
        }
    }

    fn member(&self, name: &str, key: &str) -> Option<Value> {
        match name {
            "secrets" => Some(Value::Sealed(Sealed { parts: vec![SealedPart::Secret(key.into())] }.into())),
            _ => self.get(name)?.get(key).cloned(),
        }
    }
}

fn outcome(result: Result<Value, weir_expr::EvalError>) -> String {
    result.map_or_else(|error| error.code.to_owned(), |value| value.to_json())
}

/// Reads `template` (JSON), evaluates it, and compares with JSON or the code of an error.
fn check(template: &str, expected: &str) {
    let value = Value::from_json(template).unwrap();
    let read = Template::parse(&value).unwrap_or_else(|problems| panic!("{template}: {problems:?}"));
    assert_eq!(outcome(read.eval(&Flow, &mut Fuel::default())), expected, "{template}");
    assert_eq!(Template::parse(&read.to_value()), Ok(read.clone()), "{template}");
    let stored = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Template>(&stored).unwrap(), read, "{template}");
}

/// Semantics 2.13: undefined exists only inside an expression.
#[test]
fn values_of_templates() {
    let cases = [
        (r#""plain""#, r#""plain""#),
        (r#""{{ input.n }}""#, "3"),
        (r#""{{input.list}}""#, "[1,2]"),
        (r#"" {{ input.n }}""#, r#"" 3""#),
        (r#""{{ input.n }}{{ input.n }}""#, r#""33""#),
        (r#""Dear {{ input.name }}, {{ input.list }} {{ input.o }}""#, r#""Dear Ada, [1,2] {\"a\":null}""#),
        (r#""[{{ input.none }}|{{ input.nothing }}|{{ true }}]""#, r#""[|null|true]""#),
        (r#""{{ input.none }}""#, "VALUE_NOT_JSON"),
        (r#"{"a":"{{ input.none }}","b":[1,"{{ input.none }}"],"c":"{{ input.n }}"}"#, r#"{"b":[1,null],"c":3}"#),
        (r#""{{ 0 / 0 }} x""#, "VALUE_NOT_JSON"),
        (r#""{{ {a: {b: 1}} }}""#, r#"{"a":{"b":1}}"#),
        (r#""{{ {a:{b:1}}}}""#, r#"{"a":{"b":1}}"#),
        (r#""{{ '}}' + \"}}\" + `}}${ {a: '}}'}.a }` }}!""#, r#""}}}}}}}}!""#),
        (r#""{{ 'it\\'s }}' }}""#, r#""it's }}""#),
        (r#""a }} b""#, r#""a }} b""#),
        (r#""\\{{ input.n }}""#, r#""{{ input.n }}""#),
        (r#""\\\\{{ input.n }}""#, r#""\\3""#),
        (r#""\\\\\\{{ x""#, r#""\\{{ x""#),
        (r#""\\{{{{ input.n }}""#, r#""{{3""#),
        (r#""C:\\dir\\{n} $ ${x}""#, r#""C:\\dir\\{n} $ ${x}""#),
        (r#""{{ \"{\" }}{{ input.n }}""#, r#""{3""#),
        (r#"{"k":[{"deep":"{{ vars.a + 1 }}"}]}"#, r#"{"k":[{"deep":2}]}"#),
        (r#"{"{{ key }}":1}"#, r#"{"{{ key }}":1}"#),
    ];
    cases.iter().for_each(|(template, expected)| check(template, expected));
}

#[test]
fn imports_read_dollar_braces_too() {
    let cases = [
        ("${input.n}", "3"),
        ("a ${ input.n } {{ input.n }}", r#""a 3 3""#),
        ("{${input.n}}", r#""{3}""#),
        ("\\${input.n}", r#""${input.n}""#),
        ("${ {a: 1}.a }", "1"),
        ("${ `x${1}` }y", r#""x1y""#),
    ];
    for (text, expected) in cases {
        let template = Template::parse_import(text).unwrap();
        assert_eq!(outcome(template.eval(&Flow, &mut Fuel::default())), expected, "{text}");
        let native = Template::parse(&template.to_value()).unwrap();
        assert_eq!(outcome(native.eval(&Flow, &mut Fuel::default())), expected, "{text} as {:?}", template.to_value());
    }
}

#[test]
fn problems_point_into_the_text() {
    let text = "a {{ 1 + }} b {{ x.fooo() }}";
    let problems = Template::parse_text(text).unwrap_err();
    let found: Vec<_> = problems.iter().map(|p| (p.code, p.range.clone())).collect();
    assert_eq!(found, [("EXPRESSION_SYNTAX", 8..8), ("UNKNOWN_FUNCTION", 19..23)]);
    assert_eq!(Template::parse_text("a {{ b").unwrap_err()[0].range, 2..6);
    assert_eq!(Template::parse_text("{{ }}").unwrap_err()[0].code, "EXPRESSION_SYNTAX");
    let value = Value::from_json(r#"{"a":["ok","{{ 1 + }}"],"b/c":"{{"}"#).unwrap();
    let paths: Vec<_> = Template::parse(&value).unwrap_err().into_iter().map(|p| p.path).collect();
    assert_eq!(paths, ["/a/1", "/b~1c"]);
}

#[test]
fn spans_reach_each_expression() {
    let value = Value::from_json(r#"{"a":"x {{ b }} {{ c.d }}","e":["{{ f }}"]}"#).unwrap();
    let mut template = Template::parse(&value).unwrap();
    let whole = |path: &str| match path {
        "/a" => Some(Span::new(FileId(1), 100, 100 + "x {{ b }} {{ c.d }}".len())),
        // A length that differs, as with escapes: only the whole is certain.
        "/e/0" => Some(Span::new(FileId(1), 200, 210)),
        _ => None,
    };
    template.set_spans(&mut |path| whole(path));
    let mut spans = Vec::new();
    template.for_each_expr(&mut |expr| spans.push((expr.source().to_owned(), expr.span().map(|span| span.range()))));
    let expected = [("b", 105..106), ("c.d", 113..116), ("f", 200..210)];
    assert_eq!(spans, expected.map(|(source, range)| (source.to_owned(), Some(range))));
}

#[test]
fn expressions_can_be_replaced() {
    let template = Template::parse_text("a {{ b }} {{ c }}").unwrap();
    let renamed = template.map_exprs(&mut |expr| expr.rename_free(&|name| Some(format!("vars.{name}"))));
    assert_eq!(renamed.to_value(), Value::from("a {{ vars.b }} {{ vars.c }}"));
    assert_eq!(template.constant(), None);
    assert_eq!(Template::parse_text("\\{{").unwrap().constant(), Some(Value::from("{{")));
}

/// Semantics 2.12: text and references; only concatenation; nothing else looks inside.
#[test]
fn secrets_are_only_joined_with_text() {
    let sealed = [
        ("secrets.token", r#"{"$sealed":[{"secret":"token"}]}"#),
        ("secrets['a-b']", r#"{"$sealed":[{"secret":"a-b"}]}"#),
        ("'Bearer ' + secrets.token", r#"{"$sealed":["Bearer ",{"secret":"token"}]}"#),
        ("secrets.user + ':' + secrets.pass", r#"{"$sealed":[{"secret":"user"},":",{"secret":"pass"}]}"#),
        ("`${secrets.token}-${1}${[2]}`", r#"{"$sealed":[{"secret":"token"},"-12"]}"#),
        (
            "{ a: secrets.t, b: [secrets.t] }",
            r#"{"a":{"$sealed":[{"secret":"t"}]},"b":[{"$sealed":[{"secret":"t"}]}]}"#,
        ),
        ("true ? secrets.t : 1", r#"{"$sealed":[{"secret":"t"}]}"#),
        ("null ?? secrets.t", r#"{"$sealed":[{"secret":"t"}]}"#),
        ("[secrets.t].map(x => 'a' + x)[0]", r#"{"$sealed":["a",{"secret":"t"}]}"#),
    ];
    for (source, expected) in sealed {
        assert_eq!(outcome(Expr::parse(source).unwrap().eval(&Flow, &mut Fuel::default())), expected, "{source}");
    }
    check(r#"{"auth":"Bearer {{ secrets.token }}"}"#, r#"{"auth":{"$sealed":["Bearer ",{"secret":"token"}]}}"#);
}

/// Semantics 2.12, the other half.
#[test]
fn everything_else_with_a_secret_is_refused() {
    let refused = [
        "secrets",
        "secrets[`a${1}`]",
        "secrets.t + 1",
        "secrets.t === secrets.t",
        "secrets.t === null",
        "secrets.t < 'a'",
        "secrets.t ? 1 : 2",
        "secrets.t && 1",
        "secrets.t ?? 1",
        "!secrets.t",
        "typeof secrets.t",
        "-secrets.t",
        "secrets.t.length",
        "secrets.t[0]",
        "secrets.t.slice(1)",
        "secrets.t?.x",
        "String(secrets.t)",
        "Boolean(secrets.t)",
        "JSON.stringify({ a: secrets.t })",
        "JSON.stringify(secrets.t)",
        "[secrets.t].join('')",
        "[secrets.t] + ''",
        "[secrets.t].includes('a')",
        "[secrets.t].toSorted()",
        "[secrets.t].filter(Boolean)",
        "[secrets.t].map(x => x.length)",
        "['a'].includes(secrets.t)",
        "'a'.includes(secrets.t)",
        "'a'.concat(secrets.t)",
        "[...secrets.t]",
        "({ ...secrets.t })",
        "({ [secrets.t]: 1 })",
        "Object.keys(secrets.t)",
        "Number.isInteger(secrets.t)",
        "Math.max(secrets.t)",
        "encodeURIComponent(secrets.t)",
        "secrets.t in {}",
        "'x'.repeat(secrets.t)",
    ];
    for source in refused {
        let result = Expr::parse(source).unwrap().eval(&Flow, &mut Fuel::default());
        assert_eq!(outcome(result), "SECRET_NOT_ALLOWED", "{source}");
    }
    let condition = Expr::parse("secrets.t").unwrap().test(&Flow, &mut Fuel::default());
    assert_eq!(condition.unwrap_err().code, "SECRET_NOT_ALLOWED");
    let text = Template::parse_text("x {{ [secrets.t] }}").unwrap();
    assert_eq!(outcome(text.eval(&Flow, &mut Fuel::default())), "SECRET_NOT_ALLOWED");
}

#[test]
fn a_sealed_constant_reads_back() {
    let parts = vec![SealedPart::Text("a\"".into()), SealedPart::Secret("b-c".into())];
    let sealed = Value::Sealed(Sealed { parts }.into());
    let expr = Expr::constant(sealed.clone());
    assert_eq!(Expr::parse(expr.source()).unwrap().eval(&Flow, &mut Fuel::default()), Ok(sealed));
}
