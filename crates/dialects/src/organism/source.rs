use super::keys;
use crate::fields::{self, Read, invalid, short};
use crate::text::{Doc, Format};
use crate::{Context, SourceFile};
use weir_base::Diagnostic;

/// Where the listeners of an organism are written, in file order.
#[derive(Default)]
pub(super) struct Sources {
    pub listeners: Vec<Source>,
    /// The files that were read besides the organism's own.
    pub files: Vec<SourceFile>,
}

/// The map of one listener, and the name it has where it gives none.
pub(super) struct Source {
    pub doc: Doc,
    pub stem: Option<String>,
    pub path: String,
}

/// Collects the listeners: a list in the file itself, or a directory with one file for each.
pub(super) fn collect(doc: &Doc, source: &SourceFile, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Sources {
    match doc.given("listeners") {
        Some(list) if list.is_list() => from_list(list, out),
        Some(map) if map.is_map() => from_directory(map, source, cx, out),
        Some(other) => {
            let message = format!("`listeners` is a list, or a map with `directory`, not {}", other.describe());
            out.push(invalid(other.span, "listeners", message));
            Sources::default()
        }
        None => {
            let missing = Diagnostic::error("MISSING_KEY", "this organism has no `listeners`").at(doc.span);
            out.push(
                missing.path("listeners").help("write a list: `listeners: [{name: greeter, agent: true, prompt: …}]`"),
            );
            Sources::default()
        }
    }
}

fn from_list(list: &Doc, out: &mut Vec<Diagnostic>) -> Sources {
    if list.items().is_empty() {
        out.push(
            Diagnostic::error("MISSING_KEY", "an organism needs at least one listener").at(list.span).path("listeners"),
        );
    }
    let numbered = list.items().iter().enumerate();
    let listeners =
        numbered.map(|(index, item)| Source { doc: item.clone(), stem: None, path: format!("listeners[{index}]") });
    Sources { listeners: listeners.collect(), files: Vec::new() }
}

fn from_directory(map: &Doc, source: &SourceFile, cx: &Context<'_>, out: &mut Vec<Diagnostic>) -> Sources {
    fields::check(map, keys::DIRECTORY, "listeners", out);
    let Some(directory) = map.text("directory") else {
        out.push(
            Diagnostic::error("MISSING_KEY", "`listeners` names no `directory`")
                .at(map.span)
                .path("listeners.directory"),
        );
        return Sources::default();
    };
    let mut patterns: Vec<String> = map.texts("include").iter().map(|(pattern, _)| pattern.to_string()).collect();
    if map.given("include").is_none() {
        patterns.push("*.yaml".to_owned());
    }
    let mut found = Sources::default();
    for name in cx.loader.list(&source.name, directory) {
        if patterns.iter().any(|pattern| matches(pattern, file_name(&name))) {
            found.read(directory, &name, source, cx, out);
        }
    }
    if found.listeners.is_empty() {
        let message = format!("no listener file was found in `{}`", short(directory));
        out.push(Diagnostic::error("FILE_NOT_FOUND", message).at(map.span).path("listeners.directory"));
    }
    found
}

impl Sources {
    fn read(&mut self, directory: &str, name: &str, from: &SourceFile, cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
        // A loader names what it lists relative to the organism's file; one that gives bare names is understood too.
        let beside = || cx.loader.load(&from.name, &format!("{}/{}", directory.trim_end_matches('/'), file_name(name)));
        let Some(file) = cx.loader.load(&from.name, name).or_else(beside) else {
            out.push(
                Diagnostic::error("FILE_NOT_FOUND", format!("`{}` cannot be read", short(name))).path("listeners"),
            );
            return;
        };
        // An organism may live in the directory of its listeners, without being one of them.
        if file.name == from.name {
            return;
        }
        let (documents, mut problems) = crate::text::parse(&file, Format::of(&file.name));
        let broken = !problems.is_empty();
        out.append(&mut problems);
        let mut documents = documents.into_iter();
        match documents.next() {
            Some(doc) => self.listeners.push(Source { doc, stem: Some(stem(name)), path: stem(name) }),
            None if broken => {}
            None => out.push(
                Diagnostic::error("EMPTY_FILE", format!("`{}` holds no listener", short(name))).path("listeners"),
            ),
        }
        let message = "a listener's file is one document; this one is not read";
        out.extend(
            documents.map(|doc| Diagnostic::error("UNEXPECTED_DOCUMENT", message).at(doc.span).path(stem(name))),
        );
        self.files.push(file);
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(path: &str) -> String {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// Whether a file name fits a pattern, in which `*` stands for any text and `?` for any one character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match (pattern.get(from), star) {
            (Some('*'), _) => {
                star = Some((from, at));
                from += 1;
            }
            (Some(wanted), _) if *wanted == '?' || *wanted == name[at] => (at, from) = (at + 1, from + 1),
            (_, Some((back, tried))) => {
                star = Some((back, tried + 1));
                (at, from) = (tried + 1, back + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[from..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        let cases = [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("a?c*", "abcd", true),
            ("*a*b", "xaxbxb", true),
            ("", "x", false),
            ("**", "", true),
        ];
        for (pattern, name, fits) in cases {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150)));
    }

    #[test]
    fn the_stem_is_the_name_without_its_ending() {
        let cases =
            [("listeners/greeter.yaml", "greeter"), ("search.google.yaml", "search.google"), ("plain", "plain")];
        for (path, expected) in cases {
            assert_eq!(stem(path), expected);
        }
    }
}
