use crate::{Component, Record, component_from_yaml, record_from_yaml};
use indexmap::IndexMap;
use std::sync::OnceLock;
use weir_base::{Diagnostic, Text, closest};

/// Kinds by name, in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    entries: IndexMap<Text, Entry>,
    /// Tree names, and kind names and aliases in lower case, to places in `entries`.
    trees: IndexMap<Text, usize>,
    names: IndexMap<String, usize>,
}

/// One kind. Its record is read when it is first asked for.
#[derive(Clone, Debug)]
pub struct Entry {
    component: Component,
    text: Option<&'static str>,
    record: OnceLock<Option<Record>>,
}

impl Entry {
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The whole record; `None` only where embedded text is broken past its first section.
    pub fn record(&self) -> Option<&Record> {
        let read = || self.text.and_then(|text| record_from_yaml(text).ok());
        self.record.get_or_init(read).as_ref()
    }
}

impl Catalog {
    /// Adds a record compiled into the program; only its first section is read now.
    pub fn embed(&mut self, text: &'static str) -> Result<&Component, Box<Diagnostic>> {
        let component = component_from_yaml(text)?;
        self.put(Entry { component, text: Some(text), record: OnceLock::new() })
    }

    /// Adds a record that was read already. A name that is taken is a `RECORD_DUPLICATE`.
    pub fn insert(&mut self, record: Record) -> Result<&Component, Box<Diagnostic>> {
        let component = record.component.clone();
        self.put(Entry { component, text: None, record: OnceLock::from(Some(record)) })
    }

    fn put(&mut self, entry: Entry) -> Result<&Component, Box<Diagnostic>> {
        let component = &entry.component;
        let names: Vec<String> =
            std::iter::once(&component.name).chain(&component.aliases).map(|name| name.to_lowercase()).collect();
        let taken = names.iter().find(|name| self.names.contains_key(*name)).map(String::as_str);
        let taken = taken.or(component.tree.as_deref().filter(|tree| self.trees.contains_key(*tree)));
        if let Some(name) = taken {
            let message = format!("kind `{}`: the name `{name}` is taken by another kind", component.name);
            return Err(Box::new(Diagnostic::error("RECORD_DUPLICATE", message)));
        }
        let place = self.entries.len();
        self.names.extend(names.into_iter().map(|name| (name, place)));
        self.trees.extend(component.tree.clone().map(|tree| (tree, place)));
        let name = component.name.clone();
        Ok(&self.entries.entry(name).or_insert(entry).component)
    }

    /// By kind name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    pub fn record(&self, name: &str) -> Option<&Record> {
        self.get(name)?.record()
    }

    /// By the type name trees use.
    pub fn by_tree(&self, tree: &str) -> Option<&Entry> {
        self.trees.get(tree).map(|place| &self.entries[*place])
    }

    /// By kind name or any other name graphs know it under, in whatever case.
    pub fn by_name(&self, name: &str) -> Option<&Entry> {
        self.get(name).or_else(|| self.names.get(&name.to_lowercase()).map(|place| &self.entries[*place]))
    }

    /// The kind a person most likely meant.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        closest(name, self.entries.keys().map(|known| &**known))
    }

    pub fn suggest_tree(&self, tree: &str) -> Option<&str> {
        closest(tree, self.trees.keys().map(|known| &**known))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "component:\n  name: log\n  title: Log\n  summary: Logs.\n  tree: LogMessage\n  aliases: [Log-It]\n  vendor: core\n  category: data\n  complexity: low\n  version: 1.0.0\n  effect: pure\n  implementation: task\n";

    #[test]
    fn a_kind_is_found_under_each_of_its_names() {
        let mut catalog = Catalog::default();
        catalog.embed(LOG).unwrap();
        let name = |entry: Option<&Entry>| entry.map(|entry| entry.component().name.to_string());
        let log = Some("log".to_owned());
        assert_eq!(name(catalog.get("log")), log);
        assert_eq!(name(catalog.by_tree("LogMessage")), log);
        assert_eq!(name(catalog.by_name("LOG-it")), log);
        assert_eq!(name(catalog.by_tree("log")), None);
        assert_eq!(catalog.suggest("lgo"), Some("log"));
        assert_eq!(catalog.suggest_tree("LogMesage"), Some("LogMessage"));
        assert!(catalog.record("log").is_none(), "the sections after the first are missing");
        assert_eq!(catalog.embed(LOG).unwrap_err().code, "RECORD_DUPLICATE");
    }
}
