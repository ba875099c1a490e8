use super::flow;
use crate::tree::walk::without_places;
use weir_base::Value;

/// Snapshots of the flow a tree becomes, without places. The types are listed with `tree_node_types`, so a new one
/// without a row here fails.
pub(super) const TREES: [(&str, &str); 36] = [
    (
        "sequence",
        "type: Sequence\nid: s\nname: A row\nwas: [old]\nchildren:\n  - {type: SuccessNode, id: a}\n  - {type: FailureNode}\n",
    ),
    ("selector", "type: Selector\nchildren:\n  - {type: FailureNode}\n  - {type: SuccessNode}\n"),
    ("fallback", "type: Fallback\nchildren: []\n"),
    (
        "memory_sequence",
        "type: MemorySequence\nchildren:\n  - {type: CounterAction}\n  - {type: CounterAction}\n  - {type: CounterAction}\n",
    ),
    ("reactive_sequence", "type: ReactiveSequence\nchildren: [{type: RunningNode}]\n"),
    (
        "parallel",
        "type: Parallel\nprops: {strategy: any, successThreshold: 2, failureThreshold: '{{ limit }}'}\nchildren: [{type: Parallel}, {type: SuccessNode}]\n",
    ),
    (
        "conditional",
        "type: Conditional\nchildren:\n  - {type: CheckCondition, props: {key: a, value: 1}}\n  - {type: SuccessNode}\n  - {type: FailureNode}\n",
    ),
    (
        "conditional_without_else",
        "type: Conditional\nid: c\nchildren:\n  - {type: SuccessNode}\n  - {type: SuccessNode, id: else}\n",
    ),
    (
        "while",
        "type: While\nchildren: [{type: CheckCondition, props: {key: n, operator: '<', value: 3}}, {type: CounterAction, props: {counterKey: n}}]\n",
    ),
    (
        "while_limit",
        "type: While\nprops: {maxIterations: '{{ input.most }}'}\nchildren: [{type: SuccessNode}, {type: SuccessNode}]\n",
    ),
    (
        "for_each",
        "type: ForEach\nprops: {collectionKey: cart.items, itemKey: line, indexKey: at}\nchildren: [{type: PrintAction, props: {message: '{{ line.name }} {{ index }}'}}]\n",
    ),
    (
        "for_each_read",
        "type: Sequence\nchildren:\n  - {type: ForEach, id: each, props: {collectionKey: list, itemKey: x, concurrency: 4}, children: [{type: SuccessNode}]}\n  - {type: PrintAction, props: {message: '{{ nodes.each.output }}'}}\n",
    ),
    (
        "recovery",
        "type: Recovery\nchildren: [{type: FailureNode}, {type: PrintAction, props: {message: '{{ error.code }}'}}, {type: SuccessNode}]\n",
    ),
    (
        "sub_tree",
        "type: Sequence\nchildren:\n  - {type: SubTree, id: one, props: {treeId: pay}}\n  - {type: SubTree, id: two, props: {treeId: pay}}\n---\ntype: SuccessNode\nid: pay\n",
    ),
    ("sub_tree_flow", "type: SubTree\nprops: {treeId: elsewhere}\n"),
    ("timeout", "type: Timeout\nprops: {timeoutMs: 5000}\nchildren: [{type: RunningNode}]\n"),
    ("timeout_template", "type: Timeout\nprops: {timeoutMs: '{{ limit }}'}\nchildren: [{type: RunningNode}]\n"),
    ("delay", "type: Delay\nprops: {delayMs: 0}\nchildren: [{type: SuccessNode}]\n"),
    ("repeat", "type: Repeat\nprops: {numCycles: 3}\nchildren: [{type: CounterAction, props: {increment: 0}}]\n"),
    ("invert", "type: Invert\nchildren: [{type: SuccessNode}]\n"),
    ("forced", "type: ForceSuccess\nchildren: [{type: ForceFailure, children: [{type: SuccessNode}]}]\n"),
    (
        "run_once",
        "type: RunOnce\nchildren: [{type: KeepRunningUntilFailure, children: [{type: SoftAssert, children: [{type: FailureNode}]}]}]\n",
    ),
    (
        "precondition",
        "type: Precondition\nprops:\n  conditions:\n    - condition: total > 5 && input.ok\n    - condition: {type: SuccessNode}\n      resolver: {type: CounterAction, id: fix}\n      required: false\nchildren: [{type: SuccessNode}]\n",
    ),
    ("precondition_empty", "type: Precondition\nchildren: [{type: SuccessNode}]\n"),
    (
        "print",
        "type: PrintAction\nprops: {message: 'Hello {{ name }}', outputKey: said, timeout: 5s, onUnknown: ask}\n",
    ),
    (
        "wait",
        "type: Sequence\nchildren: [{type: WaitAction}, {type: WaitAction, props: {waitMs: 0}}, {type: WaitAction, props: {waitMs: 5m}}]\n",
    ),
    (
        "mock",
        "type: Sequence\nchildren: [{type: MockAction, props: {returnStatus: FAILURE, ticksBeforeComplete: 3}}, {type: MockAction}, {type: MockAction, props: {ticksBeforeComplete: '{{ n }}'}}]\n",
    ),
    (
        "check_condition",
        "type: Sequence\nchildren:\n  - {type: CheckCondition, props: {key: a.b}}\n  - {type: CheckCondition, props: {key: a b, operator: '!=', value: x}}\n  - {type: CheckCondition, props: {key: a, operator: '>=', value: '{{ limit }}'}}\n  - {type: CheckCondition, props: {key: a, value: '{{ limit }}'}}\n  - {type: CheckCondition, props: {expression: a + 1 === b}}\n",
    ),
    (
        "always",
        "type: Sequence\nchildren: [{type: AlwaysCondition}, {type: AlwaysCondition, props: {returnStatus: FAILURE}}, {type: AlwaysCondition, props: {returnStatus: RUNNING}}]\n",
    ),
    (
        "script",
        "type: Script\nprops:\n  textContent: |\n    total = price * 2; // twice\n    ok = total != null && total > param(\"least\")\n    total\n",
    ),
    (
        "log",
        "type: LogMessage\nprops: {message: 'Order ${order.id} of {{ customer }} for ${total}', level: warn, metadata: {at: '{{ now }}'}}\n",
    ),
    ("log_placeholder", "type: LogMessage\nprops: {message: '${total}'}\n"),
    ("regex", "type: RegexExtract\nprops: {input: text, pattern: '[0-9]+', outputKey: numbers, matchIndex: 0}\n"),
    (
        "kinds",
        "type: Sequence\nchildren:\n  - {type: HttpRequest, props: {url: 'https://x.test/{{ id }}', timeout: 3s, retry: {maxAttempts: 5, initialInterval: 2s}}}\n  - {type: ReadFile, props: {path: a, timeout: 3s, outputKey: text, retryPolicy: 2}}\n  - {type: Odd, props: {retry: 1, outputKey: x}}\n  - {type: Unheard, props: {a: 1}}\n",
    ),
    (
        "pure_kinds",
        "type: Sequence\nchildren:\n  - {type: SetVariable, props: {name: total, value: '{{ a + b }}'}}\n  - {type: SetVariable, props: {name: list, op: append, value: 1}}\n  - {type: SetVariable, props: {scope: project, name: x, value: 1}}\n  - {type: Transform, props: {expression: a + 1, outputKey: b}}\n  - {type: Transform, props: {value: {total: '{{ a }}'}}}\n  - {type: SetVariable, props: {name: n, op: increment, value: 2, outputKey: now_n}}\n",
    ),
    (
        "header",
        "type: SuccessNode\nid: root\nname: A flow\ndescription: What it is\ninput: {type: object}\nvariables: {n: 5}\nsignals: {go: {assign: {n: message.n + n}}}\nqueries: {now_n: n}\nsettings: {timeout: 5m}\ntestData: {model: []}\nbindings: {a: b}\n",
    ),
];

#[test]
fn trees_become_flows() {
    for (name, text) in TREES {
        let flow = without_places(&flow(text), true);
        insta::assert_snapshot!(name, format!("{text}\n{}", weir_ir::to_json(&flow)));
    }
}

#[test]
fn every_type_is_shown() {
    let all: String = TREES.iter().map(|(_, text)| *text).collect();
    for name in crate::tree::node_types() {
        assert!(all.contains(&format!("type: {name}")), "{name} is in no tree");
    }
    assert_eq!(crate::tree::node_types().count(), 32);
}

/// Semantics 1.5: ids come from type and place among siblings, so that three nameless counters are three steps.
#[test]
fn rule_1_5_nameless_siblings_differ() {
    let flow = flow(
        "type: MemorySequence\nchildren: [{type: CounterAction}, {type: PrintAction, props: {message: x}}, {type: CounterAction}]\n",
    );
    let mut ids = Vec::new();
    flow.root.for_each(&mut |node| ids.push(node.id.to_string()));
    assert_eq!(ids, ["memory-sequence-1", "counter-action-1", "print-action-1", "counter-action-2"]);
}

/// Semantics 4: names with a meaning keep it, any other name is a variable; in `{{ }}` of any prop.
#[test]
fn rule_4_names_in_templates() {
    let cases = [
        ("x", "vars.x"),
        ("vars.x", "vars.x"),
        ("input.a + b.c[d]", "input.a + vars.b.c[vars.d]"),
        ("list.map(x => x + y)", "vars.list.map(x => x + vars.y)"),
        ("item.a + index", "item.a + index"),
        ("nodes.a.output", "nodes.a.output"),
        ("error.code + run.id + now", "error.code + run.id + now"),
        ("secrets.key", "secrets.key"),
        ("message.payload + thread.id", "message.payload + thread.id"),
        ("project.p + service.s + output", "project.p + service.s + output"),
        ("Math.max(a, 1)", "Math.max(vars.a, 1)"),
        ("undefined ?? a", "undefined ?? vars.a"),
        ("{ a, b: c }", "{ a: vars.a, b: vars.c }"),
    ];
    for (written, meant) in cases {
        let text = format!(
            "type: Delay\nprops: {{delayMs: {}}}\nchildren: [{{type: SuccessNode}}]\n",
            Value::from(format!("{{{{ {written} }}}}")).to_json()
        );
        let json = weir_ir::to_json(&flow(&text));
        let shown = Value::from(format!("{{{{ {meant} }}}}")).to_json();
        assert!(json.contains(&shown), "{written}\n{shown}\n{json}");
    }
}

/// Semantics 2.4: kinds that only compute are pure steps; what the run does not own stays a task.
#[test]
fn rule_2_4_pure_kinds_are_not_tasks() {
    let tasks = |text: &str| {
        let mut found = 0;
        flow(text).root.for_each(&mut |node| found += usize::from(matches!(node.kind, weir_ir::NodeKind::Task(_))));
        found
    };
    assert_eq!(tasks("type: SetVariable\nprops: {name: a, value: 1}\n"), 0);
    assert_eq!(tasks("type: Transform\nprops: {expression: '1', outputKey: x}\n"), 0);
    assert_eq!(tasks("type: SetVariable\nprops: {name: a, value: 1, scope: project}\n"), 1);
}

#[test]
fn a_status_may_be_computed() {
    for ty in ["AlwaysCondition", "MockAction"] {
        let json = weir_ir::to_json(&flow(&format!("type: {ty}\nprops: {{returnStatus: '{{{{ word }}}}'}}\n")));
        assert!(json.contains("(vars.word) === 'SUCCESS'"), "{json}");
    }
}

/// In a row they are gone past; where a place means something, success stands there instead.
#[test]
fn disabled_nodes_do_nothing() {
    let lowered = |text: &str| {
        let parsed = super::read(text);
        assert!(!parsed.diagnostics.iter().any(weir_base::Diagnostic::is_error), "{:?}", parsed.diagnostics);
        weir_ir::to_json(&without_places(&parsed.flow.expect("a flow"), false))
    };
    let off = "type: PrintAction, id: x, disabled: true, props: {mesage: a}";
    for (with, without) in [
        (
            format!("type: Sequence\nchildren: [{{type: SuccessNode}}, {{{off}}}, {{type: SuccessNode}}]\n"),
            "type: Sequence\nchildren: [{type: SuccessNode}, {type: SuccessNode}]\n",
        ),
        (
            format!("type: Selector\nchildren: [{{{off}}}, {{type: FailureNode}}]\n"),
            "type: Selector\nchildren: [{type: FailureNode}]\n",
        ),
        (
            format!("type: Parallel\nchildren: [{{{off}}}, {{type: FailureNode}}]\n"),
            "type: Parallel\nchildren: [{type: FailureNode}]\n",
        ),
        (
            format!("type: Conditional\nchildren: [{{type: FailureNode}}, {{{off}}}, {{type: FailureNode, id: y}}]\n"),
            "type: Conditional\nchildren: [{type: FailureNode}, {type: SuccessNode, id: x}, {type: FailureNode, id: y}]\n",
        ),
        (
            format!("type: Timeout\nprops: {{timeoutMs: 5}}\nchildren: [{{{off}}}]\n"),
            "type: Timeout\nprops: {timeoutMs: 5}\nchildren: [{type: SuccessNode, id: x}]\n",
        ),
        (
            "type: Sequence\nchildren: [{type: SuccessNode, disabled: false}]\n".to_owned(),
            "type: Sequence\nchildren: [{type: SuccessNode}]\n",
        ),
    ] {
        assert_eq!(lowered(&with), lowered(without), "{with}");
    }
}

/// Ids that are derived from places do not move when a neighbour is disabled.
#[test]
fn disabling_moves_no_ids() {
    let row = |off: &str| {
        let text = format!("type: Sequence\nchildren: [{{type: SuccessNode{off}}}, {{type: SuccessNode}}]\n");
        weir_ir::to_json(&super::read(&text).flow.expect("a flow"))
    };
    assert!(row("").contains("success-node-1") && row("").contains("success-node-2"));
    let shorter = row(", disabled: true");
    assert!(!shorter.contains("success-node-1") && shorter.contains("success-node-2"), "{shorter}");
}

#[test]
fn places_lead_to_the_text() {
    let text = "type: Sequence\nchildren:\n  - type: PrintAction\n    props:\n      message: \"Hi {{ name }}\"\n";
    let flow = flow(text);
    let mut last = None;
    flow.root.for_each(&mut |node| last = Some(node.clone()));
    let node = last.unwrap();
    assert_eq!(&text[node.origin.prop("message").unwrap().range()], "\"Hi {{ name }}\"");
    let weir_ir::NodeKind::Task(task) = &node.kind else { panic!("{node:?}") };
    let mut spans = Vec::new();
    task.params.for_each_expr(&mut |expr| spans.extend(expr.span()));
    assert_eq!(spans.len(), 1);
    assert_eq!(text[spans[0].range()].trim(), "name");
}

/// The examples of the documentation are trees.
#[test]
fn documented_trees_are_trees() {
    let page = include_str!("../../../../../docs/dialects/tree.md");
    let examples: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for text in examples {
        flow(text);
    }
    for name in crate::tree::node_types() {
        assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
    }
}
