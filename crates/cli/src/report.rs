use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use weir_base::{Diagnostic, LineIndex, Severity, Span, Value};
use weir_dialects::SourceFile;

/// The longest line of source that is shown; a file of one long line shows its place only.
const LONGEST_LINE: usize = 400;

/// Prints diagnostics to stderr, each with its place in the text, and a last line that counts them.
pub fn print(diagnostics: &[Diagnostic], files: &[SourceFile]) {
    print_each(diagnostics, files);
    if let Some(summary) = summary(diagnostics) {
        crate::errln!("{summary}");
    }
}

/// [`print`] without the last line.
pub fn print_each(diagnostics: &[Diagnostic], files: &[SourceFile]) {
    let renderer = if crate::show::is_rich() { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    for diagnostic in diagnostics {
        crate::errln!("{}\n", render(&renderer, diagnostic, files));
    }
}

/// `2 errors, 1 warning`; nothing where there is nothing.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = |severity: Severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let word = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (count(Severity::Error), count(Severity::Warning)) {
        (0, 0) => None,
        (0, warnings) => Some(word(warnings, "warning")),
        (errors, 0) => Some(word(errors, "error")),
        (errors, warnings) => Some(format!("{}, {}", word(errors, "error"), word(warnings, "warning"))),
    }
}

fn render(renderer: &Renderer, diagnostic: &Diagnostic, files: &[SourceFile]) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.clone());
    let mut group = match place(diagnostic, files) {
        Some((file, span)) => title.element(
            Snippet::source(file.text.as_str()).path(file.name.as_str()).annotation(AnnotationKind::Primary.span(span)),
        ),
        None => match whereabouts(diagnostic, files) {
            Some(place) => title.element(Level::NOTE.message(format!("at {}", visible(&place)))),
            None => Group::with_title(title),
        },
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// Control characters in a user's text must not reach the terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// The file and the first line of the span within it.
fn place<'a>(diagnostic: &Diagnostic, files: &'a [SourceFile]) -> Option<(&'a SourceFile, std::ops::Range<usize>)> {
    let span = diagnostic.span?;
    let file = file_of(span, files)?;
    let (start, end) = (floor(&file.text, span.start as usize), floor(&file.text, span.end as usize));
    let line_end = file.text[start..].find('\n').map_or(file.text.len(), |at| start + at);
    let line_start = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
    if line_end - line_start > LONGEST_LINE {
        return None;
    }
    Some((file, start..end.clamp(start, line_end)))
}

/// Where a problem is that has no text to be shown: `flow.json:1:5120`, the step, or the file alone.
fn whereabouts(diagnostic: &Diagnostic, files: &[SourceFile]) -> Option<String> {
    let placed = diagnostic.span.and_then(|span| Some((span, file_of(span, files)?)));
    if let Some((span, file)) = placed {
        let at = LineIndex::new(&file.text).position(span.start);
        return Some(format!("{}:{}:{}", file.name, at.line, at.column));
    }
    match diagnostic.path.is_empty() {
        true => files.first().map(|file| file.name.clone()),
        false => Some(diagnostic.path.to_string()),
    }
}

fn file_of(span: Span, files: &[SourceFile]) -> Option<&SourceFile> {
    files.iter().find(|file| file.id == span.file)
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The JSON form: `code, severity, message, path, file, span {start, end, line, column, endLine, endColumn}, help, suggestion`.
pub fn to_json(diagnostic: &Diagnostic, files: &[SourceFile]) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let file = diagnostic.span.and_then(|span| file_of(span, files));
    Value::object([
        ("code", diagnostic.code.as_str().into()),
        ("severity", severity.into()),
        ("message", diagnostic.message.as_str().into()),
        ("path", diagnostic.path.as_str().into()),
        ("file", file.map(|file| file.name.as_str()).into()),
        ("span", diagnostic.span.zip(file).map(|(span, file)| span_json(span, &file.text)).into()),
        ("help", diagnostic.help.as_deref().into()),
        ("suggestion", diagnostic.suggestion.as_deref().into()),
    ])
}

fn span_json(span: Span, text: &str) -> Value {
    let lines = LineIndex::new(text);
    let (from, to) = (lines.position(span.start), lines.position(span.end));
    Value::object([
        ("start", span.start.into()),
        ("end", span.end.into()),
        ("line", from.line.into()),
        ("column", from.column.into()),
        ("endLine", to.line.into()),
        ("endColumn", to.column.into()),
    ])
}
