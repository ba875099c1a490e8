use super::ids;
use super::lower::Lower;
use super::subtrees::{Trees, tree_name};
use crate::fields::{Field, Read, Shape, check as check_fields, field};
use crate::text::{Doc, DocKind};
use crate::{Context, Parsed, SourceFile, header};
use indexmap::IndexMap;
use weir_base::{Diagnostic, Text, Value};
use weir_expr::Template;
use weir_ir::{Fail, Flow, IR_VERSION, Node, NodeKind};

/// Keys of the first document's root that speak about the flow as a whole.
const FLOW_KEYS: [Field; 5] = [
    field("treeId", Shape::Text),
    field("description", Shape::Text),
    field("input", Shape::Map),
    field("output", Shape::Map),
    field("bindings", Shape::Map),
];

pub(super) fn parse(documents: &[Doc], source: &SourceFile, cx: &Context<'_>) -> Parsed {
    let Some(first) = documents.first() else {
        return Parsed::default();
    };
    let mut out = Vec::new();
    let trees = Trees::new(documents, source, &mut out);
    let mut lower = Lower::new(cx, Some(trees));
    lower.out = out;
    let root = document(&mut lower, first, &source.text, &root_keys());
    let defs = sub_trees(&mut lower, documents);
    let flow = flow(&mut lower, first, root, defs);
    let Lower { out, trees, .. } = lower;
    Parsed { flow: Some(flow), diagnostics: out, files: trees.map(Trees::into_files).unwrap_or_default() }
}

fn root_keys() -> Vec<&'static str> {
    FLOW_KEYS.iter().chain(&header::KEYS).map(|field| field.key).collect()
}

fn document(lower: &mut Lower<'_>, doc: &Doc, text: &str, more_keys: &[&str]) -> Node {
    lower.begin_document(text);
    let id = ids::of_siblings(std::slice::from_ref(doc)).into_iter().next();
    let id = id.unwrap_or_else(|| ids::Id { text: "root".into(), written: false });
    lower.node(doc, id, 1, more_keys)
}

/// Lowers every tree that is used, and reads the others for their problems.
fn sub_trees(lower: &mut Lower<'_>, documents: &[Doc]) -> IndexMap<Text, Node> {
    let mut defs = IndexMap::new();
    waiting(lower, &mut defs);
    let used = lower.trees.as_ref().map_or(0, Trees::count);
    for (index, doc) in documents.iter().enumerate().skip(1) {
        let name = tree_name(doc);
        let job = lower.trees.as_mut().and_then(|trees| trees.take_unused(index, name.as_ref().unwrap_or(&"".into())));
        let Some(job) = job else { continue };
        let message = match name {
            Some(name) => format!("no SubTree names this tree, `{}`", crate::fields::short(&name)),
            None => "this tree has no `id` or `treeId`, so no SubTree can name it".to_owned(),
        };
        lower.out.push(Diagnostic::warning("UNUSED_TREE", message).at(doc.span));
        document(lower, job.doc(), job.text(), &["treeId"]);
        waiting(lower, &mut defs);
    }
    defs.truncate(used);
    break_cycles(lower, &mut defs);
    defs
}

fn waiting(lower: &mut Lower<'_>, defs: &mut IndexMap<Text, Node>) {
    while let Some(job) = lower.trees.as_mut().and_then(Trees::next) {
        let node = document(lower, job.doc(), job.text(), &["treeId"]);
        defs.insert(job.name.clone(), node);
    }
}

/// A tree that contains itself is reported, and stands in the flow as a failure, so that nothing walks it for ever.
fn break_cycles(lower: &mut Lower<'_>, defs: &mut IndexMap<Text, Node>) {
    let Some(trees) = &lower.trees else { return };
    for name in trees.cycles(&mut lower.out) {
        let message = Template::Value("this tree contains itself".into());
        let kind = NodeKind::Fail(Fail { code: "CYCLIC_SUBTREE".into(), message });
        let node = Node::new(name.clone(), kind);
        defs.insert(name, node);
    }
}

fn flow(lower: &mut Lower<'_>, doc: &Doc, mut root: Node, mut defs: IndexMap<Text, Node>) -> Flow {
    let about = header_part(doc);
    let table: Vec<Field> = FLOW_KEYS.iter().chain(&header::KEYS).copied().collect();
    check_fields(&about, &table, "", &mut lower.out);
    let mut header = header::read(&about, &mut lower.out);
    for expr in header.queries.values_mut() {
        *expr = lower.expr_in_tree(expr);
    }
    for expr in header.signals.values_mut().flat_map(|signal| signal.assign.values_mut()) {
        *expr = lower.expr_in_tree(expr);
    }
    if let Some(bindings) = about.given("bindings") {
        header.settings.extra.insert("bindings".into(), bindings.to_value());
    }
    collect_where_read(lower, &mut root, &mut defs);
    Flow {
        ir: IR_VERSION,
        name: root.title().to_owned(),
        description: about.text("description").map(str::to_owned),
        dialect: "tree".to_owned(),
        input: schema(&about, "input"),
        output: schema(&about, "output"),
        input_as_variables: true,
        variables: header.variables,
        signals: header.signals,
        queries: header.queries,
        settings: header.settings,
        defs,
        root,
        triggers: header.triggers,
        test_data: header.test_data,
    }
}

/// The members of the root that are not the node's own.
fn header_part(doc: &Doc) -> Doc {
    let keys = root_keys();
    let own = doc.entries().iter().filter(|entry| keys.contains(&&*entry.key)).cloned().collect();
    Doc { kind: DocKind::Map(own), span: doc.span }
}

fn schema(doc: &Doc, key: &str) -> Option<Value> {
    doc.given(key).filter(|schema| schema.is_map()).map(Doc::to_value)
}

/// A for-each keeps its outputs where some expression reads the node (semantics 3.8).
fn collect_where_read(lower: &Lower<'_>, root: &mut Node, defs: &mut IndexMap<Text, Node>) {
    if lower.reads.none() {
        return;
    }
    for node in std::iter::once(root).chain(defs.values_mut()) {
        collect(lower, node);
    }
}

fn collect(lower: &Lower<'_>, node: &mut Node) {
    if let NodeKind::Loop(inner) = &mut node.kind {
        inner.collect = matches!(inner.mode, weir_ir::LoopMode::ForEach { .. }) && lower.reads.contains(&node.id);
    }
    super::walk::children_mut(node, &mut |child| collect(lower, child));
}
