//! What is found without running: unknown names, impossible operations, misused secrets.

use weir_expr::{Env, Expr, Shape, check as find_problems, infer};

fn env() -> Env {
    let order = Shape::closed([
        ("id", Shape::String),
        ("total", Shape::Number),
        ("lines", Shape::Array(Box::new(Shape::closed([("price", Shape::Number)])))),
    ]);
    let node = |output| Shape::closed([("output", output), ("error", Shape::Open)]);
    Env::default()
        .with("input", Shape::known([("order", order), ("flag", Shape::Boolean), ("gone", Shape::Null)]))
        .with("vars", Shape::closed([("cart", Shape::Open), ("a.b", Shape::Number), ("count", Shape::Number)]))
        .with(
            "nodes",
            Shape::closed([
                ("fetch-user", node(Shape::Open)),
                ("charge", node(Shape::closed([("ok", Shape::Boolean)]))),
            ]),
        )
        .with("secrets", Shape::closed([("token", Shape::Secret)]))
        .with("now", Shape::String)
}

/// `expected` lists `CODE@text under the range`.
fn check(source: &str, expected: &[&str]) {
    let expr = Expr::parse(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let problems = find_problems(&expr, &env());
    let found: Vec<String> = problems.iter().map(|p| format!("{}@{}", p.code, &source[p.range.clone()])).collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn what_is_right_has_no_problems() {
    let sources = [
        "input.order.total * 2 + input.whatever.deep",
        "input.order.lines.map(l => l.price).reduce((a, b) => a + b, 0)",
        "input.order.lines[0].price + input.order.lines.length",
        "input.order.lines.filter(({ price }) => price > 1).toSorted((a, b) => a.price - b.price)[0].price",
        "nodes.charge.output.ok ? nodes['fetch-user'].output.x.y : null",
        "vars.cart.items + vars.a.b + vars.count",
        "'Bearer ' + secrets.token",
        "`${secrets.token}${input.order.total}`",
        "{ auth: secrets.token, at: now.slice(0, 10) }",
        "input.gone?.x ?? 1",
        "[1, 2].map(String).join().length.toFixed(2)",
        "Object.entries(input.order).map(([k, v]) => k.length + v)",
        "input.flag.toString()",
    ];
    sources.iter().for_each(|source| check(source, &[]));
}

#[test]
fn numbers_that_lose_digits_are_found() {
    let cases: [(&str, &[&str]); 6] = [
        ("9007199254740993", &["NUMBER_PRECISION@9007199254740993"]),
        ("input.flag ? -9007199254740995 : 1", &["NUMBER_PRECISION@9007199254740995"]),
        (
            "[0x20000000000001, `${12345678901234567}`]",
            &["NUMBER_PRECISION@0x20000000000001", "NUMBER_PRECISION@12345678901234567"],
        ),
        ("9007199254740994 + 1e30 + 0.12345678901234567890", &[]),
        ("'9007199254740993'", &[]),
        ("Number.MAX_SAFE_INTEGER + 100000000000000000000", &[]),
    ];
    cases.iter().for_each(|(source, expected)| check(source, expected));
}

#[test]
fn unknown_names_are_found() {
    check("inptu.x", &["UNKNOWN_NAME@inptu"]);
    check("item.x + index", &["UNKNOWN_NAME@item", "UNKNOWN_NAME@index"]);
    check("input.order.totl", &["UNKNOWN_NAME@input.order.totl"]);
    check("nodes.charge.result", &["UNKNOWN_NAME@nodes.charge.result"]);
    check("nodes.chrge.output", &["UNKNOWN_NAME@nodes.chrge"]);
    check("vars.total", &["UNKNOWN_NAME@vars.total"]);
    check("secrets.tokn", &["UNKNOWN_NAME@secrets.tokn"]);
    check("input.order.lines.map(l => l.prise)", &["UNKNOWN_NAME@l.prise"]);
    check("input.order.lines[0].prise", &["UNKNOWN_NAME@input.order.lines[0].prise"]);
}

#[test]
fn help_is_given() {
    let cases = [
        ("inptu.x", "did you mean `input`?"),
        ("input.order.totl", "did you mean `total`?"),
        ("cart", "a variable is written `vars.cart`"),
        ("nodes.fetch - user", "a name with a dash is written [\"fetch-user\"]"),
        ("Date", "there is no clock in an expression; use `now`, the time of the current event"),
        ("input.order.lines.slice.x", "to call it, write `slice(…)`"),
        ("input.order.map(x => x)", "for a list of an object's members, use Object.values or Object.entries"),
    ];
    for (source, help) in cases {
        let problems = find_problems(&Expr::parse(source).unwrap(), &env());
        assert!(problems.iter().any(|problem| problem.help.as_deref() == Some(help)), "{source}: {problems:?}");
    }
}

#[test]
fn impossible_operations_are_found() {
    check("input.order.map(x => x)", &["EXPRESSION_TYPE@input.order.map(x => x)"]);
    check("input.order.id.map(x => x)", &["EXPRESSION_TYPE@input.order.id.map(x => x)"]);
    check("input.order.total.trim()", &["EXPRESSION_TYPE@input.order.total.trim()"]);
    check("input.flag.x", &["EXPRESSION_TYPE@input.flag.x"]);
    check("input.gone.x", &["EXPRESSION_TYPE@input.gone.x"]);
    check("input.order * 2", &["EXPRESSION_TYPE@input.order"]);
    check("[1] - 1", &["EXPRESSION_TYPE@[1]"]);
    check("'a'.toFixed(1)", &["EXPRESSION_TYPE@'a'.toFixed(1)"]);
}

/// Semantics 2.12, before the run.
#[test]
fn misused_secrets_are_found() {
    check("secrets.token === 'x'", &["SECRET_NOT_ALLOWED@secrets.token"]);
    check("secrets.token + 1", &["SECRET_NOT_ALLOWED@secrets.token + 1"]);
    check("secrets.token ? 1 : 2", &["SECRET_NOT_ALLOWED@secrets.token"]);
    check("secrets.token.length", &["SECRET_NOT_ALLOWED@secrets.token"]);
    check("JSON.stringify('a' + secrets.token)", &["SECRET_NOT_ALLOWED@'a' + secrets.token"]);
    check("!`${secrets.token}`", &["SECRET_NOT_ALLOWED@`${secrets.token}`"]);
    check("secrets", &["SECRET_NOT_ALLOWED@secrets"]);
    check("secrets[now]", &["SECRET_NOT_ALLOWED@secrets"]);
}

#[test]
fn shapes_of_results() {
    let cases = [
        ("input.order.total + 1", Shape::Number),
        ("'a' + input.x", Shape::String),
        ("input.order.lines.map(l => l.price > 1)", Shape::Array(Box::new(Shape::Boolean))),
        ("input.x", Shape::Open),
        ("'x' + secrets.token", Shape::Secret),
        ("{ a: 1, b: now }", Shape::closed([("a", Shape::Number), ("b", Shape::String)])),
        ("true ? 1 : 2", Shape::Number),
        ("true ? 1 : 'a'", Shape::Open),
    ];
    for (source, shape) in cases {
        assert_eq!(infer(&Expr::parse(source).unwrap(), &env()), shape, "{source}");
    }
}
