use super::{Files, flow, problems, read, read_with};
use weir_base::Diagnostic;
use weir_ir::NodeKind;

fn check(text: &str, files: &[(&'static str, &'static str)], expected: &str, defs: &[&str]) {
    let parsed = read_with(text, &Files(files.iter().copied().collect()));
    let flow = parsed.flow.unwrap();
    assert_eq!(problems(text, parsed.diagnostics), expected, "{text}");
    assert_eq!(flow.defs.keys().map(|name| &**name).collect::<Vec<_>>(), defs, "{text}");
}

#[test]
fn a_sub_tree_is_a_document_else_a_file_else_a_flow() {
    let files = [("pay.yaml", "type: SuccessNode\nid: from-file\n")];
    check("type: SubTree\nprops: {treeId: pay}\n---\ntype: SuccessNode\nid: pay\n", &files, "", &["pay"]);
    check(
        "type: SubTree\nprops: {treeId: pay}\n---\ntreeId: pay\ntype: SuccessNode\nid: other\n",
        &files,
        "",
        &["pay"],
    );
    check("type: SubTree\nprops: {treeId: pay}\n", &files, "", &["pay"]);
    check("type: SubTree\nprops: {treeId: ship}\n", &files, "", &[]);
    let call = flow("type: SubTree\nprops: {treeId: ship}\n");
    assert!(matches!(&call.root.kind, NodeKind::Call(call) if call.flow.constant() == Some("ship".into())));
}

#[test]
fn trees_of_one_name_in_two_files_stay_apart() {
    let files = [
        ("a.yaml", "type: SubTree\nid: a\nprops: {treeId: same}\n---\ntype: SuccessNode\nid: same\n"),
        ("b.yaml", "type: SubTree\nid: b\nprops: {treeId: same}\n---\ntype: FailureNode\nid: same\n"),
    ];
    let text = "type: Sequence\nchildren: [{type: SubTree, props: {treeId: a}}, {type: SubTree, props: {treeId: b}}]\n";
    check(text, &files, "", &["a", "b", "same", "same@2"]);
}

#[test]
fn a_tree_used_twice_is_defined_once() {
    let text = "type: Sequence\nchildren: [{type: SubTree, props: {treeId: x}}, {type: SubTree, props: {treeId: x}}]\n";
    check(text, &[("x.yaml", "type: SuccessNode\n")], "", &["x"]);
    assert_eq!(read_with(text, &Files([("x.yaml", "type: SuccessNode\n")].into())).files.len(), 2);
}

#[test]
fn cycles_are_found_through_any_files() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);
    let cases: [Case<'_>; 4] = [
        ("type: SubTree\nid: a\nprops: {treeId: a}\n", &[], "CYCLIC_SUBTREE 3:17", &["a"]),
        (
            "type: SubTree\nprops: {treeId: a}\n---\ntype: SubTree\nid: a\nprops: {treeId: b}\n---\ntype: SubTree\nid: b\nprops: {treeId: a}\n",
            &[],
            "CYCLIC_SUBTREE 10:17",
            &["a", "b"],
        ),
        (
            "type: SubTree\nprops: {treeId: a}\n",
            &[("a.yaml", "type: SubTree\nprops: {treeId: b}\n"), ("b.yaml", "type: SubTree\nprops: {treeId: a}\n")],
            "CYCLIC_SUBTREE",
            &["a", "b"],
        ),
        (
            "type: SubTree\nid: r\nprops: {treeId: x}\n",
            &[("x.yaml", "type: SubTree\nprops: {treeId: x}\n")],
            "CYCLIC_SUBTREE",
            &["x"],
        ),
    ];
    for (text, files, expected, defs) in cases {
        let parsed = read_with(text, &Files(files.iter().map(|(name, text)| (leak(name), leak(text))).collect()));
        assert_eq!(parsed.diagnostics.len(), 1);
        // A place in another file is not a place in this text.
        assert!(problems(text, parsed.diagnostics).starts_with(expected), "{text}");
        let flow = parsed.flow.unwrap();
        assert_eq!(flow.defs.keys().map(|name| &**name).collect::<Vec<_>>(), defs, "{text}");
        assert!(flow.defs.values().any(|def| matches!(def.kind, NodeKind::Fail(_))), "the cycle is broken");
    }
    let message = read("type: SubTree\nprops: {treeId: a}\n---\ntype: SubTree\nid: a\nprops: {treeId: a}\n")
        .diagnostics
        .remove(0)
        .message;
    assert!(message.contains("`a` → `a`"), "{message}");
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

#[test]
fn trees_nobody_uses_are_read_all_the_same() {
    check(
        "type: SuccessNode\n---\ntype: Delay\nid: d\n",
        &[],
        "~UNUSED_TREE 3:1\nDECORATOR_ARITY 3:7 d\nMISSING_PROP 3:7 d",
        &[],
    );
    check("type: SuccessNode\n---\ntype: SuccessNode\n", &[], "~UNUSED_TREE 3:1", &[]);
    check(
        "type: SubTree\nprops: {treeId: a}\n---\ntype: SuccessNode\nid: a\n---\ntype: SuccessNode\nid: a\n",
        &[],
        "~UNUSED_TREE 7:1\nDUPLICATE_ID 8:5",
        &["a"],
    );
}

#[test]
fn problems_in_a_loaded_file_are_reported_there() {
    let parsed = read_with("type: SubTree\nprops: {treeId: x}\n", &Files([("x.yaml", "type: Delay\nid: d\n")].into()));
    assert!(parsed.diagnostics.iter().all(|problem| problem.span.is_some_and(|span| span.file.0 == 1)));
    assert_eq!(parsed.diagnostics.len(), 2);
    let broken = read_with("type: SubTree\nprops: {treeId: x}\n", &Files([("x.yaml", "a: [\n")].into()));
    assert_eq!(broken.diagnostics[0].code, "YAML_SYNTAX");
    let empty = read_with("type: SubTree\nprops: {treeId: x}\n", &Files([("x.yaml", "")].into()));
    assert_eq!(empty.diagnostics[0].code, "EMPTY_FILE");
}

#[test]
fn ids_may_repeat_between_documents() {
    check("type: SubTree\nid: n\nprops: {treeId: x}\n---\ntreeId: x\ntype: SuccessNode\nid: n\n", &[], "", &["x"]);
}

/// What is wrong with a file is told where an active step names it, whatever disabled step named it before.
#[test]
fn a_file_that_a_disabled_step_names_is_not_read() {
    let off = [
        "{type: SubTree, disabled: true, props: {treeId: part}}",
        "{type: Sequence, disabled: true, children: [{type: SubTree, props: {treeId: part}}]}",
    ];
    let parts = [("YAML_SYNTAX", "a: [\n"), ("DUPLICATE_KEY", "type: SuccessNode\nid: a\nid: b\n"), ("EMPTY_FILE", "")];
    let errors = |steps: &str, part: &'static str| {
        let parsed = read_with(&format!("type: Sequence\nchildren: [{steps}]\n"), &Files([("part.yaml", part)].into()));
        let errors = parsed.diagnostics.into_iter().filter(Diagnostic::is_error);
        (errors.map(|found| found.code.to_string()).collect::<Vec<_>>(), parsed.files.len())
    };
    for (off, (code, part)) in off.iter().flat_map(|off| parts.map(|part| (off, part))) {
        assert_eq!(errors(off, part), (Vec::new(), 1), "{off}");
        let (found, _) = errors(&format!("{off}, {{type: SubTree, props: {{treeId: part}}}}"), part);
        assert!(found.iter().any(|found| found == code), "{off}: {found:?}");
    }
}

#[test]
fn trees_that_wait_for_a_disabled_step_are_left_alone() {
    check(
        "type: Sequence\nid: a\nchildren: [{type: SubTree, id: x, disabled: true, props: {treeId: a}}]\n",
        &[],
        "~DISABLED_STEP 3:12 x",
        &[],
    );
    let step = "type: Sequence\nchildren: [{type: SubTree, id: x, disabled: true, props: {treeId: a}}]\n";
    let waiting = "---\ntype: SubTree\nid: a\nprops: {treeId: b}\n---\ntype: Delay\nid: b\n";
    check(
        &format!("{step}{waiting}---\ntype: SuccessNode\nid: c\n"),
        &[],
        "~DISABLED_STEP 2:12 x\n~UNUSED_TREE 11:1",
        &[],
    );
}
