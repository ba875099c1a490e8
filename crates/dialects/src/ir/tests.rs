use crate::{Context, Leaf, Names, NoFiles, Options, Parsed, SourceFile, parse};
use weir_base::{FileId, LineIndex};

struct NoKinds;

impl Names for NoKinds {
    fn by_tree(&self, _: &str) -> Option<Leaf> {
        None
    }

    fn by_kind(&self, _: &str) -> Option<Leaf> {
        None
    }
}

fn read(name: &str, text: &str) -> Parsed {
    let options = Options::default();
    let cx = Context { loader: &NoFiles, names: &NoKinds, options: &options };
    parse(SourceFile { id: FileId(0), name: name.to_owned(), text: text.to_owned() }, &cx)
}

const FLOW: &str = r#"{"ir": 1, "name": "n", "dialect": "tree", "root": {"id": "r", "set": {"writes": []}}}"#;

#[test]
fn json_and_yaml_say_the_same() {
    let json = read("flow.json", FLOW);
    assert!(json.diagnostics.is_empty(), "{:?}", json.diagnostics);
    let flow = json.flow.unwrap();
    let yaml = "ir: 1\nname: n\ndialect: tree\nroot: # the only step\n  id: r\n  set:\n    writes: []\n";
    assert_eq!(read("flow.yaml", yaml).flow.as_ref(), Some(&flow));
    assert_eq!(read("flow.yaml", FLOW).flow.as_ref(), Some(&flow));
    let printed = crate::print(&flow, "ir", &NoKinds).unwrap();
    assert_eq!(read("flow.json", &printed).flow, Some(flow));
}

#[test]
fn problems_have_places() {
    let cases = [
        (FLOW.replace("1", "99"), "IR_VERSION 1:8"),
        (FLOW.replace("\"writes\": []", "\"writes\": 5"), "IR_SHAPE 1:"),
        (FLOW.replace("\"name\": \"n\", ", ""), "IR_SHAPE 1:"),
        (FLOW.replace("\"name\"", "\"nam\""), "IR_SHAPE 1:"),
        (FLOW.replace("\"n\"", "\"n\", \"name\": \"m\""), "DUPLICATE_KEY 1:24"),
        (FLOW.replace("\"n\",", "\"n\""), "JSON_SYNTAX 1:23"),
        ("ir: 1\nroot: []\n".to_owned(), "IR_SHAPE 1:1"),
    ];
    for (text, expected) in cases {
        let name = if text.starts_with('{') { "flow.json" } else { "flow.yaml" };
        let found = read(name, &text).diagnostics;
        let index = LineIndex::new(&text);
        let line = |found: &weir_base::Diagnostic| {
            let place = index.position(found.span.unwrap_or_default().start);
            format!("{} {}:{}", found.code, place.line, place.column)
        };
        let shown: Vec<String> = found.iter().map(line).collect();
        assert!(shown.iter().any(|line| line.starts_with(expected)), "{text}\n{shown:?}");
    }
}

#[test]
fn the_deepest_flow_comes_back() {
    let (open, close) = (r#"{"id":"n","sequence":{"children":["#, "]}}");
    let nested = |depth: usize| {
        let root =
            format!("{}{{\"id\":\"r\",\"set\":{{\"writes\":[]}}}}{}", open.repeat(depth - 1), close.repeat(depth - 1));
        format!(r#"{{"ir":1,"name":"n","dialect":"ir","root":{root}}}"#)
    };
    let parsed = read("flow.json", &nested(weir_ir::MAX_DEPTH));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let printed = crate::print(parsed.flow.as_ref().unwrap(), "ir", &NoKinds).unwrap();
    assert_eq!(read("flow.json", &printed).flow, parsed.flow);
    assert_eq!(read("flow.json", &nested(10_000)).diagnostics[0].code, "TOO_DEEP");
}
