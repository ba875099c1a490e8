use super::{declarations, language};
use crate::check::{Env, Shape};
use crate::names::{CONSTANTS, Global, Method};
use weir_base::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/catalog/expressions.txt");

#[test]
fn what_editors_are_given_is_what_there_is() {
    let made = language();
    if std::env::var_os("WRITE").is_some() {
        std::fs::write(FILE, &made).expect("the file of the interface is written");
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(kept == made, "{FILE} is old: WRITE=1 cargo test -p weir-expr what_editors_are_given");
}

#[test]
fn every_name_of_the_language_is_declared() {
    let made = language();
    let declared = |line: String| assert!(made.contains(&line), "{line}");
    Method::NAMES.iter().for_each(|name| declared(format!("    {name}")));
    for name in Global::NAMES {
        match name.split_once('.') {
            Some((_, member)) => declared(format!("    {member}")),
            None => {
                assert!(made.contains(&format!("declare function {name}(")) || made.contains(&format!("const {name}:")))
            }
        }
    }
    for (name, ..) in CONSTANTS {
        let line = name.split_once('.').map(|(_, member)| format!("    readonly {member}: number;"));
        declared(line.unwrap_or_else(|| format!("declare const {name}: number;")));
    }
}

fn check(shape: Shape, described: &str, expected: &str) {
    let described = Value::from_json(&format!(r#"{{"properties":{{"x":{described}}}}}"#)).expect("JSON");
    let made = declarations(&Env::default().with("x", shape), &described);
    assert_eq!(made, expected, "{described:?}");
}

#[test]
fn shapes_become_types() {
    check(Shape::Open, "{}", "declare const x: any;\n");
    check(Shape::Secret, "{}", "declare const x: Secret;\n");
    check(Shape::Array(Box::new(Shape::Number)), "{}", "declare const x: number[];\n");
    check(Shape::closed([]), "{}", "declare const x: {\n};\n");
    let vars = Shape::known([("a-b", Shape::String), ("c.d", Shape::Number)]);
    let expected = "declare const x: {\n    readonly \"a-b\": string;\n    readonly \"c.d\": number;\n    readonly c: any;\n    readonly [name: string]: any;\n};\n";
    check(vars, "{}", expected);
}

#[test]
fn what_is_described_says_more() {
    check(Shape::Open, r#"{"description": "One\n */ two."}"#, "/** One * / two. */\ndeclare const x: any;\n");
    check(Shape::Open, r#"{"enum": ["a", 1, null]}"#, "declare const x: \"a\" | 1 | null;\n");
    check(Shape::Open, r#"{"type": ["integer", "null"]}"#, "declare const x: number | null;\n");
    check(Shape::Open, r#"{"anyOf": [{"type": "string"}, {}]}"#, "declare const x: any;\n");
    check(
        Shape::Open,
        r#"{"type": "array", "items": {"type": ["string", "number"]}}"#,
        "declare const x: (string | number)[];\n",
    );
    let object = r#"{"type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {"id": {"type": "string", "description": "Its number."}, "n": {"type": "integer"}}}"#;
    let expected =
        "declare const x: {\n    /** Its number. */\n    readonly id: string;\n    readonly n?: number;\n};\n";
    check(Shape::Open, object, expected);
}

#[test]
fn names_that_mean_something_else_are_left_out() {
    let env = ["in", "undefined", "NaN", "a b", "m²", "größe"]
        .iter()
        .fold(Env::default(), |env, name| env.with(name, Shape::Open));
    assert_eq!(declarations(&env, &Value::Null), "declare const größe: any;\n");
}
