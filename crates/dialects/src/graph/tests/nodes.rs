//! Each node type and what it becomes.

use super::{codes, drawing, find, flow, read_value, shown};

/// A drawing with one node `n` of a type between a trigger and an end, and the node's IR.
fn check(ty: &str, data: &str, expected: &str) {
    let edges = match ty {
        "condition" | "conditional" => "t>n n.true>e n.false>e",
        "approval" => "t>n n.approved>e n.rejected>e n.timeout>e",
        _ => "t>n n>e",
    };
    let found = flow(&drawing(&format!("t:trigger n:{ty} e:end"), edges, &[("n", data)]));
    assert_eq!(shown(find(&found, "n")), expected, "{ty} {data}");
}

#[test]
fn activities() {
    check(
        "activity",
        r#"{"activityName":"log","config":{"message":"hi"}}"#,
        r#"{"task":{"kind":"log","params":{"message":"hi"}}}"#,
    );
    check("activity", r#"{"activityName":"ours"}"#, r#"{"task":{"kind":"ours","params":{"input":"{{ data }}"}}}"#);
    check("activity", r#"{"activityName":"log","config":{}}"#, r#"{"task":{"kind":"log","params":{}}}"#);
    check(
        "activity",
        r#"{"activityName":"ours","config":{"a":1,"b":2},"input":{"b":"${data.b}"}}"#,
        r#"{"task":{"kind":"ours","params":{"a":1,"b":"{{ data.b }}"}}}"#,
    );
    check(
        "activity",
        r#"{"activityName":"unknownName","componentName":"Log","timeout":"30s","outputKey":"last","retryPolicy":{"strategy":"none"}}"#,
        concat!(
            r#"{"task":{"kind":"log","params":{},"assign":[{"var":"last","value":"output"}],"#,
            r#""retry":{"strategy":"none","maxAttempts":1,"initial":1000,"max":60000,"coefficient":2,"jitter":0},"timeout":"30s"}}"#,
        ),
    );
    check(
        "http.request",
        r#"{"config":{"url":"http://x"}}"#,
        r#"{"task":{"kind":"http.request","params":{"url":"http://x"}}}"#,
    );
}

/// What is disabled lets pass what flows into it, whatever is wrong with it.
#[test]
fn disabled_nodes() {
    let passes = r#"{"set":{"writes":[]}}"#;
    for (ty, data) in [
        ("activity", r#"{"disabled":true,"activityName":"log","config":{"message":"hi"},"onError":"continue"}"#),
        ("activity", r#"{"disabled":true}"#),
        ("wait", r#"{"disabled":true,"config":{"duration":"1 moon"}}"#),
        ("child-workflow", r#"{"disabled":true,"timeout":"soon"}"#),
        ("set", r#"{"disabled":true,"config":{"seen":true}}"#),
    ] {
        check(ty, data, passes);
    }
    check(
        "activity",
        r#"{"disabled":false,"activityName":"log","config":{}}"#,
        r#"{"task":{"kind":"log","params":{}}}"#,
    );
}

/// Its way for failures stays, and what it would have written can still be read.
#[test]
fn disabled_nodes_keep_their_edges_and_names() {
    let data = [
        ("n", r#"{"disabled":true,"activityName":"log","config":{},"outputKey":"seen"}"#),
        ("e", r#"{"config":{"output":"{{ vars.seen }}"}}"#),
    ];
    let found = flow(&drawing("t:trigger n:activity f:set e:end", "t>n n>e n.error>f f>e", &data));
    assert!(found.variables.contains_key("seen"), "{:?}", found.variables.keys());
}

#[test]
fn parameters_of_a_task_are_its_own() {
    check(
        "activity",
        r#"{"activityName":"ours","config":{"join":", ","timeout":3,"onError":"x"}}"#,
        r#"{"task":{"kind":"ours","params":{"join":", ","timeout":3,"onError":"x"}}}"#,
    );
}

#[test]
fn components() {
    check("kong-logging", r#"{"label":"Say it"}"#, r#"{"task":{"kind":"log","params":{"message":"Say it"}}}"#);
    check(
        "kong-logging",
        r#"{"label":"Say it","config":{"message":"{{ data }}","level":"warn"}}"#,
        r#"{"task":{"kind":"log","params":{"message":"{{ data }}","level":"warn"}}}"#,
    );
    let kinds = [
        ("kong-cache", "kong.cache"),
        ("kong-cors", "kong.cors"),
        ("graphql-gateway", "graphql.gateway"),
        ("mcp-server", "mcp.server"),
        ("api-endpoint", "api.endpoint"),
    ];
    for (ty, kind) in kinds {
        let expected = format!(r#"{{"task":{{"kind":"{kind}","params":{{"a":1}}}}}}"#);
        check(ty, r#"{"config":{"a":1}}"#, &expected);
    }
}

#[test]
fn agents_and_children() {
    check(
        "agent",
        r#"{"config":{"model":"m","systemPrompt":"Be kind","temperature":0.2,"maxTurns":4,"tools":["HttpRequest",{"name":"mail","kind":"sendEmail","params":{"to":"{{ args.to }}"}}]}}"#,
        concat!(
            r#"{"agent":{"model":"m","prompt":"Be kind","input":"{{ data }}","tools":["#,
            r#"{"name":"HttpRequest","description":"The kind http.request.","schema":{"type":"object","properties":{"url":{"type":"string"},"method":{"type":"string"},"timeout":{"type":"string"}}},"target":{"step":{"id":"HttpRequest","task":{"kind":"http.request","params":"{{ args }}"}}}},"#,
            r#"{"name":"mail","description":"The kind mail.send.","schema":{"type":"object"},"target":{"step":{"id":"mail","task":{"kind":"mail.send","params":{"to":"{{ args.to }}"}}}}}],"#,
            r#""limits":{"turns":4},"options":{"temperature":0.2}}}"#,
        ),
    );
    check(
        "child-workflow",
        r#"{"config":{"workflowType":"ship","executionType":"startChild","inputMapping":{"id":"data.order.id","note":"data"}}}"#,
        r#"{"call":{"flow":"ship","input":{"id":"{{ data.order.id }}","note":"data"},"detached":true}}"#,
    );
    check(
        "child-workflow",
        r#"{"timeout":"1h","config":{"workflowType":"ship"}}"#,
        r#"{"decorate":{"with":{"timeout":{"after":"1h"}},"body":{"id":"timed","call":{"flow":"ship","input":"{{ data }}","detached":false}}}}"#,
    );
}

#[test]
fn conditions() {
    check(
        "condition",
        r#"{"config":{"expression":"data.ok"}}"#,
        r#"{"branch":{"cases":[{"when":{"expr":"data.ok"},"then":{"handle":"true"}}],"otherwise":{"handle":"false"}}}"#,
    );
    let cases = r#"{"config":{"expression":"data.kind","cases":[{"value":"a","handle":"first"},{"when":"data.n > 2","handle":"second"}]}}"#;
    let found = flow(&drawing("t:trigger n:conditional e:end", "t>n n.first>e n.second>e n.else>e", &[("n", cases)]));
    assert_eq!(
        shown(find(&found, "n")),
        concat!(
            r#"{"branch":{"cases":[{"when":{"expr":"(data.kind) === \"a\""},"then":{"handle":"first"}},"#,
            r#"{"when":{"expr":"data.n > 2"},"then":{"handle":"second"}}],"otherwise":{"handle":"else"}}}"#,
        )
    );
}

/// 2.1: a loop with only `maxIterations` is done at its limit; a while fails there.
#[test]
fn rule_2_1_loops() {
    let check = |config: &str, settings: &str, expected: &str| {
        let data = format!(r#"{{"config":{config}}}"#);
        let document = drawing("t:trigger n:loop a:activity e:end", "t>n n>a a>n n>e", &[("n", &data)]);
        let text = document.to_json().replacen('{', &format!(r#"{{"settings":{settings},"#), 1);
        let found = flow(&super::json(&text));
        let weir_ir::NodeKind::Loop(inner) = &find(&found, "n").kind else { panic!("a loop") };
        let value = super::json(&serde_json::to_string(&**inner).expect("json"));
        let kept = value.as_object().into_iter().flatten().filter(|(key, _)| !matches!(&***key, "body" | "collect"));
        let kept: weir_base::Map = kept.map(|(key, item)| (key.clone(), item.clone())).collect();
        assert_eq!(weir_base::Value::from(kept).to_json(), expected, "{config}");
    };
    check(r#"{"maxIterations":5}"#, "{}", r#"{"mode":"forever","max":5,"onLimit":"done"}"#);
    check(
        r#"{"maxIterations":5,"condition":"data.more"}"#,
        "{}",
        r#"{"mode":{"while":{"expr":"data.more"}},"max":5,"onLimit":"fail"}"#,
    );
    check(
        r#"{"condition":"data.more"}"#,
        "{}",
        r#"{"mode":{"while":{"expr":"data.more"}},"max":1000,"onLimit":"fail"}"#,
    );
    check(
        r#"{"items":"input.list","concurrency":4}"#,
        "{}",
        r#"{"mode":{"forEach":{"items":"{{ input.list }}","concurrency":4}},"onLimit":"done"}"#,
    );
    check(r#"{"continueAsNew":7}"#, "{}", r#"{"mode":"forever","onLimit":"done","continueAsNew":7}"#);
    check(
        r#"{"maxIterations":100,"continueAsNew":true}"#,
        "{}",
        r#"{"mode":"forever","onLimit":"done","continueAsNew":100}"#,
    );
    check(
        "{}",
        r#"{"_longRunning":{"autoContinueAsNew":true,"maxHistoryEvents":500}}"#,
        r#"{"mode":"forever","onLimit":"done","continueAsNew":500}"#,
    );
}

#[test]
fn retries() {
    let config = r#"{"config":{"maxAttempts":7,"retryOn":["TIMEOUT"],"backoff":{"type":"exponential","initialInterval":"9s","multiplier":3},"scope":"block"}}"#;
    let found = flow(&drawing("t:trigger n:retry a:activity e:end", "t>n n>a a>e", &[("n", config)]));
    let weir_ir::NodeKind::Decorate { with: weir_ir::Decorator::Retry { policy }, .. } = &find(&found, "n").kind else {
        panic!("a retry")
    };
    assert_eq!((policy.max_attempts, policy.initial.millis, policy.coefficient), (7, 9_000, 3.0));
    assert_eq!(policy.retry_on, ["TIMEOUT"]);
}

/// 2.4: a variable of the run is a pure step; a wider one is a task of the kind `set`.
#[test]
fn rule_2_4_variables() {
    check(
        "state-variable",
        r#"{"config":{"name":"n","operation":"increment","amount":2}}"#,
        r#"{"set":{"writes":[{"target":{"scope":"run","name":"n"},"op":"increment","value":2}]}}"#,
    );
    check(
        "state-variable",
        r#"{"config":{"name":"n","operation":"append"}}"#,
        r#"{"set":{"writes":[{"target":{"scope":"run","name":"n"},"op":"append","value":"{{ data }}"}]}}"#,
    );
    check(
        "state-variable",
        r#"{"config":{"name":"n","operation":"get","scope":"project"}}"#,
        r#"{"task":{"kind":"set","params":{"scope":"project","name":"n","op":"get"}}}"#,
    );
    check(
        "set",
        r#"{"config":{"a":1,"b":"{{ data.b }}"}}"#,
        concat!(
            r#"{"set":{"writes":[{"target":{"scope":"run","name":"a"},"op":"set","value":1},"#,
            r#"{"target":{"scope":"run","name":"b"},"op":"set","value":"{{ data.b }}"}]}}"#,
        ),
    );
    check(
        "data-in",
        r#"{"config":{"name":"order","default":0}}"#,
        r#"{"set":{"writes":[{"op":"get","value":"{{ input?.order ?? (0) }}"}]}}"#,
    );
    check("data-in", r#"{"config":{"signal":"order"}}"#, r#"{"wait":{"signal":{"name":"order","routes":false}}}"#);
}

/// 2.10: data-out is a query; a signal is declared, and waited for or folded on arrival.
#[test]
fn rule_2_10_signals_and_queries() {
    let found =
        flow(&drawing("t:trigger n:data-out e:end", "t>n n>e", &[("n", r#"{"config":{"name":"state so far"}}"#)]));
    assert_eq!(found.queries["state so far"].source(), r#"vars["state so far"]"#);
    assert!(found.variables.contains_key("state so far"));

    let data = [("s", r#"{"signalName":"go","timeout":"2h","config":{"schema":{"type":"object"}}}"#)];
    let found = flow(&drawing("t:trigger s:signal e:end l:end", "t>s s>e s.timeout>l", &data));
    assert_eq!(shown(find(&found, "s")), r#"{"wait":{"signal":{"name":"go","timeout":"2h","routes":true}}}"#);
    assert_eq!(
        found.signals["go"].schema.as_ref().map(|schema| schema.to_json()).as_deref(),
        Some(r#"{"type":"object"}"#)
    );
    assert_eq!(found.settings.mode, weir_ir::FlowMode::Service);

    let data = [("s", r#"{"signalName":"go","assign":{"last":"message.id"}}"#)];
    let found = flow(&drawing("t:trigger s:signal e:end", "t>e", &data));
    assert_eq!(found.signals["go"].assign["last"].source(), "message.id");
    assert_eq!(super::graph(&found).nodes.len(), 2);
}

#[test]
fn waits_and_ends() {
    check("wait", r#"{"config":{"duration":"5 minutes"}}"#, r#"{"wait":{"timer":{"after":"5m"}}}"#);
    check(
        "approval",
        r#"{"label":"Ship it?","config":{"timeout":"1d"}}"#,
        r#"{"wait":{"approval":{"message":"Ship it?","timeout":"1d","routes":true}}}"#,
    );
    let one_way = r#"{"wait":{"approval":{"message":"","routes":false}}}"#;
    let found = flow(&drawing("t:trigger a:approval e:end", "t>a a>e", &[]));
    assert_eq!((shown(find(&found, "a")).as_str(), &*super::graph(&found).edges[1].handle), (one_way, "out"));
    let found = flow(&drawing(
        "t:trigger c:condition f:fail r:return",
        "t>c c.true>f c.false>r",
        &[("f", r#"{"config":{"code":"NO","message":"no: {{ data }}"}}"#), ("r", r#"{"config":{"value":1}}"#)],
    ));
    assert_eq!(shown(find(&found, "f")), r#"{"fail":{"code":"NO","message":"no: {{ data }}"}}"#);
    assert_eq!(shown(find(&found, "r")), r#"{"return":{"value":1}}"#);
}

#[test]
fn triggers_start_from_outside() {
    let data = r#"{"config":{"triggerType":"schedule","cron":"0 * * * *"}}"#;
    let found = flow(&drawing("t:trigger e:end", "t>e", &[("t", data)]));
    let trigger = &found.triggers[0];
    assert_eq!((&*trigger.id, &*trigger.kind), ("t", "trigger.schedule"));
    assert_eq!(trigger.params.to_value().to_json(), r#"{"cron":"0 * * * *"}"#);
    assert!(flow(&drawing("t:trigger e:end", "t>e", &[])).triggers.is_empty());
}

/// Both spellings of a policy, and every strategy.
#[test]
fn retry_policies() {
    let cases = [
        (r#"{"maxAttempts":7,"initialInterval":"9s"}"#, (7, 9_000, 60_000, 2.0)),
        (
            r#"{"max_attempts":7,"initial_interval":"9s","max_interval":"2m","backoff_coefficient":1.5}"#,
            (7, 9_000, 120_000, 1.5),
        ),
        (r#"{"strategy":"none","maxAttempts":9}"#, (1, 1_000, 60_000, 2.0)),
        (r#"{"strategy":"fail-after-x","maxAttempts":2}"#, (2, 1_000, 60_000, 2.0)),
        (r#"{"strategy":"keep-trying"}"#, (3, 1_000, 60_000, 2.0)),
    ];
    for (policy, expected) in cases {
        for key in ["retryPolicy", "retry_policy"] {
            let data = format!(r#"{{"activityName":"log","{key}":{policy}}}"#);
            let found = flow(&drawing("t:trigger n:activity e:end", "t>n n>e", &[("n", &data)]));
            let weir_ir::NodeKind::Task(task) = &find(&found, "n").kind else { panic!("a task") };
            let policy = task.retry.as_ref().expect("a policy");
            let max = policy.max.map_or(0, |max| max.millis);
            assert_eq!((policy.max_attempts, policy.initial.millis, max, policy.coefficient), expected);
            assert!(policy.allows_after(1_000_000) == (policy.strategy == weir_ir::RetryStrategy::KeepTrying));
        }
    }
}

#[test]
fn settings() {
    let text = drawing("t:trigger e:end", "t>e", &[]).to_json().replacen(
        '{',
        concat!(
            r#"{"variables":[{"name":"n","type":"number","initialValue":2},{"name":"m","type":"array"}],"#,
            r#""settings":{"timeout":"1m","deadline":"1h","retryPolicy":{"maxAttempts":2},"taskQueue":"q","version":"3","#,
            r#""description":"d","concurrency":{"limit":2},"theme":"dark"},"#,
        ),
        1,
    );
    let parsed = super::read("test.json", &text);
    assert_eq!(codes(&parsed), ["UNUSED_VARIABLE"]);
    let found = parsed.flow.expect("a flow");
    let settings = &found.settings;
    assert_eq!(settings.task_timeout.map(|time| time.millis), Some(60_000));
    assert_eq!(settings.timeout.map(|time| time.millis), Some(3_600_000));
    assert_eq!(settings.retry.as_ref().map(|retry| retry.max_attempts), Some(2));
    assert_eq!(settings.concurrency.as_ref().map(|concurrency| concurrency.limit), Some(2));
    assert_eq!((settings.task_queue.as_deref(), settings.version.as_deref()), (Some("q"), Some("3")));
    assert_eq!(found.description.as_deref(), Some("d"));
    assert_eq!(settings.extra["theme"].as_str(), Some("dark"));
    assert_eq!(found.variables["n"].initial.as_ref().and_then(|value| value.as_f64()), Some(2.0));
    assert_eq!(found.variables["m"].ty, weir_ir::VarType::Array);
}

#[test]
fn an_unknown_type_passes_its_input_on() {
    let parsed = read_value(&drawing("t:trigger n:activty e:end", "t>n n>e", &[]));
    assert_eq!(codes(&parsed), ["UNKNOWN_NODE_TYPE"]);
    assert_eq!(parsed.diagnostics.iter().find_map(|problem| problem.suggestion.as_deref()), Some("activity"));
    assert_eq!(shown(find(&parsed.flow.expect("a flow"), "n")), r#"{"set":{"writes":[]}}"#);
}
