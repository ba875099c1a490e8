//! What an expression would give at a place of a run, as somebody looks at it: nothing is changed, nothing is asked.

use crate::Machine;
use crate::arena::Ix;
use crate::frame::State;
use crate::scope::View;
use crate::step::pure::refuse_sealed;
use weir_base::{Diagnostic, FileId, Span, Text, Value};
use weir_expr::{EvalError, Expr, Fuel, Template};

/// What is looked at. Spans in problems count bytes of the expression, or of a template that is one text.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    Expression(Text),
    Template(Value),
}

impl Machine {
    /// The step at `path` where it is live, else the nearest live region around it; empty for the run itself.
    pub fn nearest_live(&self, path: &str) -> Text {
        let mut path = path;
        while !path.is_empty() && self.core.live(path).is_none() {
            // `items[2]` lies within `items`.
            let cut = if path.ends_with(']') { path.rfind('[') } else { path.rfind('/') };
            path = &path[..cut.unwrap_or(0)];
        }
        path.into()
    }

    /// The value as the step at `path`, or the nearest live region around it, would see it; none for undefined.
    /// A secret has no value here.
    pub fn preview(&self, path: &str, what: &Preview) -> Result<Option<Value>, Vec<Diagnostic>> {
        let view = View::new(&self.core, &self.plan, self.names_at(&self.nearest_live(path)));
        let value = match what {
            Preview::Expression(source) => expression(source, &view)?,
            Preview::Template(value) => template(value, &view)?,
        };
        match value.as_ref().map_or(Ok(()), refuse_sealed) {
            Ok(()) => Ok(value),
            Err(error) if error.code.as_ref() == "SECRET_NOT_ALLOWED" => {
                let message = "the value of a secret is not shown: it is put in where a step uses it";
                Err(vec![Diagnostic::error("SECRET_NOT_ALLOWED", message)])
            }
            Err(error) => Err(vec![Diagnostic::error("VALUE_NOT_JSON", error.message.to_string())]),
        }
    }

    /// The innermost names: those a graph gives its nodes, where a graph stands there.
    fn names_at(&self, path: &str) -> Ix {
        let root = self.core.root_env.unwrap_or(Ix::NONE);
        let frame = if path.is_empty() { self.core.root } else { self.core.live(path) };
        let Some(frame) = frame.and_then(|ix| self.core.frames.get(ix)) else { return root };
        match &frame.state {
            State::Graph(graph) => graph.names().unwrap_or(frame.env),
            _ if path.is_empty() => root,
            _ => frame.env,
        }
    }
}

fn expression(source: &str, view: &View<'_>) -> Result<Option<Value>, Vec<Diagnostic>> {
    let whole = whole(source);
    let told =
        |problems: Vec<weir_expr::Problem>| problems.iter().map(|one| one.to_diagnostic(whole)).collect::<Vec<_>>();
    let expr = Expr::parse(source).map_err(told)?;
    let value = expr.eval_or_undefined(view, &mut Fuel::default());
    value.map_err(|error| vec![error.to_diagnostic(whole)])
}

fn template(value: &Value, view: &View<'_>) -> Result<Option<Value>, Vec<Diagnostic>> {
    let text = value.as_str();
    let told = |problems: Vec<weir_expr::Problem>| {
        problems.iter().map(|one| one.to_diagnostic(text.and_then(whole))).collect::<Vec<_>>()
    };
    let mut template = Template::parse(value).map_err(told)?;
    template.set_spans(&mut |pointer| text.filter(|_| pointer.is_empty()).and_then(whole));
    let value = template.eval_or_undefined(view, &mut Fuel::default());
    value.map_err(|error| vec![placed(&template, view, error)])
}

/// The problem at the expression that has it.
fn placed(template: &Template, view: &View<'_>, error: EvalError) -> Diagnostic {
    let mut found = None;
    let mut fuel = Fuel::default();
    template.for_each_expr(&mut |expr| {
        if found.is_none() && expr.eval_or_undefined(view, &mut fuel).as_ref() == Err(&error) {
            found =
                Some(Diagnostic::error(error.code, error.message.clone()).maybe_at(expr.span_of(error.range.clone())));
        }
    });
    found.unwrap_or_else(|| error.to_diagnostic(None))
}

fn whole(text: &str) -> Option<Span> {
    Some(Span { file: FileId(0), start: 0, end: u32::try_from(text.len()).ok()? })
}
