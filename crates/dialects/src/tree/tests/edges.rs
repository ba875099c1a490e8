use super::Kinds;
use crate::text::{Doc, Format};
use crate::{Context, NoFiles, Options, SourceFile};
use weir_base::{Diagnostic, FileId};
use weir_ir::{Node, NodeKind};

fn step(text: &str) -> (Node, Vec<Diagnostic>) {
    let source = SourceFile { id: FileId(0), name: "step.yaml".to_owned(), text: text.to_owned() };
    let (docs, _) = crate::text::parse(&source, Format::Yaml);
    let options = Options::default();
    let doc: &Doc = &docs[0];
    crate::tree::lower_step(doc, "handler", &Context { loader: &NoFiles, names: &Kinds, options: &options })
}

#[test]
fn a_step_of_another_dialect() {
    let (node, problems) = step("type: PrintAction\nprops: {message: '{{ message.payload }} {{ x }}'}\n");
    assert!(problems.is_empty());
    assert_eq!(&*node.id, "handler");
    let NodeKind::Task(task) = &node.kind else { panic!("{node:?}") };
    assert_eq!(task.params.to_value().to_json(), r#"{"message":"{{ message.payload }} {{ vars.x }}"}"#);
    assert_eq!(&*step("type: SuccessNode\nid: own\n").0.id, "own");
    assert!(matches!(step("type: SubTree\nprops: {treeId: x}\n").0.kind, NodeKind::Call(_)));
    assert_eq!(step("- a\n").1[0].code, "STRUCTURE");
}
