use crate::Kind;
use std::collections::HashMap;
use std::sync::Arc;
use weir_base::{Diagnostic, Text};
use weir_catalog::{Catalog, Record};

/// A built-in kind: its record's text and, where it can be performed as a task, its implementation.
pub struct Registration {
    pub record: &'static str,
    pub kind: Option<Arc<dyn Kind>>,
}

/// Records and their implementations.
#[derive(Default)]
pub struct Registry {
    pub(crate) catalog: Catalog,
    /// Looked up, never walked.
    pub(crate) kinds: HashMap<Text, Arc<dyn Kind>>,
}

impl Registry {
    pub fn from_registrations(all: impl IntoIterator<Item = Registration>) -> Result<Self, Box<Diagnostic>> {
        let mut registry = Self::default();
        all.into_iter().try_for_each(|registration| registry.add(registration))?;
        Ok(registry)
    }

    pub fn add(&mut self, registration: Registration) -> Result<(), Box<Diagnostic>> {
        let name = self.catalog.embed(registration.record)?.name.clone();
        self.kinds.extend(registration.kind.map(|kind| (name, kind)));
        Ok(())
    }

    /// Adds a kind whose record was made or read at run time.
    pub fn insert(&mut self, record: Record, kind: Option<Arc<dyn Kind>>) -> Result<(), Box<Diagnostic>> {
        let name = self.catalog.insert(record)?.name.clone();
        self.kinds.extend(kind.map(|kind| (name, kind)));
        Ok(())
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}
