use super::read;
use crate::text::{Change, Doc, Edit, Format, PathPart, apply, change, set_value, to_yaml};
use proptest::prelude::*;
use weir_base::Value;

/// `a.b[0].c`
fn path(text: &str) -> Vec<PathPart> {
    let words = text.split(['.', '[']).filter(|word| !word.is_empty());
    words
        .map(|word| match word.strip_suffix(']') {
            Some(index) => PathPart::Index(index.parse().unwrap()),
            None => PathPart::Key(word.into()),
        })
        .collect()
}

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap()
}

fn format(text: &str) -> Format {
    if text.starts_with('{') && text.contains('"') { Format::Json } else { Format::Yaml }
}

fn check(text: &str, at: &str, what: Change, expected: &str) {
    let result = change(text, format(text), &path(at), &what);
    assert_eq!(result.as_deref(), Ok(expected), "{text}\n{at}");
}

#[test]
fn setting_a_value_leaves_the_rest() {
    let cases = [
        ("# head\na: 1 # one\nb: x\n", "a", "2", "# head\na: 2 # one\nb: x\n"),
        ("a: 'it''s' # c\n", "a", "\"yes\"", "a: \"yes\" # c\n"),
        ("a: x\n", "a", "\"b: c\"", "a: \"b: c\"\n"),
        ("a:   # none\nb: 1\n", "a", "5", "a: 5   # none\nb: 1\n"),
        ("a:\n  b: 1\n  c: 2\n\n# end\nd: 3\n", "a", "7", "a: 7\n\n# end\nd: 3\n"),
        ("a: 1\nd: 3\n", "a", r#"{"x":[1,{"y":2}]}"#, "a:\n  x:\n    - 1\n    - y: 2\nd: 3\n"),
        ("a: [1, {b: 2}] # c\n", "a[1].b", "[3]", "a: [1, {b: [3]}] # c\n"),
        ("l:\n  - x\n  # note\n  - y: 1\n    z: 2\n", "l[1].z", "\"w\"", "l:\n  - x\n  # note\n  - y: 1\n    z: w\n"),
        ("l:\n  - x\n  - \n  - z\n", "l[1]", "\"y\"", "l:\n  - x\n  - y\n  - z\n"),
        ("l:\n- x\n- y\n", "l[0]", r#"{"a":1,"b":2}"#, "l:\n- a: 1\n  b: 2\n- y\n"),
        ("a: |\n  one\n  two\n\nb: 1\n", "a", "\"p\\nq\\n\"", "a: |\n  p\n  q\n\nb: 1\n"),
        ("a: one\nb: 1\n", "a", "\"p\\nq\"", "a: \"p\\nq\"\nb: 1\n"),
        ("{\"a\": 1,  \"b\": [1, 2]}\n", "b[0]", "{\"x\":null}", "{\"a\": 1,  \"b\": [{\"x\":null}, 2]}\n"),
        ("a: 1\r\nb: 2\r\n", "a", "[1]", "a:\r\n  - 1\r\nb: 2\r\n"),
        ("x: &x 1\ny: *x\n", "y", "2", "x: &x 1\ny: 2\n"),
        ("x: &x {a: 1}\ny: *x\n", "y.a", "2", "x: &x {a: 1}\ny:\n  a: 2\n"),
    ];
    for (text, at, new, expected) in cases.into_iter() {
        check(text, at, Change::Set(json(new)), expected);
        assert_eq!(set_value(text, &path(at), &json(new)).as_deref(), Ok(expected));
    }
}

#[test]
fn adding_a_member() {
    let cases = [
        ("a: 1 # c\n# end\n", "b", "2", "a: 1 # c\nb: 2\n# end\n"),
        ("a:\n  x: 1\n  y:\n    - 1\nb: 2", "a.z", "[1]", "a:\n  x: 1\n  y:\n    - 1\n  z:\n    - 1\nb: 2"),
        ("a:\nb: 1\n", "a.x.y", "2", "a:\n  x:\n    y: 2\nb: 1\n"),
        ("a: {}\n", "a.x", "2", "a:\n  x: 2\n"),
        ("a: {x: 1}\n", "a.y", "\"1\"", "a: {x: 1, y: \"1\"}\n"),
        ("- a: 1\n- b: 2\n", "[0].c", "3", "- a: 1\n  c: 3\n- b: 2\n"),
        ("{\"a\": {}}", "a.b", "1", "{\"a\": {\"b\":1}}"),
        ("{\n  \"a\": 1\n}\n", "b", "2", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"),
        ("a: 1", "b", "2", "a: 1\nb: 2\n"),
    ];
    for (text, at, new, expected) in cases {
        check(text, at, Change::Set(json(new)), expected);
    }
}

#[test]
fn inserting_an_item() {
    let cases = [
        ("l:\n  - a\n  - b # c\nm: 1\n", "l[2]", "\"x\"", "l:\n  - a\n  - b # c\n  - x\nm: 1\n"),
        ("l:\n  - a\n  - b\n", "l[1]", r#"{"x":1,"y":2}"#, "l:\n  - a\n  - x: 1\n    y: 2\n  - b\n"),
        ("l:\n  - a\n", "l[0]", "\"x\"", "l:\n  - x\n  - a\n"),
        ("- - a\n  - b\n", "[0][0]", "1", "- - 1\n  - a\n  - b\n"),
        ("l: [a, b]\n", "l[0]", "1", "l: [1, a, b]\n"),
        ("l: [a, b]\n", "l[2]", "1", "l: [a, b, 1]\n"),
        ("l: []\nm: 1\n", "l[0]", "1", "l:\n  - 1\nm: 1\n"),
        ("{\"l\": [\n  1,\n  2\n]}", "l[2]", "3", "{\"l\": [\n  1,\n  2,\n  3\n]}"),
    ];
    for (text, at, new, expected) in cases {
        check(text, at, Change::Insert(json(new)), expected);
    }
}

#[test]
fn removing() {
    let cases = [
        ("a: 1\n# about b\nb:\n  - 1\nc: 3\n", "b", "a: 1\n# about b\nc: 3\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("l:\n  - a: 1\n    b: 2\n  - c\n", "l[0].a", "l:\n  - b: 2\n  - c\n"),
        ("l:\n  - a\n  - b\n", "l[0]", "l:\n  - b\n"),
        ("a:\n  x: 1\nb: 2\n", "a.x", "a: {}\nb: 2\n"),
        ("a: [1, 2, 3]\n", "a[1]", "a: [1, 3]\n"),
        ("a: [1, 2, 3]\n", "a[2]", "a: [1, 2]\n"),
        ("a: {x: 1, y: 2}\n", "a.x", "a: {y: 2}\n"),
        ("{\"a\": 1}", "a", "{}"),
        ("a: &x 1\nb: *x\n", "a", "b: 1\n"),
    ];
    for (text, at, expected) in cases {
        check(text, at, Change::Remove, expected);
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let refused = |text: &str, at: &str, what: Change| {
        change(text, Format::Yaml, &path(at), &what).map_err(|problem| problem.code).unwrap_err()
    };
    assert_eq!(refused("a: 1\n", "b", Change::Remove), "PATH_NOT_FOUND");
    assert_eq!(refused("a: 1\n", "a.b", Change::Set(Value::Null)), "PATH_NOT_FOUND");
    assert_eq!(refused("a: [1]\n", "a[3]", Change::Set(Value::Null)), "PATH_NOT_FOUND");
    assert_eq!(refused("a: [", "a", Change::Remove), "YAML_SYNTAX");
}

#[test]
fn a_path_may_name_the_document() {
    let path = [PathPart::Document(1), PathPart::Key("a".into())];
    assert_eq!(set_value("a: 1\n---\na: 1\n", &path, &json("2")).as_deref(), Ok("a: 1\n---\na: 2\n"));
}

#[test]
fn edits_apply_together() {
    let edits = [Edit { start: 3, end: 3, text: "x".into() }, Edit { start: 0, end: 1, text: "ab".into() }];
    assert_eq!(apply("123", &edits), "ab23x");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1000i32..1000).prop_map(Value::from),
        "[ -~\n\tžé😀]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("yes"),
            Just("1"),
            Just("null"),
            Just("a: b"),
            Just("#x"),
            Just("<<"),
            Just("- a"),
            Just("x\n\n"),
            Just(" x\ny")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z :#\\-]{1,5}", inner), 0..4).prop_map(|entries| {
                Value::from(entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<weir_base::Map>())
            }),
        ]
    })
}

/// Every path into a value.
fn paths(doc: &Doc, at: &[PathPart], out: &mut Vec<Vec<PathPart>>) {
    out.push(at.to_vec());
    let entries = doc.entries().iter().map(|entry| (PathPart::Key(entry.key.clone()), &entry.value));
    let items = doc.items().iter().enumerate().map(|(index, item)| (PathPart::Index(index), item));
    for (part, child) in entries.chain(items) {
        paths(child, &[at, &[part]].concat(), out);
    }
}

fn at<'a>(doc: &'a Doc, path: &[PathPart]) -> Option<&'a Doc> {
    path.iter().try_fold(doc, |doc, part| match part {
        PathPart::Key(key) => doc.get(key),
        PathPart::Index(index) => doc.items().get(*index),
        PathPart::Document(_) => None,
    })
}

/// The value with every text on one line.
fn without_breaks(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('\n', " ").into(),
        Value::Array(items) => Value::array(items.iter().map(without_breaks)),
        Value::Object(map) => {
            Value::from(map.iter().map(|(key, value)| (key.clone(), without_breaks(value))).collect::<weir_base::Map>())
        }
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(value in values()) {
        let text = to_yaml(&value);
        let (docs, diagnostics) = read(&text, Format::Yaml);
        prop_assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        prop_assert_eq!(docs.first().map(Doc::to_value).unwrap_or_default(), value, "{}", text);
    }

    /// Parse, change one value, parse: the intended document; and lines far from the value are as they were.
    #[test]
    fn one_change_changes_one_value(value in values(), new in values(), pick in any::<prop::sample::Index>(), what in 0..3, as_json in any::<bool>()) {
        let (text, format) = if as_json { (value.to_json_pretty(), Format::Json) } else { (to_yaml(&value), Format::Yaml) };
        let (docs, _) = read(&text, format);
        let mut all = Vec::new();
        paths(&docs[0], &[], &mut all);
        let path = pick.get(&all).clone();
        let what = match what { 0 => Change::Set(new), 1 => Change::Insert(new), _ => Change::Remove };
        match change(&text, format, &path, &what) {
            // `change` itself compares the result with the intended document.
            Ok(result) => prop_assert!(read(&result, format).1.is_empty()),
            Err(problem) => prop_assert_eq!(problem.code, "PATH_NOT_FOUND", "{:?} {:?}\n{}", path, what, text),
        }
    }

    /// One scalar for another changes one line, and that one keeps its comment.
    #[test]
    fn a_scalar_changes_its_line_only(value in values(), new in "[a-z0-9:# ]{0,8}", pick in any::<prop::sample::Index>()) {
        let plain = to_yaml(&Value::object([("first", 1.into()), ("body", without_breaks(&value))]));
        let text: String = plain.lines().enumerate().map(|(number, line)| format!("{line} # note {number}\n")).collect();
        let (docs, _) = read(&text, Format::Yaml);
        let mut all = Vec::new();
        paths(&docs[0], &[], &mut all);
        let is_scalar = |path: &Vec<PathPart>| at(&docs[0], path).is_some_and(|doc| !doc.is_map() && !doc.is_list());
        let scalars: Vec<_> = all.into_iter().filter(is_scalar).collect();
        let result = set_value(&text, &scalars[pick.index(scalars.len())], &Value::from(new));
        prop_assert!(result.is_ok(), "{text}\n{result:?}");
        let result = result.unwrap();
        prop_assert_eq!(result.lines().count(), text.lines().count(), "{}\n{}", text, result);
        let changed: Vec<_> = result.lines().zip(text.lines()).enumerate().filter(|(_, (a, b))| a != b).collect();
        prop_assert!(changed.len() <= 1, "{text}\n{result}");
        for (number, (line, _)) in changed {
            let note = format!(" # note {number}");
            prop_assert!(line.ends_with(&note), "{line}");
        }
    }

    /// A member added at the top leaves every line there was.
    #[test]
    fn adding_leaves_every_line(value in values(), new in values()) {
        let text = format!("# head\nfirst: 1 # one\n\n{}# tail\n", to_yaml(&Value::object([("body", value)])));
        let result = set_value(&text, &path("fresh"), &new);
        prop_assert!(result.is_ok(), "{text}\n{result:?}");
        let result = result.unwrap();
        let mut lines = result.lines();
        for line in text.lines() {
            prop_assert!(lines.any(|found| found == line), "{text}\n{result}");
        }
    }
}
