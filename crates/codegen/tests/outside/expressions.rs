//! Expressions as generated TypeScript computes them, and as Weir does: the same value, or the same error.

#[path = "../../../expr/src/tests/generate.rs"]
#[allow(dead_code)]
mod generate;

use crate::compilers;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Write as _;
use std::path::Path;
use weir_base::Value;
use weir_expr::{Expr, Fuel};

const RANDOM: usize = 1_000;

/// Corners that JavaScript's own conformance cases point at; every line one expression.
const SUBTLE: &str = include_str!("../../../expr/src/tests/subtle.txt");

/// Names, and errors with their words.
const NAMES: &[&str] = &[
    "vars.cart.total",
    "vars.cart?.lines?.[0].price",
    "vars['cart.total']",
    "vars.dotted.key",
    "vars.missing.deep.er",
    "vars.cart.lines.length",
    "vars.cart['lines'][1]",
    "Object.keys(vars)",
    "input.s.missing.deep",
    "input.missing?.deep.er",
    "input.missing.deep",
    "input['__pro' + 'to__']",
    "vars.cart === vars.cart",
    "input.l.map(x => x.toFixed('a'))",
    "input.n.map(x => x)",
    "[].reduce((a, b) => a + b)",
    "'x'.repeat(-1)",
    "JSON.parse('{')",
    "decodeURIComponent('%')",
    "Object.entries({ ['__proto__']: 1, a: undefined })",
    "({ ['__proto__']: input.n, b: undefined, c: [undefined] })",
    "Object.entries(input.o).map(([key, value]) => ({ key, value }))",
    "input.l.map((x, i) => ({ i, twice: 2 * x }))",
    "[[1, 2, 3], [4, 5, 6]].map(([a, , b]) => a + b)",
    "[{ id: 1, name: 'a' }].map(({ id, name: label }) => `${id}:${label}`)",
    "[3, 1, 2].map(String).toSorted()",
    "['1', '2', '3'].map(parseInt)",
    "typeof input.missing",
    "'a' in input.o",
    "1 / 0",
    "[1 / 0]",
    "undefined",
    "input.t ? { a: 1 } : [1, ...input.l]",
    "'žluť 漢 😀'.slice(0, -1)",
    "'😀'.split('')",
    "now > 0 && run.id === 'run'",
];

const VARIABLES: &str = r#"{"cart":{"total":7,"lines":[{"price":1},{"price":2}]},"cart.total":8,"dotted.key":"found"}"#;

struct Case {
    source: String,
    expr: Expr,
    input: String,
}

fn case(source: &str, input: &str) -> Option<Case> {
    let expr = Expr::parse(source).ok()?;
    Some(Case { source: source.to_owned(), expr, input: input.to_owned() })
}

/// The same ones at every run.
fn random() -> Vec<Case> {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let both = (generate::expression(), generate::scope());
    let one = |_| {
        let (source, input) = both.new_tree(&mut runner).unwrap().current();
        case(&source, &input)
    };
    // The last digit of a root is the machine's.
    (0..RANDOM).filter_map(one).filter(|case| !case.source.contains("Math.hypot")).collect()
}

/// What Weir makes of it, in the words of [`JUDGE`]; nothing where it ran out of its budget, which code does not have.
fn ours(case: &Case) -> Option<String> {
    let run = Value::object([("id", "run".into()), ("startedAt", 0.into())]);
    let names = [
        ("input", Value::from_json(&case.input).unwrap()),
        ("vars", Value::from_json(VARIABLES).unwrap()),
        ("run", run),
        ("now", 1.into()),
    ];
    match case.expr.eval_or_undefined(&Value::object(names), &mut Fuel::default()) {
        Ok(None) => Some("undefined".to_owned()),
        Ok(Some(value)) => Some(stringified(value)),
        Err(error) if error.code == "EXPRESSION_FUEL" => None,
        Err(error) => {
            Some(format!("{}: {}", error.code, error.message.split("is not JSON:").next().unwrap_or_default()))
        }
    }
}

/// JSON with JavaScript's numbers.
fn stringified(value: Value) -> String {
    let scope = Value::object([("value", value)]);
    let text = Expr::parse("JSON.stringify(value)").unwrap().eval(&scope, &mut Fuel { left: 100_000_000 }).unwrap();
    text.as_str().unwrap().to_owned()
}

const JUDGE: &str = r"
function at(input: Json): At {
  const scope = new Scope();
  for (const [name, value] of Object.entries(VARIABLES)) scope.set(name, value);
  const run = new Run('run', 0, input);
  return { run, base: '', place: [], scope, mark: run.mark, memory: new Map() };
}

function found(work: (at: At) => Value, input: Json): string {
  try {
    const value = work(at(input));
    return value === undefined ? 'undefined' : JSON.stringify(x.json(value, '`it`'));
  } catch (thrown) {
    if (!(thrown instanceof EvaluationError)) throw thrown;
    return `${thrown.code}: ${thrown.message.split('is not JSON:')[0]}`;
  }
}

console.log(JSON.stringify(CASES.map(([input, work]) => found(work, input))));
";

fn text(cases: &[Case]) -> String {
    let mut out = "import * as x from './expr';\nimport { Run } from './run';\nimport type { At } from './run';\nimport { Scope } from './scope';\nimport { EvaluationError } from './value';\nimport type { Json, Value } from './value';\n".to_owned();
    let _ = writeln!(out, "const VARIABLES: {{ [name: string]: Json }} = {VARIABLES};");
    out.push_str("const CASES: [Json, (at: At) => Value][] = [\n");
    for case in cases {
        let code = case.expr.to_calls();
        let code = if code.starts_with('{') { format!("({code})") } else { code };
        let _ = writeln!(out, "  [{}, (at) => {code}],", case.input);
    }
    out + "];\n" + JUDGE
}

fn theirs(cases: &[Case]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workflow/ts");
    for entry in std::fs::read_dir(library).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    put("cases.ts", &text(cases));
    put("schemas.ts", include_str!("../../src/activities/ts/schemas.ts"));
    put("tsconfig.json", TSCONFIG);
    compilers::link(folder.path());
    compilers::compile(folder.path(), &[]);
    let judged = compilers::node(folder.path(), "out/cases.js").output().unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    serde_json::from_slice(&judged.stdout).unwrap()
}

const TSCONFIG: &str = r#"{"compilerOptions":{"strict":true,"noUncheckedIndexedAccess":true,"target":"es2023","lib":["es2024"],
"module":"node16","moduleResolution":"node16","types":["node"],"outDir":"out","skipLibCheck":true},"files":["cases.ts"]}"#;

#[test]
fn expressions_give_the_same_in_typescript() {
    let input = r#"{"n":3,"s":"text","l":[3,1,2],"t":true,"z":null,"o":{"b":1,"a":"x","10":[2],"2":null}}"#;
    let named = NAMES.iter().copied().chain(SUBTLE.lines()).filter(|line| !line.is_empty());
    let mut cases: Vec<Case> = named.map(|source| case(source, input).unwrap_or_else(|| panic!("{source}"))).collect();
    cases.extend(random());
    let found = theirs(&cases);
    assert_eq!(found.len(), cases.len());
    let differs = |(case, theirs): &(&Case, String)| ours(case).is_some_and(|ours| ours != *theirs);
    let differing: Vec<String> = cases
        .iter()
        .zip(found)
        .filter(differs)
        .map(|(case, theirs)| {
            format!("{}\n  over {}\n  ours   {:?}\n  theirs {theirs:?}", case.source, case.input, ours(case))
        })
        .collect();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing[..differing.len().min(12)].join("\n"));
}
