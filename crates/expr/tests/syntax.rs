//! What the parser refuses: the codes, the places, and the help.

use weir_expr::Expr;

/// `expected` lists `CODE@text under the range`, one per problem.
fn check(source: &str, expected: &[&str]) {
    let problems = Expr::parse(source).err().unwrap_or_default();
    let found: Vec<String> = problems.iter().map(|p| format!("{}@{}", p.code, &source[p.range.clone()])).collect();
    assert_eq!(found, expected, "{source}");
}

#[test]
fn syntax_errors_point_at_the_token() {
    check("", &["EXPRESSION_SYNTAX@"]);
    check("  ", &["EXPRESSION_SYNTAX@  "]);
    check("1 +", &["EXPRESSION_SYNTAX@"]);
    check("(1", &["EXPRESSION_SYNTAX@"]);
    check("1 2", &["EXPRESSION_SYNTAX@2"]);
    check("a = 1", &["EXPRESSION_SYNTAX@="]);
    check("a += 1", &["EXPRESSION_SYNTAX@+="]);
    check("a++", &["EXPRESSION_SYNTAX@++"]);
    check("a & b", &["EXPRESSION_SYNTAX@&"]);
    check("a; b", &["EXPRESSION_SYNTAX@;"]);
    check("'abc", &["EXPRESSION_SYNTAX@'abc"]);
    check("'a\nb'", &["EXPRESSION_SYNTAX@'a"]);
    check("x + 30s", &["EXPRESSION_SYNTAX@30s"]);
    check("010", &["EXPRESSION_SYNTAX@010"]);
    check("a ? b", &["EXPRESSION_SYNTAX@"]);
    check("{ a b }", &["EXPRESSION_SYNTAX@b"]);
    check("“a”", &["EXPRESSION_SYNTAX@“"]);
    check("a # b", &["EXPRESSION_SYNTAX@#"]);
    check("a ?? b || c", &["EXPRESSION_SYNTAX@||"]);
    check("a && b ?? c", &["EXPRESSION_SYNTAX@??"]);
    check("-2 ** 2", &["EXPRESSION_SYNTAX@**"]);
    check("'\\ud83d'", &["EXPRESSION_SYNTAX@\\ud83d"]);
    check("a`b`", &["EXPRESSION_SYNTAX@`"]);
}

/// One mistake does not hide the next.
#[test]
fn several_problems_are_shown() {
    check(
        "a.fooo() + b.constructor + Math.random()",
        &["UNKNOWN_FUNCTION@fooo", "EXPRESSION_NOT_ALLOWED@constructor", "UNKNOWN_FUNCTION@Math.random"],
    );
    check("foo(1, bar(2))", &["UNKNOWN_FUNCTION@foo", "UNKNOWN_FUNCTION@bar"]);
    check(
        "{ __proto__: 1, x: a.__proto__ }",
        &["EXPRESSION_NOT_ALLOWED@__proto__", "EXPRESSION_NOT_ALLOWED@__proto__"],
    );
}

#[test]
fn what_is_not_pure_is_refused() {
    check("new Date()", &["EXPRESSION_NOT_ALLOWED@new"]);
    check("this.x", &["EXPRESSION_NOT_ALLOWED@this"]);
    check("a instanceof b", &["EXPRESSION_SYNTAX@instanceof"]);
    check("/x/.test(a)", &["EXPRESSION_NOT_ALLOWED@/"]);
    check("x => x", &["EXPRESSION_NOT_ALLOWED@x"]);
    check("(x, y) => x", &["EXPRESSION_NOT_ALLOWED@("]);
    check("a.map(x => { return x })", &["EXPRESSION_NOT_ALLOWED@{"]);
    check("a.map(1)", &["EXPRESSION_TYPE@1"]);
    check("a.slice(x => x)", &["EXPRESSION_NOT_ALLOWED@x"]);
    check("a.map((x, i, all, more) => x)", &["EXPRESSION_TYPE@(x, i, all, more)"]);
    check("a['constructor']", &["EXPRESSION_NOT_ALLOWED@['constructor']"]);
    check("a.b?.(1)", &["EXPRESSION_SYNTAX@("]);
    check("Math.max", &["EXPRESSION_NOT_ALLOWED@Math.max"]);
    check("Math", &["UNKNOWN_FUNCTION@Math"]);
    check("a.map(x => x)(1)", &["UNKNOWN_FUNCTION@a.map(x => x)"]);
    check("a.push(1)", &["UNKNOWN_FUNCTION@push"]);
}

#[test]
fn help_says_what_to_do() {
    let cases = [
        ("a.toUpercase()", "did you mean `toUpperCase`?"),
        ("Math.flor(1)", "did you mean `Math.floor`?"),
        ("parseint('1')", "did you mean `parseInt`?"),
        (
            "Math.random()",
            "an expression always gives the same result; draw random values in a task and read its output",
        ),
        ("Date.now()", "there is no clock in an expression; use `now`, the time of the current event"),
        ("a.push(1)", "values never change; write `[...list, item]`"),
        ("a = 1", "nothing can be assigned in an expression; to compare, write `===`"),
        ("30s", "a duration is written as text, such as \"30s\""),
        ("a | b", "for `or` write `||`; there are no bit operations"),
        ("if (a) 1", "write `condition ? a : b`"),
    ];
    for (source, help) in cases {
        let problems = Expr::parse(source).unwrap_err();
        assert_eq!(problems[0].help.as_deref(), Some(help), "{source}");
    }
}

#[test]
fn prints_are_minimal_and_plain() {
    let cases = [
        ("(a)", "a"),
        ("((a + b)) * c", "(a + b) * c"),
        ("a + (b * c)", "a + b * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("(2 ** 3) ** 2", "(2 ** 3) ** 2"),
        ("2 ** (3 ** 2)", "2 ** 3 ** 2"),
        ("(-2) ** 2", "(-2) ** 2"),
        ("a == b", "a === b"),
        ("a != b", "a !== b"),
        ("a['b']['c d']['0']", "a.b[\"c d\"][\"0\"]"),
        ("(a ?? b) || c", "(a ?? b) || c"),
        ("(a && b) || c", "a && b || c"),
        ("a && (b || c)", "a && (b || c)"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("a ? b : (c ? d : e)", "a ? b : c ? d : e"),
        ("a.map((x) => ({ x, y: x['z'] }))", "a.map(x => ({ x, y: x.z }))"),
        ("a.sort().reverse()", "a.toSorted().toReversed()"),
        ("(a?.b).c", "(a?.b).c"),
        ("a?.['b c']?.[0]", "a?.[\"b c\"]?.[0]"),
        ("(1).toFixed(2)", "(1).toFixed(2)"),
        ("- (-a)", "- -a"),
        ("!(!a)", "!!a"),
        ("typeof (a + b)", "typeof (a + b)"),
        ("vars.deep['a b'].c", "vars.deep[\"a b\"].c"),
        ("`a\\`${ b }\\${c}`", "`a\\`${b}\\${c}`"),
        ("a.map(([k, , v]) => v)", "a.map(([k, , v]) => v)"),
        ("{ ['a']: 1, ['__proto__']: 2, [b]: 3, ...c }", "{ a: 1, [\"__proto__\"]: 2, [b]: 3, ...c }"),
        ("'\\u2028'", "\"\\u2028\""),
    ];
    for (source, printed) in cases {
        assert_eq!(Expr::parse(source).unwrap().to_typescript(), printed, "{source}");
    }
}

#[test]
fn references_are_the_free_names() {
    let cases: [(&str, &[&str]); 8] = [
        ("nodes.a.output.x", &["nodes.a.output.x"]),
        ("nodes['a'].output[0].x + vars.b.c", &["nodes.a.output", "vars.b.c"]),
        ("input?.a?.b", &["input.a.b"]),
        ("items.map(x => x.id + y.z)", &["items", "y.z"]),
        ("x.map(x => x)", &["x"]),
        ("Math.max(a, Number(b)) + [undefined, NaN].length", &["a", "b"]),
        ("{ a, b: c, [d]: `${e.f}` }", &["a", "c", "d", "e.f"]),
        ("a[b.c].d", &["a", "b.c"]),
    ];
    for (source, expected) in cases {
        let expr = Expr::parse(source).unwrap();
        let found: Vec<String> = expr
            .references()
            .iter()
            .map(|r| std::iter::once(&r.root).chain(&r.path).map(|part| &**part).collect::<Vec<_>>().join("."))
            .collect();
        assert_eq!(found, expected, "{source}");
    }
    let expr = Expr::parse("1 + nodes.a.output[0]").unwrap();
    assert_eq!(&expr.source()[expr.references()[0].range.clone()], "nodes.a.output");
}

#[test]
fn free_names_can_be_renamed() {
    let cases = [
        ("cart.total + tax", "vars.cart.total + vars.tax"),
        ("items.map(cart => cart.id + tax)", "items.map(cart => cart.id + vars.tax)"),
        ("{ cart, tax: cart, ...tax }", "{ cart: vars.cart, tax: vars.cart, ...vars.tax }"),
        ("[cart, tax]", "[vars.cart, vars.tax]"),
        ("(cart).a", "(vars.cart).a"),
        ("other.cart", "other.cart"),
        ("sum * 2", "(1 + 2) * 2"),
    ];
    let rename = |name: &str| match name {
        "cart" | "tax" => Some(format!("vars.{name}")),
        "sum" => Some("1 + 2".to_owned()),
        _ => None,
    };
    for (source, expected) in cases {
        assert_eq!(Expr::parse(source).unwrap().rename_free(&rename).source(), expected);
    }
    let whole =
        Expr::parse("vars.x + (vars).y").unwrap().rename_free(&|name| (name == "vars").then(|| "state".to_owned()));
    assert_eq!(whole.source(), "state.x + (state).y");
}
