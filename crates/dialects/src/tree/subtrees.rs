use super::ids;
use super::types::{self, Type};
use crate::fields::short;
use crate::text::{Doc, Format};
use crate::{Loader, SourceFile};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use weir_base::{Diagnostic, Span, Text};

/// What a `SubTree` names.
pub(super) enum Target {
    /// The definition of this name.
    Tree(Text),
    Flow,
}

/// The documents sub-trees come from, and which of them are used.
pub(super) struct Trees<'a> {
    files: Vec<File<'a>>,
    /// Files by the path they were asked for from which file; `None` where there is none.
    asked: HashMap<(usize, Text), Option<usize>>,
    /// The trees in use, in the order they were found; the first is the flow's own.
    used: Vec<Used>,
    by_place: HashMap<(usize, usize), usize>,
    waiting: VecDeque<usize>,
    /// Documents of the given file that a disabled step names, itself or through others.
    aside: HashSet<usize>,
    /// Which used tree names which, and where.
    links: Vec<Link>,
    /// The used tree that is being lowered.
    current: usize,
}

struct File<'a> {
    name: String,
    source: Source<'a>,
    /// The first document of each name.
    names: HashMap<Text, usize>,
}

#[derive(Clone)]
enum Source<'a> {
    Given(&'a [Doc], &'a SourceFile),
    Loaded(Rc<(Vec<Doc>, SourceFile)>),
}

struct Used {
    file: usize,
    document: usize,
    name: Text,
}

#[derive(Clone, Copy)]
struct Link {
    from: usize,
    to: usize,
    span: Span,
}

/// A document and the file it stands in.
pub(super) struct Job<'a> {
    source: Source<'a>,
    document: usize,
    pub(super) name: Text,
}

impl Job<'_> {
    pub(super) fn doc(&self) -> &Doc {
        match &self.source {
            Source::Given(docs, _) => &docs[self.document],
            Source::Loaded(loaded) => &loaded.0[self.document],
        }
    }

    pub(super) fn text(&self) -> &str {
        match &self.source {
            Source::Given(_, file) => &file.text,
            Source::Loaded(loaded) => &loaded.1.text,
        }
    }
}

impl<'a> Trees<'a> {
    /// The trees of a file; its first document, which must be there, is the flow's own tree.
    pub(super) fn new(documents: &'a [Doc], source: &'a SourceFile, out: &mut Vec<Diagnostic>) -> Self {
        let names = names(documents, out);
        let first = Used { file: 0, document: 0, name: tree_name(&documents[0]).unwrap_or_else(|| stem(&source.name)) };
        Self {
            files: vec![File { name: source.name.clone(), source: Source::Given(documents, source), names }],
            asked: HashMap::new(),
            used: vec![first],
            by_place: HashMap::from([((0, 0), 0)]),
            waiting: VecDeque::new(),
            aside: HashSet::new(),
            links: Vec::new(),
            current: 0,
        }
    }

    /// The tree of this name: another document of the file, else the file `<name>.yaml` beside it.
    pub(super) fn find(&mut self, name: &Text, span: Span, loader: &dyn Loader, out: &mut Vec<Diagnostic>) -> Target {
        let file = self.used[self.current].file;
        let place = match self.files[file].names.get(name) {
            Some(document) => Some((file, *document)),
            None => self.load(file, name, loader, out).map(|file| (file, self.document_in(file, name))),
        };
        let Some(place) = place else {
            return Target::Flow;
        };
        let to = self.use_of(place, name);
        self.links.push(Link { from: self.current, to, span });
        Target::Tree(self.used[to].name.clone())
    }

    /// The document of this name in a file, else its first.
    fn document_in(&self, file: usize, name: &Text) -> usize {
        self.files[file].names.get(name).copied().unwrap_or(0)
    }

    fn use_of(&mut self, place: (usize, usize), name: &Text) -> usize {
        if let Some(known) = self.by_place.get(&place) {
            return *known;
        }
        let numbered = (2..).map(|number| Text::from(format!("{name}@{number}")));
        let mut candidates = std::iter::once(name.clone()).chain(numbered);
        let is_free = |name: &Text| self.used[1..].iter().all(|used| used.name != *name);
        let free = candidates.find(is_free).unwrap_or_else(|| name.clone());
        let index = self.used.len();
        self.used.push(Used { file: place.0, document: place.1, name: free });
        self.by_place.insert(place, index);
        self.waiting.push_back(index);
        index
    }

    fn load(&mut self, from: usize, name: &Text, loader: &dyn Loader, out: &mut Vec<Diagnostic>) -> Option<usize> {
        if let Some(known) = self.asked.get(&(from, name.clone())) {
            return *known;
        }
        let loaded = loader.load(&self.files[from].name, &format!("{name}.yaml"));
        let index = loaded.and_then(|file| self.add_file(file, out));
        self.asked.insert((from, name.clone()), index);
        index
    }

    fn add_file(&mut self, file: SourceFile, out: &mut Vec<Diagnostic>) -> Option<usize> {
        if let Some(known) = self.files.iter().position(|known| known.name == file.name) {
            return Some(known);
        }
        let (documents, mut problems) = crate::text::parse(&file, Format::of(&file.name));
        if documents.is_empty() && problems.is_empty() {
            let message = format!("`{}` holds no tree", short(&file.name));
            problems.push(Diagnostic::error("EMPTY_FILE", message).at(Span::new(file.id, 0, 0)));
        }
        out.append(&mut problems);
        let names = names(&documents, out);
        let is_empty = documents.is_empty();
        let name = file.name.clone();
        self.files.push(File { name, source: Source::Loaded(Rc::new((documents, file))), names });
        (!is_empty).then_some(self.files.len() - 1)
    }

    /// The next tree that is used and not lowered yet.
    pub(super) fn next(&mut self) -> Option<Job<'a>> {
        let index = self.waiting.pop_front()?;
        self.current = index;
        let used = &self.used[index];
        Some(Job { source: self.files[used.file].source.clone(), document: used.document, name: used.name.clone() })
    }

    /// How many definitions there are so far.
    pub(super) fn count(&self) -> usize {
        self.used.len() - 1
    }

    /// Trees that only a disabled step names are neither used nor useless: they wait for it to be switched on.
    pub(super) fn set_aside(&mut self, disabled: &Doc) {
        let file = &self.files[self.used[self.current].file];
        let Source::Given(documents, _) = file.source else { return };
        let mut open = vec![disabled];
        while let Some(doc) = open.pop() {
            open.extend(doc.get("children").map_or(&[][..], Doc::items));
            let Some(document) = named_tree(doc).and_then(|name| file.names.get(name)).copied() else { continue };
            if self.aside.insert(document) {
                open.push(&documents[document]);
            }
        }
    }

    /// A document of the given file that nothing uses, as if something did.
    pub(super) fn take_unused(&mut self, document: usize, name: &Text) -> Option<Job<'a>> {
        if self.aside.contains(&document) || self.by_place.contains_key(&(0, document)) {
            return None;
        }
        self.use_of((0, document), name);
        self.next()
    }

    /// The files that were read besides the given one.
    pub(super) fn into_files(self) -> Vec<SourceFile> {
        let loaded = self.files.into_iter().filter_map(|file| match file.source {
            Source::Loaded(loaded) => Some(Rc::try_unwrap(loaded).map_or_else(|shared| shared.1.clone(), |own| own.1)),
            Source::Given(..) => None,
        });
        loaded.collect()
    }

    /// Reports every way in which a tree contains itself. Answers with the names of trees that do.
    pub(super) fn cycles(&self, out: &mut Vec<Diagnostic>) -> Vec<Text> {
        let mut outgoing: Vec<Vec<Link>> = vec![Vec::new(); self.used.len()];
        for link in &self.links {
            outgoing[link.from].push(*link);
        }
        let mut found = Vec::new();
        let mut state = vec![State::New; self.used.len()];
        for start in 0..self.used.len() {
            self.search(start, &outgoing, &mut state, &mut found, out);
        }
        found
    }

    /// Depth first, without recursion: `path` holds each open tree and how many of its links were followed.
    fn search(
        &self,
        start: usize,
        links: &[Vec<Link>],
        state: &mut [State],
        found: &mut Vec<Text>,
        out: &mut Vec<Diagnostic>,
    ) {
        if state[start] != State::New {
            return;
        }
        let mut path = vec![(start, 0)];
        state[start] = State::Open;
        while let Some((tree, followed)) = path.last_mut() {
            let Some(link) = links[*tree].get(*followed).copied() else {
                state[*tree] = State::Done;
                path.pop();
                continue;
            };
            *followed += 1;
            match state[link.to] {
                State::New => {
                    state[link.to] = State::Open;
                    path.push((link.to, 0));
                }
                State::Open => {
                    let open: Vec<usize> = path.iter().map(|(tree, _)| *tree).collect();
                    out.push(self.cycle(&open, link));
                    found.push(self.used[link.to].name.clone());
                }
                State::Done => {}
            }
        }
    }

    fn cycle(&self, open: &[usize], link: Link) -> Diagnostic {
        let from = open.iter().position(|tree| *tree == link.to).unwrap_or(0);
        let names = open[from..].iter().chain([&link.to]).map(|tree| short(&self.used[*tree].name));
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        Diagnostic::error("CYCLIC_SUBTREE", format!("a tree cannot contain itself: {}", names.join(" → ")))
            .at(link.span)
            .help("to repeat a tree, put its SubTree into a While or a Repeat")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// What a document goes by: `treeId`, else `id`.
pub(super) fn tree_name(doc: &Doc) -> Option<Text> {
    doc.get("treeId").and_then(Doc::as_str).map(Text::from).or_else(|| ids::as_id(doc.get("id")?))
}

/// The tree a `SubTree` names.
fn named_tree(doc: &Doc) -> Option<&str> {
    types::find(doc.get("type")?.as_str()?).filter(|spec| spec.ty == Type::SubTree)?;
    doc.get("props")?.get("treeId")?.as_str()
}

/// What a tree without a name goes by: its file's name without folder and ending.
fn stem(file: &str) -> Text {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() { "root".into() } else { stem.into() }
}

fn names(documents: &[Doc], out: &mut Vec<Diagnostic>) -> HashMap<Text, usize> {
    let mut names = HashMap::new();
    for (index, doc) in documents.iter().enumerate() {
        let Some(name) = tree_name(doc) else { continue };
        match names.entry(name) {
            Entry::Vacant(free) => drop(free.insert(index)),
            Entry::Occupied(taken) => {
                let message = format!("two documents go by the name `{}`", short(taken.key()));
                let place = doc.get("treeId").or_else(|| doc.get("id")).map_or(doc.span, |at| at.span);
                let help = "give one of them another `treeId`";
                out.push(Diagnostic::error("DUPLICATE_ID", message).at(place).help(help));
            }
        }
    }
    names
}
