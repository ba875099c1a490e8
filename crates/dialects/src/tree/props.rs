use super::lower::{At, Lower};
use crate::fields::{list, near, short};
use crate::template;
use crate::text::{Doc, DocKind};
use weir_base::{Diagnostic, Duration, Span, Text, Value};
use weir_expr::{Expr, Template};

/// Reading single props. Whatever is wrong is reported once, and then reads as if it were left out.
impl Lower<'_> {
    /// Any value, with templates.
    pub(super) fn any(&mut self, at: &At<'_>, name: &str) -> Option<Template> {
        let doc = at.prop(name)?;
        Some(self.template(doc))
    }

    pub(super) fn template(&mut self, doc: &Doc) -> Template {
        if !has_braces(doc) {
            return Template::Value(doc.to_value());
        }
        let template = template::of(doc, &mut self.out);
        self.in_tree(&template)
    }

    /// Any value; it must be there.
    pub(super) fn required(&mut self, at: &At<'_>, name: &str) -> Template {
        match self.any(at, name) {
            Some(template) => template,
            None => {
                self.missing(at, name);
                Template::Value(Value::Null)
            }
        }
    }

    /// A whole number of at least `least`, or an expression for one.
    pub(super) fn count(&mut self, at: &At<'_>, name: &str, least: u64) -> Option<Template> {
        let template = self.any(at, name)?;
        let Some(value) = template.constant() else {
            return Some(template);
        };
        if value.as_u64().is_some_and(|number| number >= least) {
            return Some(template);
        }
        let wanted = match least {
            0 => "a whole number, 0 or more".to_owned(),
            1 => "a whole number, 1 or more".to_owned(),
            _ => format!("a whole number of at least {least}"),
        };
        self.invalid(at, name, &wanted);
        None
    }

    /// A time: milliseconds as a whole number of at least `least`, a duration as text, or an expression for either.
    pub(super) fn time(&mut self, at: &At<'_>, name: &str, least: u64) -> Option<Template> {
        let template = self.any(at, name)?;
        let millis = match template.constant() {
            None => return Some(template),
            Some(Value::String(text)) => Duration::parse(&text).ok().map(|time| time.millis),
            Some(other) => other.as_u64(),
        };
        if millis.is_some_and(|millis| millis >= least) {
            return Some(template);
        }
        let wanted =
            if least > 0 { "a positive number of milliseconds" } else { "a number of milliseconds, 0 or more" };
        let doc = at.prop(name).unwrap_or(at.doc);
        let message = format!("`{name}` is {wanted}, or a duration such as `30s`, not {}", shown(doc));
        let code = if millis.is_some() { "INVALID_PROP" } else { "INVALID_DURATION" };
        self.out.push(Diagnostic::error(code, message).at(doc.span).path(&*at.id));
        None
    }

    /// Text that is known before the run, such as the name of a variable.
    pub(super) fn word(&mut self, at: &At<'_>, name: &str) -> Option<Text> {
        let doc = at.prop(name)?;
        match doc.as_str() {
            Some("") | None => self.invalid(at, name, "text"),
            Some(text) if text.contains("{{") => self.invalid(at, name, "plain text, known before the run"),
            Some(text) => return Some(text.into()),
        }
        None
    }

    pub(super) fn required_word(&mut self, at: &At<'_>, name: &str) -> Option<Text> {
        if at.prop(name).is_none() {
            self.missing(at, name);
        }
        self.word(at, name)
    }

    /// One of a few words; the first where it is left out or wrong.
    pub(super) fn choice(&mut self, at: &At<'_>, name: &str, choices: &[&'static str]) -> &'static str {
        let Some(doc) = at.prop(name) else {
            return choices[0];
        };
        let found = doc.as_str().and_then(|text| choices.iter().copied().find(|choice| *choice == text));
        if let Some(choice) = found {
            return choice;
        }
        let message = format!("`{name}` is one of {}, not {}", list(choices.iter().copied()), shown(doc));
        let problem = Diagnostic::error("INVALID_PROP", message).at(doc.span).path(&*at.id);
        self.out.push(match doc.as_str().and_then(|text| near(text, choices.iter().copied())) {
            Some(choice) => problem.help(format!("did you mean `{choice}`?")).suggest(choice),
            None => problem,
        });
        choices[0]
    }

    /// An expression, bare or within `{{ }}`.
    pub(super) fn expression(&mut self, doc: &Doc) -> Option<Expr> {
        let text = doc.as_str()?;
        let span = doc.content_span();
        let parsed = match text.contains("{{").then(|| Template::parse_text(text)) {
            Some(Ok(Template::Expr(expr))) => Ok(expr),
            Some(Err(problems)) => Err(problems),
            _ => Expr::parse(text),
        };
        match parsed {
            Ok(expr) => Some(self.expr_in_tree(&expr.at(span))),
            Err(problems) => {
                self.out.extend(problems.iter().map(|problem| problem.to_diagnostic(Some(span))));
                None
            }
        }
    }

    /// An expression written here, in the code, from parts that are known to fit.
    pub(super) fn built(&mut self, source: &str, span: Span) -> Expr {
        match Expr::parse(source) {
            Ok(expr) => expr.at(span),
            Err(problems) => {
                let first = problems.into_iter().next().map_or_else(String::new, |problem| problem.message);
                self.out.push(Diagnostic::error("INVALID_PROP", first).at(span));
                Expr::constant(Value::Null)
            }
        }
    }

    pub(super) fn missing(&mut self, at: &At<'_>, name: &str) {
        let message = format!("{} needs the prop `{name}`", short(at.ty));
        self.out.push(Diagnostic::error("MISSING_PROP", message).at(at.type_span()).path(&*at.id));
    }

    pub(super) fn invalid(&mut self, at: &At<'_>, name: &str, wanted: &str) {
        let doc = at.prop(name).unwrap_or(at.doc);
        let message = format!("`{name}` is {wanted}, not {}", shown(doc));
        self.out.push(Diagnostic::error("INVALID_PROP", message).at(doc.span).path(&*at.id));
    }
}

/// Whether there may be an expression somewhere in a value.
fn has_braces(doc: &Doc) -> bool {
    match &doc.kind {
        DocKind::String(text) => text.contains("{{"),
        DocKind::List(items) => items.iter().any(has_braces),
        DocKind::Map(entries) => entries.iter().any(|entry| has_braces(&entry.value)),
        _ => false,
    }
}

/// A short scalar as it is written, anything else by its type.
fn shown(doc: &Doc) -> String {
    match (doc.as_str(), doc.as_f64()) {
        (Some(""), _) => "empty".to_owned(),
        (Some(text), _) if text.chars().count() <= 40 => format!("`{text}`"),
        (_, Some(number)) => format!("`{}`", weir_base::format_number(number)),
        _ => doc.describe().to_owned(),
    }
}
