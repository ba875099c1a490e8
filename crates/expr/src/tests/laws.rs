//! Laws that hold for every expression, and for no expression at all: nothing read here may panic.

use super::generate;
use crate::{Env, Expr, Fuel, Template, check, parse_script};
use proptest::prelude::*;
use weir_base::Value;

/// Pieces that make text look like an expression long enough to reach the odd corners of the parsers.
const PIECES: &[&str] = &[
    "a",
    "vars",
    "input",
    ".b",
    "?.c",
    "[0]",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "{{",
    "}}",
    "${",
    "`",
    "\"",
    "'",
    "\\",
    "=>",
    "x => ",
    "(x, y) => ",
    "...",
    ",",
    ":",
    "?",
    "??",
    "||",
    "&&",
    "+",
    "-",
    "*",
    "**",
    "/",
    "%",
    "!",
    "=",
    "==",
    "===",
    "<",
    ">",
    "1",
    "0.5",
    "1e9",
    "1e999",
    "0x",
    "'s'",
    "map",
    ".map(",
    ".length",
    "Math.",
    "Math.max(",
    "Object.keys(",
    "typeof ",
    " in ",
    "null",
    "true",
    "undefined",
    "new ",
    "secrets.s",
    "\n",
    " ",
    ";",
    "//",
    "#",
    "é",
    "😀",
    "\u{2028}",
    "param(\"x\")",
    "constructor",
    "\\u{",
    "\\ud83d",
];

fn soup() -> impl Strategy<Value = String> {
    let pieces =
        |most: usize| prop::collection::vec(prop::sample::select(PIECES), 0..most).prop_map(|pieces| pieces.concat());
    let bytes = prop::collection::vec(any::<u8>(), 0..60);
    prop_oneof![
        3 => pieces(6),
        2 => pieces(40),
        4 => damaged(),
        1 => any::<String>(),
        1 => bytes.prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// A good expression, or a template around it, with a piece put in the place of some of its characters.
fn damaged() -> impl Strategy<Value = String> {
    let parts = (generate::expression(), any::<bool>(), any::<u16>(), 0..4usize, prop::sample::select(PIECES));
    parts.prop_map(|(source, template, at, length, piece)| {
        let source = if template { format!("a {{{{ {source} }}}} b") } else { source };
        let at = usize::from(at) % (source.chars().count() + 1);
        let before: String = source.chars().take(at).collect();
        let after: String = source.chars().skip(at + length).collect();
        format!("{before}{piece}{after}")
    })
}

/// Everything that can be done with a text, on a small budget.
fn exercise(text: &str) {
    let scope = Value::object([("input", Value::from(text)), ("a", Value::array([Value::from(1)]))]);
    let problems = [Expr::parse(text).err(), Template::parse_import(text).err(), parse_script(text).err()];
    for problem in problems.into_iter().flatten().flatten() {
        assert!(text.get(problem.range.clone()).is_some(), "{text:?}: {problem:?}");
    }
    if let Ok(expr) = Expr::parse(text) {
        round_trip(&expr);
        let _ = expr.eval(&scope, &mut Fuel { left: 2000 });
        let _ = expr.test(&scope, &mut Fuel { left: 5 });
        let _ = check(&expr, &Env::default());
        expr.references().iter().for_each(|reference| assert!(text.get(reference.range.clone()).is_some()));
        expr.rename_free(&|name| Some(format!("vars.{name}")));
    }
    for parsed in [Template::parse_text(text), Template::parse_import(text)].into_iter().flatten() {
        assert_eq!(Template::parse(&parsed.to_value()).as_ref(), Ok(&parsed), "{text:?}");
        let _ = parsed.eval(&scope, &mut Fuel { left: 2000 });
    }
    match parse_script(text) {
        Ok(script) => script.statements.iter().for_each(|statement| {
            round_trip(&statement.expr);
            let _ = statement.eval(&scope, &mut Fuel { left: 2000 });
        }),
        Err(problems) => assert!(!problems.is_empty()),
    }
}

fn round_trip(expr: &Expr) {
    let printed = expr.to_typescript();
    let again = Expr::parse(&printed).unwrap_or_else(|problems| panic!("{expr} printed as {printed}: {problems:?}"));
    assert_eq!(again.node(), expr.node(), "{expr} printed as {printed}");
}

proptest! {
    #![proptest_config(super::config(1000))]

    #[test]
    fn reading_a_print_gives_the_same_tree(source in generate::expression()) {
        round_trip(&Expr::parse(&source).unwrap());
    }

    #[test]
    fn a_constant_reads_back(value in value()) {
        let expr = Expr::constant(value.clone());
        let again = Expr::parse(expr.source()).unwrap();
        prop_assert_eq!(again.eval(&Value::Null, &mut Fuel::default()), Ok(value));
    }

    #[test]
    fn a_template_reads_back(value in value(), sources in prop::collection::vec(generate::expression(), 1..3)) {
        prop_assert_eq!(Template::Value(value.clone()).to_value(), Template::parse(&Template::Value(value.clone()).to_value()).unwrap().to_value());
        let text = sources.iter().map(|source| format!("{{{{{{{source}}}}}}} {{{{ {source} }}}}")).collect::<String>();
        if let Ok(template) = Template::parse_text(&text) {
            prop_assert_eq!(Template::parse(&template.to_value()), Ok(template));
        }
    }

    #[test]
    fn nothing_panics(text in soup()) {
        exercise(&text);
    }

    #[test]
    fn fuel_that_suffices_does_not_change_the_result(source in generate::expression()) {
        let expr = Expr::parse(&source).unwrap();
        let scope = Value::object([("input", Value::object([("n", Value::from(3))]))]);
        let mut fuel = Fuel::default();
        let full = expr.eval_or_undefined(&scope, &mut fuel);
        let used = Fuel::default().left - fuel.left;
        if fuel.left > 0 {
            prop_assert_eq!(expr.eval_or_undefined(&scope, &mut Fuel { left: used }), full);
            let starved = expr.eval_or_undefined(&scope, &mut Fuel { left: used - 1 });
            prop_assert_eq!(starved.map_err(|error| error.code), Err("EXPRESSION_FUEL"));
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), soup()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let key = prop_oneof![any::<String>(), Just("__proto__".to_owned()), Just("constructor".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|map| {
                Value::from(map.into_iter().map(|(key, value)| (key.into(), value)).collect::<weir_base::Map>())
            }),
        ]
    })
}

/// Deep nesting of every kind ends in problems; the stack of a test thread is two megabytes.
#[test]
fn deep_nesting_is_a_problem() {
    let deep =
        |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(10_000), close.repeat(10_000));
    let cases = [
        deep("(", "1", ")"),
        deep("[", "1", "]"),
        deep("{a:", "1", "}"),
        deep("`${", "1", "}`"),
        deep("!", "1", ""),
        deep("- ", "1", ""),
        deep("typeof ", "1", ""),
        deep("a?b:", "1", ""),
        deep("1?", "1", ":1"),
        deep("a.map(x=>", "1", ")"),
        deep("a[", "0", "]"),
        deep("2**", "1", ""),
        deep("1+", "1", ""),
        deep("a", "", ".b"),
        deep("", "a", "[0]"),
        deep("f(", "", ")"),
        deep("Math.max(", "", ")"),
        deep("{...", "a", "}"),
        deep("a||", "1", ""),
    ];
    for source in &cases {
        let problems = Expr::parse(source).expect_err("too deep");
        assert!(
            problems.iter().any(|problem| problem.code == "EXPRESSION_TOO_LARGE" || problem.code == "UNKNOWN_FUNCTION"),
            "{problems:?}"
        );
        assert!(parse_script(source).is_err() || source.starts_with('a'));
        let _ = Template::parse_text(&format!("{{{{ {source} }}}}"));
    }
    let long_vars = format!("vars{}", ".a".repeat(10_000));
    assert_eq!(Expr::parse(&long_vars).unwrap().eval_or_undefined(&Value::Null, &mut Fuel::default()), Ok(None));
}

/// As deep as the parser allows is not too deep for anything that walks the tree.
#[test]
fn the_deepest_allowed_tree_can_be_used() {
    for (open, close) in [
        ("(1 + ", ")"),
        ("[", "]"),
        ("!", ""),
        ("`${", "}`"),
        ("[0].map(x => ", ")"),
        ("Math.max(", ")"),
        ("{ a: ", "}"),
    ] {
        let deepest = (1..400).rev().find_map(|count| {
            Expr::parse(&format!("{}1{}", open.repeat(count), close.repeat(count))).ok().map(|expr| (count, expr))
        });
        let (count, expr) = deepest.unwrap();
        assert!(count >= 90, "{open} only {count} levels deep");
        round_trip(&expr);
        let _ = expr.eval(&Value::Null, &mut Fuel::default());
        let _ = check(&expr, &Env::default());
        assert!(expr.references().is_empty());
    }
}

#[test]
fn length_is_limited() {
    let source = format!("'{}'", "x".repeat(70_000));
    assert_eq!(Expr::parse(&source).unwrap_err()[0].code, "EXPRESSION_TOO_LARGE");
    let constant = Expr::constant(Value::from("x".repeat(70_000)));
    let stored = serde_json::to_string(&constant).unwrap();
    assert_eq!(serde_json::from_str::<Expr>(&stored).unwrap(), constant);
}
