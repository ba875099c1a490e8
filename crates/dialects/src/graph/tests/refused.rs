//! What is wrong with a drawing, all of it at once, each with its code and place.

use super::{codes, drawing, json, problems, read, read_value};

fn check(nodes: &str, edges: &str, data: &[(&str, &str)], expected: &[&str]) {
    let parsed = read_value(&drawing(nodes, edges, data));
    assert_eq!(codes(&parsed), expected, "{nodes} | {edges} {data:?}\n{:#?}", parsed.diagnostics);
}

#[test]
fn the_drawing_as_a_whole() {
    let cases: [(&str, &str, &[&str]); 17] = [
        ("t:trigger e:end", "t>e", &[]),
        ("a:activity e:end", "a>e", &["NO_START_NODE"]),
        ("t:trigger u:trigger e:end", "t>e u>e", &["MULTIPLE_START_NODES"]),
        ("t:trigger a:activity", "t>a", &["NO_END_NODE"]),
        ("t:trigger s:signal", "t>s", &[]),
        ("t:trigger a:activity e:end", "t>e", &["ORPHAN_NODE"]),
        ("t:trigger a:activity b:activity e:end", "t>e a>b", &["UNREACHABLE_NODE"]),
        ("t:trigger a:activity e:end", "t>a a>e a>t", &["TRIGGER_HAS_INCOMING_EDGES"]),
        ("t:trigger a:activity e:end", "t>e e>a", &["INVALID_EDGE_SOURCE", "UNREACHABLE_NODE"]),
        ("t:trigger f:fail e:end", "t>f f>e t>e", &["INVALID_EDGE_SOURCE"]),
        ("t:trigger e:end", "t>e x>e", &["INVALID_EDGE_SOURCE"]),
        ("t:trigger e:end", "t>e t>x", &["INVALID_EDGE_TARGET"]),
        ("t:trigger a:activity a:activity e:end", "t>a a>e", &["DUPLICATE_ID"]),
        ("t:trigger a:activity e:end", "t>a a>e a>e", &["DUPLICATE_EDGE"]),
        ("t:trigger a/b:activity e:end", "t>a/b a/b>e", &["INVALID_ID"]),
        ("t:trigger a:activity b:activity e:end", "t>a a>b b>a b>e", &["CYCLE_DETECTED"]),
        ("", "", &["NO_END_NODE", "NO_START_NODE"]),
    ];
    for (nodes, edges, expected) in cases {
        check(nodes, edges, &[], expected);
    }
}

#[test]
fn nodes_and_their_settings() {
    let cases: [(&str, &str, &[&str]); 28] = [
        ("activity", "{}", &["MISSING_ACTIVITY_NAME"]),
        ("activity", r#"{"activity_name":"log","retry_policy":{"max_attempts":2},"on_error":"continue"}"#, &[]),
        ("signal", r#"{"signal_name":"go"}"#, &[]),
        ("activity", r#"{"activityName":"log","timeout":"soon"}"#, &["INVALID_DURATION"]),
        ("activity", r#"{"activityName":"log","timeout":30}"#, &["INVALID_DURATION"]),
        ("activity", r#"{"activityName":"log","retryPolicy":{"strategy":"sometimes"}}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","retryPolicy":{"maxAtempts":2}}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","retryPolicy":{"maxAttempts":0}}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","retryPolicy":{"initialInterval":"1 moon"}}"#, &["INVALID_DURATION"]),
        ("activity", r#"{"activityName":"log","retryPolicy":[]}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","config":[1]}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","onError":"retry"}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","cancelRest":true}"#, &["INVALID_CONFIG"]),
        ("activity", r#"{"activityName":"log","timout":"3s"}"#, &["UNKNOWN_KEY"]),
        ("wait", r#"{"config":{"duration":"3s","untl":1}}"#, &["UNKNOWN_KEY"]),
        ("signal", "{}", &["INVALID_CONFIG"]),
        ("signal", r#"{"signalName":"go","assign":{"x":"message"}}"#, &["INVALID_CONFIG"]),
        ("child-workflow", "{}", &["INVALID_CONFIG"]),
        ("child-workflow", r#"{"config":{"workflowType":"x","executionType":"later"}}"#, &["INVALID_CONFIG"]),
        ("state-variable", r#"{"config":{"name":"x","operation":"multiply"}}"#, &["INVALID_CONFIG"]),
        ("state-variable", r#"{"config":{"name":"x","scope":"galaxy"}}"#, &["INVALID_CONFIG"]),
        ("state-variable", r#"{"config":{"name":"x","storageType":"redis"}}"#, &["INVALID_CONFIG"]),
        ("wait", "{}", &["INVALID_CONFIG"]),
        ("loop", r#"{"config":{"maxIterations":2}}"#, &["INVALID_CONFIG"]),
        ("phase", r#"{"timeout":"3s"}"#, &["INVALID_CONFIG"]),
        ("wait", r#"{"disabled":"yes","config":{"duration":"3s"}}"#, &["INVALID_CONFIG"]),
        ("phase", r#"{"disabled":true}"#, &[]),
        ("retry", r#"{"disabled":true}"#, &["INVALID_CONFIG"]),
    ];
    for (ty, data, expected) in cases {
        check(&format!("t:trigger n:{ty} e:end"), "t>n n>e", &[("n", data)], expected);
    }
}

#[test]
fn slips_in_what_keys_are_called_are_told() {
    let with = |(member, node, edge, settings): (&str, &str, &str, &str)| {
        format!(
            r#"{{{member}"nodes":[{{"id":"t","type":"trigger",{node}"position":{{"x":0,"y":0}}}},{{"id":"e","type":"end","position":{{"x":0,"y":0}}}}],
            "edges":[{{"id":"1","source":"t","target":"e"{edge}}}],"settings":{{{settings}}}}}"#
        )
    };
    let unknown: &[&str] = &["UNKNOWN_KEY"];
    let cases = [
        (("", "", "", ""), &[][..]),
        ((r#""setings":{},"#, "", "", ""), unknown),
        ((r#""input":{"type":"object"},"#, "", "", ""), unknown),
        ((r#""z":1,"owner":"Mira","sample_input":{},"#, "", "", ""), &[]),
        (("", r#""positon":{},"#, "", ""), unknown),
        (("", r#""width":1,"selected":true,"positionAbsolute":{},"#, "", ""), &[]),
        (("", "", r#","sourceHandel":"out""#, ""), unknown),
        (("", "", r#","sourceX":1,"animated":true,"style":{}"#, ""), &[]),
        (("", "", "", r#""timout":"1m""#), unknown),
        (("", "", "", r#""task_queue":"q","theme":"dark""#), &[]),
    ];
    for (given, expected) in cases {
        assert_eq!(codes(&read("flow.json", &with(given))), expected, "{given:?}");
    }
}

#[test]
fn loops_and_retries() {
    let unbounded = [("l", "{}")];
    check("t:trigger l:loop a:activity e:end", "t>l l>a a>l l>e", &unbounded, &["LOOP_UNBOUNDED"]);
    let zero = [("l", r#"{"config":{"maxIterations":0}}"#)];
    check("t:trigger l:loop a:activity e:end", "t>l l>a a>l l>e", &zero, &["LOOP_UNBOUNDED"]);
    let negative = [("l", r#"{"config":{"maxIterations":-1}}"#)];
    check("t:trigger l:loop a:activity e:end", "t>l l>a a>l l>e", &negative, &["INVALID_CONFIG", "LOOP_UNBOUNDED"]);
    check("t:trigger l:loop a:activity e:end", "t>l l.done>a a>l l>e", &[], &["INVALID_CONFIG"]);
    check("t:trigger l:loop a:activity b:activity e:end", "t>l l.body>a a>l l.body>b l>e", &[], &["INVALID_CONFIG"]);
    check("t:trigger r:retry a:activity b:activity e:end", "t>r r>a r>b a>e b>e", &[], &["INVALID_CONFIG"]);
    check("t:trigger r:retry a:activity e:end", "t>r t>a r>a a>e", &[], &["INVALID_CONFIG"]);
}

#[test]
fn handles_that_lead_nowhere() {
    check("t:trigger c:condition e:end", "t>c c>e", &[], &["INVALID_CONFIG", "UNREACHABLE_NODE"]);
    check("t:trigger c:condition e:end", "t>c c.maybe>e", &[], &["INVALID_CONFIG"]);
    check("t:trigger a:activity e:end", "t>a a.finished>e", &[], &["INVALID_CONFIG"]);
    check("t:trigger a:activity e:end", "t>a a.output>e", &[], &[]);
    check("t:trigger a:approval e:end", "t>a a.approved>e a.timeout>e", &[], &["INVALID_CONFIG"]);
    let timed = [("a", r#"{"config":{"timeout":"1d"}}"#)];
    check("t:trigger a:approval e:end", "t>a a>e a.rejected>e", &timed, &["INVALID_CONFIG"]);
    check("t:trigger a:approval e:end", "t>a a>e", &timed, &[]);
    let paths = [("c", r#"{"config":{"condition":"data","truePath":"nowhere","falsePath":"e"}}"#)];
    check("t:trigger c:condition e:end", "t>c c>e", &paths, &["INVALID_EDGE_TARGET"]);
}

#[test]
fn documents_of_the_wrong_shape() {
    let cases: [(&str, &[&str]); 9] = [
        (r#"{"nodes":{},"edges":[]}"#, &["NO_END_NODE", "NO_START_NODE", "STRUCTURE"]),
        (r#"{"nodes":[],"edges":7}"#, &["NO_END_NODE", "NO_START_NODE", "STRUCTURE"]),
        (r#"{"nodes":[1,"x",null],"edges":[2]}"#, &["NO_END_NODE", "NO_START_NODE", "STRUCTURE"]),
        (
            r#"{"nodes":[{"type":"trigger","position":{"x":0,"y":0}}],"edges":[]}"#,
            &["MISSING_REQUIRED_FIELD", "NO_END_NODE"],
        ),
        (
            r#"{"nodes":[{"id":7,"type":"trigger"}],"edges":[{}]}"#,
            &["MISSING_POSITION", "MISSING_REQUIRED_FIELD", "NO_END_NODE", "STRUCTURE"],
        ),
        (r#"{"nodes":[],"edges":[],"variables":{}}"#, &["NO_END_NODE", "NO_START_NODE", "STRUCTURE"]),
        (
            r#"{"nodes":[],"edges":[],"variables":[{"type":"number"},{"name":"a","type":"date"}]}"#,
            &["INVALID_CONFIG", "MISSING_REQUIRED_FIELD", "NO_END_NODE", "NO_START_NODE", "UNUSED_VARIABLE"],
        ),
        (
            r#"{"nodes":[],"edges":[],"settings":{"timeout":"1","_workflowType":"job"}}"#,
            &["INVALID_CONFIG", "INVALID_DURATION", "NO_END_NODE", "NO_START_NODE"],
        ),
        (r#"{"nodes":[],"edges":[],"settings":[]}"#, &["NO_END_NODE", "NO_START_NODE", "STRUCTURE"]),
    ];
    for (text, expected) in cases {
        let parsed = read("test.json", text);
        assert_eq!(codes(&parsed), expected, "{text}\n{:#?}", parsed.diagnostics);
    }
}

/// Problems of every stage come out of one pass, each at its place.
#[test]
fn all_at_once_and_in_place() {
    let text = r#"{
  "nodes": [
    {"id": "t", "type": "trigger", "position": {"x": 0, "y": 0}, "data": {}},
    {"id": "a", "type": "activity", "position": {"x": 0, "y": 0}, "data": {"timeout": "soon"}},
    {"id": "b", "type": "actvity", "data": {}}
  ],
  "edges": [
    {"id": "e1", "source": "t", "target": "a"},
    {"id": "e2", "source": "a", "target": "bb"},
    {"id": "e1", "source": "a", "target": "b"}
  ]
}"#;
    let parsed = read("test.json", text);
    let expected = ["NO_END_NODE 1:1", "MISSING_ACTIVITY_NAME 4:75"];
    let found = problems(text, &parsed);
    assert_eq!(&found[..2], &expected[..], "{found:?}");
    for wanted in ["UNKNOWN_NODE_TYPE 5:25", "MISSING_POSITION 5:5", "INVALID_EDGE_TARGET 9:43", "DUPLICATE_ID 10:12"] {
        assert!(found.iter().any(|line| line == wanted), "{wanted}: {found:?}");
    }
    let target = parsed.diagnostics.iter().find(|problem| problem.code == "INVALID_EDGE_TARGET").expect("it");
    assert_eq!((target.path.as_str(), target.suggestion.as_deref()), ("edges[1].target", Some("b")));
}

/// What is legal but worth a word is only information.
#[test]
fn notes_are_not_problems() {
    let document = json(&drawing("t:trigger a:activity e:end", "t>a a>e", &[]).to_json());
    let parsed = read_value(&document);
    let notes: Vec<&str> = parsed.diagnostics.iter().map(|problem| &*problem.code).collect();
    assert_eq!(notes, ["NO_RETRY_POLICY", "NO_TIMEOUT"]);
    assert!(codes(&parsed).is_empty());
}
