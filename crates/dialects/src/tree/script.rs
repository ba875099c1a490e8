use super::leaves::success;
use super::lower::Lower;
use crate::text::Doc;
use weir_base::{Diagnostic, Span};
use weir_expr::{Statement, Template};
use weir_ir::{NodeKind, SetOp, Target, VarScope, Write};

impl Lower<'_> {
    /// The statements of a script as writes, in order.
    pub(super) fn statements(&mut self, doc: &Doc, source: &str) -> NodeKind {
        let script = match weir_expr::parse_script(source) {
            Ok(script) => script,
            Err(problems) => {
                for problem in problems {
                    let mut found: Diagnostic = problem.to_diagnostic(None);
                    found.span = Some(self.within(doc, problem.range.start, problem.range.end));
                    self.out.push(found);
                }
                return success();
            }
        };
        NodeKind::Set {
            writes: script.statements.into_iter().map(|statement| self.statement(doc, statement)).collect(),
        }
    }

    fn statement(&mut self, doc: &Doc, statement: Statement) -> Write {
        let span = self.within(doc, statement.range.start, statement.range.end);
        let expr = self.expr_in_tree(&statement.expr).at(span);
        let target = statement.target.map(|name| Target { scope: VarScope::Run, name: Template::Value(name.into()) });
        Write { target, op: SetOp::Script, value: Template::Expr(expr) }
    }

    /// The place of the bytes `start..end` of a text.
    fn within(&self, doc: &Doc, start: usize, end: usize) -> Span {
        let content = doc.content_span();
        let (Some(before), Some(written)) =
            (self.source.get(..content.start as usize), self.source.get(content.range()))
        else {
            return content.slice(start, end);
        };
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        if !before[line..].trim().is_empty() {
            return content.slice(start, end);
        }
        let indent = before.len() - line;
        content.slice(in_block(written, indent, start), in_block(written, indent, end))
    }
}

/// Where byte `at` of a block's text stands in the block as it is written, its lines indented by `indent`.
fn in_block(written: &str, indent: usize, at: usize) -> usize {
    let (mut text_at, mut place) = (0, 0);
    for (number, line) in written.split_inclusive('\n').enumerate() {
        let margin = if number == 0 { 0 } else { line.len() - line.trim_start_matches(' ').len() }.min(indent);
        let length = line.len() - margin;
        if at < text_at + length {
            return place + margin + (at - text_at);
        }
        text_at += length;
        place += line.len();
    }
    place
}
