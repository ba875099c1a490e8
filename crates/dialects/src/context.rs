use indexmap::IndexMap;
use weir_base::{FileId, Text, Value};

/// One source text and the name it goes by: a path, relative to where Weir was started.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub id: FileId,
    pub name: String,
    pub text: String,
}

/// Brings in the files a flow refers to. The caller decides what may be read.
pub trait Loader {
    /// The file at `path`, relative to the file `from`; `None` where it does not exist or may not be read.
    fn load(&self, from: &str, path: &str) -> Option<SourceFile>;
    /// The names of the files in a directory, sorted, relative to the file `from`.
    fn list(&self, from: &str, directory: &str) -> Vec<String>;
}

/// A loader that finds nothing.
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _: &str, _: &str) -> Option<SourceFile> {
        None
    }

    fn list(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// A kind as a dialect sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leaf {
    /// The kind's name, such as `http.request`.
    pub kind: Text,
    /// The type name trees use, such as `HttpRequest`.
    pub tree: Text,
    /// The variable a tree leaf writes its output to where it names no `outputKey`.
    pub output_key: Option<Text>,
    /// The parameters it takes, for "did you mean" and for telling parameters from node settings.
    pub params: Vec<Text>,
    /// One sentence on what it does, for a model that may call it.
    pub summary: Text,
    /// JSON Schema of its parameters; null where it is not known.
    pub schema: Value,
    /// The engine performs it itself, so it becomes a pure step.
    pub engine: bool,
}

impl Leaf {
    /// What a model is told of it as a tool.
    pub(crate) fn purpose(&self) -> Text {
        if self.summary.is_empty() { format!("Runs {}.", self.kind).into() } else { self.summary.clone() }
    }

    /// Whether it has a parameter `input`, as far as its parameters are known.
    pub(crate) fn takes_input(&self) -> bool {
        let unknown = self.params.is_empty() && self.schema.is_null();
        unknown || self.params.iter().any(|param| &**param == "input")
    }

    /// JSON Schema of what a model gives it as a tool: that of its parameters, or only their names.
    pub(crate) fn arguments(&self) -> Value {
        if !self.schema.is_null() {
            return self.schema.clone();
        }
        let properties = self.params.iter().map(|param| (&**param, Value::object([])));
        Value::object([
            ("type", "object".into()),
            ("properties", Value::object(properties)),
            ("additionalProperties", false.into()),
        ])
    }
}

/// The names of kinds, without what they do.
pub trait Names {
    /// By the type name trees use.
    fn by_tree(&self, tree: &str) -> Option<Leaf>;
    /// By kind name, or by another name graphs know it under (a component or activity name).
    fn by_kind(&self, name: &str) -> Option<Leaf>;
}

/// What a flow may be given from outside its file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Meanings for handler names; these win over the file's own.
    pub bindings: IndexMap<Text, Binding>,
    /// Whether disabled steps are read as if they were not, and marked: for a flow that is written again, never for
    /// one that is run.
    pub keep_disabled: bool,
}

/// What a handler name stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// A kind with parameters.
    Kind { kind: Text, params: Value },
    /// Another flow of the project, or a file.
    Flow(Text),
    /// A step in the tree dialect.
    Step(Value),
}
