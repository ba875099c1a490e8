//! A real JavaScript engine is the judge: what TypeScript is printed for an expression must give there what the
//! expression gives here.

use super::generate;
use crate::{Expr, Fuel};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rquickjs::{Context, Ctx, Function, Runtime};
use std::cell::Cell;
use weir_base::Value;

const CASES: u32 = 3000;

/// Runs the source strictly and says what came out, in the words of [`ours`].
const JUDGE: &str = r#"(source, scope) => {
    const finite = value => typeof value === "number" ? Number.isFinite(value)
        : value === null || typeof value !== "object" ? true
        : Object.values(value).every(finite);
    let value;
    try {
        value = new Function("input", '"use strict"; return (' + source + ");")(JSON.parse(scope));
    } catch (error) {
        return error instanceof SyntaxError && !/JSON|unexpected/i.test(error.message) ? "syntax: " + error.message : "throws";
    }
    if (value === undefined) return "undefined";
    return finite(value) ? JSON.stringify(value) : "not JSON";
}"#;

fn theirs<'js>(judge: &Function<'js>, source: &str, scope: &str) -> String {
    judge.call::<_, String>((source, scope)).unwrap_or_else(|error| format!("broken: {error}"))
}

/// `None` where the two are meant to differ, or the budget ends.
fn ours(expr: &Expr, scope: &str) -> Option<String> {
    let scope = Value::object([("input", Value::from_json(scope).unwrap())]);
    match expr.eval_or_undefined(&scope, &mut Fuel::default()) {
        Ok(None) => Some("undefined".to_owned()),
        Ok(Some(value)) => Some(json(value)),
        Err(error) => match error.code {
            "VALUE_NOT_JSON" => Some("not JSON".to_owned()),
            "EXPRESSION_TYPE" if !error.message.contains("cannot be compared") => Some("throws".to_owned()),
            _ => None,
        },
    }
}

/// JSON with JavaScript's numbers.
fn json(value: Value) -> String {
    let scope = Value::object([("value", value)]);
    let text = Expr::parse("JSON.stringify(value)").unwrap().eval(&scope, &mut Fuel { left: 100_000_000 }).unwrap();
    text.as_str().unwrap().to_owned()
}

fn with_judge(work: impl FnOnce(&Function<'_>)) {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|ctx: Ctx<'_>| work(&ctx.eval::<Function<'_>, _>(JUDGE).unwrap()));
}

#[test]
fn results_equal_javascripts() {
    let mut runner = TestRunner::new(super::config(CASES));
    let (compared, values) = (Cell::new(0), Cell::new(0));
    with_judge(|judge| {
        let strategy = (generate::expression(), generate::scope());
        let result = runner.run(&strategy, |(source, scope)| {
            let expr = Expr::parse(&source).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
            let Some(ours) = ours(&expr, &scope) else { return Ok(()) };
            prop_assert_eq!(&ours, &theirs(judge, &expr.to_typescript(), &scope), "{}", expr.to_typescript());
            compared.set(compared.get() + 1);
            values.set(values.get() + u32::from(ours != "throws"));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    });
    // Guards against a generator that makes nothing but errors.
    let (compared, values) = (compared.get(), values.get());
    assert!(compared >= 2000, "only {compared} cases were compared");
    assert!(values >= 1000, "only {values} cases had a value");
}

/// Places where engines are known to be subtle, one by one.
#[test]
fn subtle_results_equal_javascripts() {
    let scope = r#"{"n": 5, "s": "héllo", "l": [3, 1, 2]}"#;
    let sources = include_str!("subtle.txt").lines().filter(|line| !line.is_empty());
    with_judge(|judge| {
        for source in sources {
            let expr = Expr::parse(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
            assert_eq!(ours(&expr, scope), Some(theirs(judge, &expr.to_typescript(), scope)), "{source}");
            assert_eq!(theirs(judge, source, scope), theirs(judge, &expr.to_typescript(), scope), "{source}");
        }
    });
}

/// What the parser refuses as bad syntax, JavaScript refuses too.
#[test]
fn bad_syntax_is_bad_in_javascript() {
    let sources = [
        "1 +",
        "(1",
        "[1",
        "{ a: }",
        "a ?? b || c",
        "a && b ?? c",
        "-2 ** 2",
        "'abc",
        "`a${1",
        "1 2",
        "a.",
        "x..y",
        "? 1 : 2",
        "010",
        "3px",
        "a?.",
        "{ a b }",
        "[1 2]",
        "'\\u12'",
        "'\\x1'",
        "'\\u{110000}'",
        "[1].map((a, a) => a)",
        "1__0",
        "a ? b",
        "new",
        "1.e",
    ];
    with_judge(|judge| {
        for source in sources {
            assert!(Expr::parse(source).is_err(), "{source}");
            let verdict = theirs(judge, source, "{}");
            assert!(verdict == "throws" || verdict.starts_with("syntax"), "{source}: {verdict}");
        }
    });
}
