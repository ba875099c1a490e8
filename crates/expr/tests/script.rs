//! The tree dialect's script language, with its own ways and without its original's faults.

use weir_base::Value;
use weir_expr::{Fuel, Script, parse_script, parse_script_expr};

/// `expected` lists the statements as they were read: `target = expression`.
fn check(source: &str, expected: &[&str]) {
    let script = parse_script(source).unwrap_or_else(|problems| panic!("{source}: {problems:?}"));
    let read: Vec<String> = script.statements.iter().map(shown).collect();
    assert_eq!(read, expected, "{source}");
    let stored = serde_json::to_string(&script).unwrap();
    assert_eq!(serde_json::from_str::<Script>(&stored).unwrap(), script);
}

fn shown(statement: &weir_expr::Statement) -> String {
    match &statement.target {
        Some(target) => format!("{target} = {}", statement.expr),
        None => statement.expr.to_string(),
    }
}

#[test]
fn statements_become_expressions() {
    check("", &[]);
    check("// nothing", &[]);
    check("x = 5", &["x = 5"]);
    check("x = 5; y = x + 1\nz = y", &["x = 5", "y = vars.x + 1", "z = vars.y"]);
    check("x =\n  5\n  + 2", &["x = 5 + 2"]);
    check("x = a // note\ny = b", &["x = vars.a", "y = vars.b"]);
    check("a.b.c > 1", &["vars.a.b.c > 1"]);
    check("x = (1\n- 3)", &["x = 1 - 3"]);
    check("x = 5 -\n3", &["x = 5 - 3"]);
    check("x = 5;\n-3", &["x = 5", "-3"]);
    check("x = -y * !z", &["x = -vars.y * !vars.z"]);
    check("a + b * c - d", &["vars.a + vars.b * vars.c - vars.d"]);
    check("(a + b) * c", &["(vars.a + vars.b) * vars.c"]);
    check("x = 'a\\nb'", &["x = \"anb\""]);
    check("new = 1", &["new = 1"]);
    check("x == 5", &["vars.x === 5"]);
    check("param(\"n\") + 1", &["input?.n + 1"]);
    check("param('a b').c", &["input?.[\"a b\"]?.c"]);
    check("(a + 'x').length", &["(vars.a + \"x\")?.length"]);
}

/// What is missing equals null; `&&` and `||` give booleans.
#[test]
fn the_languages_own_ways_are_kept() {
    check("a == null", &["(vars.a ?? null) === null"]);
    check("a != b", &["(vars.a ?? null) !== (vars.b ?? null)"]);
    check("a == 'x'", &["vars.a === \"x\""]);
    check("a || 5", &["Boolean(vars.a || 5)"]);
    check("a > 1 && !b", &["vars.a > 1 && !vars.b"]);
    check("a && b == 1", &["Boolean(vars.a && vars.b === 1)"]);
}

/// `expected` is JSON for the last statement's value; `warns` says whether null took another value's place.
fn check_value(source: &str, expected: &str, warns: bool) {
    let scope =
        Value::from_json(r#"{"vars":{"n":5,"s":"a","z":null,"t":true,"o":{"p":{"q":7}}},"input":{"k":"v"}}"#).unwrap();
    let script = parse_script(source).unwrap();
    let (value, warning) = script.statements.last().unwrap().eval(&scope, &mut Fuel::default()).unwrap();
    assert_eq!((value.to_json().as_str(), warning.is_some()), (expected, warns), "{source}");
}

/// Semantics 2.13 for scripts: null and a warning.
#[test]
fn values_of_scripts() {
    check_value("10 / 0", "null", true);
    check_value("missing", "null", true);
    check_value("missing.deeper.still", "null", true);
    check_value("z", "null", false);
    check_value("missing == null", "true", false);
    check_value("missing != null", "false", false);
    check_value("missing == z", "true", false);
    check_value("z.x.y == missing", "true", false);
    check_value("n == 5 && s == 'a'", "true", false);
    check_value("0 || 5", "true", false);
    check_value("n && s", "true", false);
    check_value("z && s", "false", false);
    check_value("n == '5'", "false", false);
    check_value("s + n", "\"a5\"", false);
    check_value("n + n", "10", false);
    check_value("o.p.q * 2 % 4", "2", false);
    check_value("param('k')", "\"v\"", false);
    check_value("param('none') == null", "true", false);
    check_value("s.length", "1", false);
    check_value("!t || n >= 5", "true", false);
}

/// `expected` lists `CODE@text under the range`.
fn check_problems(source: &str, expected: &[&str]) {
    let problems = parse_script(source).err().unwrap_or_default();
    let found: Vec<String> = problems.iter().map(|p| format!("{}@{}", p.code, &source[p.range.clone()])).collect();
    assert_eq!(found, expected, "{source}");
}

/// The faults of the original are problems here: characters it skipped, and a sign at the start of a line.
#[test]
fn what_cannot_be_read_is_a_problem() {
    check_problems("x = 10 @ 5", &["EXPRESSION_SYNTAX@@"]);
    check_problems("# note", &["EXPRESSION_SYNTAX@#"]);
    check_problems("x = 5\n-3", &["SCRIPT_AMBIGUOUS_LINE@-"]);
    check_problems("x = env('HOME')", &["ENV_NOT_AVAILABLE@env('HOME')"]);
    check_problems("x = foo('a')", &["UNKNOWN_FUNCTION@foo('a')"]);
    check_problems("x = param(1)", &["EXPRESSION_SYNTAX@1"]);
    check_problems("x = 5 y = 6", &["EXPRESSION_SYNTAX@y"]);
    check_problems("x = 'abc", &["EXPRESSION_SYNTAX@'abc"]);
    check_problems("x = a.constructor", &["EXPRESSION_NOT_ALLOWED@constructor"]);
    check_problems("x = param('__proto__')", &["EXPRESSION_NOT_ALLOWED@param('__proto__')"]);
    check_problems("x = )\ny = 2\nz = *", &["EXPRESSION_SYNTAX@)", "EXPRESSION_SYNTAX@*"]);
    check_problems("x = [1]", &["EXPRESSION_SYNTAX@["]);
}

#[test]
fn one_expression_can_be_read_alone() {
    assert_eq!(parse_script_expr("n > 1").unwrap().source(), "vars.n > 1");
    assert!(parse_script_expr("n = 1").is_err());
    assert!(parse_script_expr("a; b").is_err());
    assert!(parse_script_expr("").is_err());
}

#[test]
fn statements_know_their_places() {
    let source = "x = 1\n  y = a + 2;\n";
    let script = parse_script(source).unwrap();
    let texts: Vec<&str> = script.statements.iter().map(|statement| &source[statement.range.clone()]).collect();
    assert_eq!(texts, ["x = 1", "y = a + 2"]);
}
