use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use weir_base::{Diagnostic, FileId, LineIndex, Severity, Span, Value};
use weir_dialects::SourceFile;

/// The longest line of source that is shown; a file of one long line shows its place only.
const LONGEST_LINE: usize = 400;

/// The texts problems stand in, with the beginnings of their lines looked up once for all of them.
pub struct Places<'a>(Vec<(&'a SourceFile, LineIndex<'a>)>);

impl<'a> Places<'a> {
    pub fn of(files: &'a [SourceFile]) -> Self {
        Self(files.iter().map(|file| (file, LineIndex::new(&file.text))).collect())
    }

    fn file(&self, span: Span) -> Option<&(&'a SourceFile, LineIndex<'a>)> {
        self.0.iter().find(|(file, _)| file.id == span.file)
    }
}

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
    let places = Places::of(files);
    for diagnostic in diagnostics {
        crate::errln!("{}\n", render(&renderer, diagnostic, &places));
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

fn render(renderer: &Renderer, diagnostic: &Diagnostic, places: &Places) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.clone());
    let mut group = match excerpt(diagnostic, places) {
        Some(excerpt) => title.element(
            Snippet::source(excerpt.text)
                .line_start(excerpt.line)
                .path(excerpt.file)
                .annotation(AnnotationKind::Primary.span(excerpt.marked)),
        ),
        None => match whereabouts(diagnostic, places) {
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

/// The first line of what a diagnostic is about.
struct Excerpt<'a> {
    file: &'a str,
    text: &'a str,
    /// Its number, counted from 1.
    line: usize,
    /// The part that is marked.
    marked: std::ops::Range<usize>,
}

fn excerpt<'a>(diagnostic: &Diagnostic, places: &Places<'a>) -> Option<Excerpt<'a>> {
    let span = diagnostic.span?;
    let (file, lines) = places.file(span)?;
    let (start, end) = (floor(&file.text, span.start as usize), floor(&file.text, span.end as usize));
    let line_start = file.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = file.text[start..].find('\n').map_or(file.text.len(), |at| start + at);
    if line_end - line_start > LONGEST_LINE {
        return None;
    }
    Some(Excerpt {
        file: &file.name,
        text: &file.text[line_start..line_end],
        line: lines.position(span.start).line as usize,
        marked: start - line_start..end.clamp(start, line_end) - line_start,
    })
}

/// Where a problem is that has no text to be shown: `flow.json:1:5120`, the step, or the file alone.
fn whereabouts(diagnostic: &Diagnostic, places: &Places) -> Option<String> {
    let placed = diagnostic.span.and_then(|span| Some((span, places.file(span)?)));
    if let Some((span, (file, lines))) = placed {
        let at = lines.position(span.start);
        return Some(format!("{}:{}:{}", file.name, at.line, at.column));
    }
    match diagnostic.path.is_empty() {
        true => places.0.first().map(|(file, _)| file.name.clone()),
        false => Some(diagnostic.path.to_string()),
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The JSON form: `code, severity, message, path, file, span {start, end, line, column, endLine, endColumn}, help, suggestion`.
pub fn to_json(diagnostic: &Diagnostic, places: &Places) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let placed = diagnostic.span.and_then(|span| Some((span, places.file(span)?)));
    Value::object([
        ("code", diagnostic.code.as_str().into()),
        ("severity", severity.into()),
        ("message", diagnostic.message.as_str().into()),
        ("path", diagnostic.path.as_str().into()),
        ("file", placed.map(|(_, (file, _))| file.name.as_str()).into()),
        ("span", placed.map(|(span, (_, lines))| span_json(span, lines)).into()),
        ("help", diagnostic.help.as_deref().into()),
        ("suggestion", diagnostic.suggestion.as_deref().into()),
    ])
}

fn span_json(span: Span, lines: &LineIndex) -> Value {
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

/// The problems of a flow that came with a server's refusal, one a line.
pub fn of_server(error: &anyhow::Error) {
    let Some(error) = error.downcast_ref::<weir_client::ClientError>() else { return };
    error.diagnostics().iter().for_each(|diagnostic| crate::errln!("  {}", server_line(diagnostic)));
}

/// What a server finds in a flow, each problem with its place in the flow's files, as [`print_each`] shows them.
pub fn print_of_server(found: &Value, flow: &Value) {
    let listed = |of: &'_ Value, name: &str| of.get(name).and_then(Value::as_array).unwrap_or_default().to_vec();
    let (names, texts) = (listed(found, "files"), listed(flow, "files"));
    let text_of = |name: &Value| texts.iter().find(|file| file.get("name") == Some(name))?.get("text")?.as_str();
    let file = |(id, name): (usize, &Value)| {
        let text = text_of(name)?.to_owned();
        Some(SourceFile { id: FileId(u32::try_from(id).ok()?), name: name.as_str()?.to_owned(), text })
    };
    let files: Vec<SourceFile> = names.iter().enumerate().filter_map(file).collect();
    let mut problems = Vec::new();
    for problem in listed(found, "diagnostics") {
        match serde_json::from_str::<Diagnostic>(&problem.to_json()) {
            Ok(problem) => problems.push(problem),
            // A newer server may say more than this program knows.
            Err(_) => crate::errln!("{}\n", server_line(&problem)),
        }
    }
    print_each(&problems, &files);
}

/// A problem of a flow as a server tells it.
fn server_line(diagnostic: &Value) -> String {
    let member = |name: &str| diagnostic.get(name).and_then(Value::as_str).unwrap_or_default();
    let place = if member("path").is_empty() { String::new() } else { format!(" at {}", member("path")) };
    let help = if member("help").is_empty() { String::new() } else { format!("; {}", member("help")) };
    let line = format!("{}[{}]{place}: {}{help}", member("severity"), member("code"), member("message"));
    visible(&line).replace('\n', " ")
}
