use crate::{ControlError, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use weir_base::{Micros, Text};
use weir_store::{Document, DocumentFilter, DocumentPage, Documents, Scope, Table};

/// Something the control plane keeps: one struct, one table.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    const TABLE: Table;
    /// What it is called in messages and in the audit log.
    const WHAT: &'static str;
    /// Whether changes of it are written to the audit log.
    const AUDITED: bool = true;

    /// What it is listed under.
    fn parent(&self) -> Text {
        "".into()
    }

    /// Unique among those of the same tenant and parent.
    fn name(&self) -> Text {
        "".into()
    }

    /// Unique among all.
    fn lookup(&self) -> Option<Text> {
        None
    }

    /// A second thing to list by.
    fn label(&self) -> Text {
        "".into()
    }

    /// As the audit log shows it: without anything that opens a door.
    fn shown(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    pub tenant: Text,
    pub id: Text,
    pub revision: u64,
    pub created_at: Micros,
    pub updated_at: Micros,
    pub value: T,
}

impl<T: Record> Kept<T> {
    pub fn read(document: Document) -> Result<Self> {
        let damaged = |error| ControlError::Unavailable(format!("{} `{}` is damaged: {error}", T::WHAT, document.id));
        let value = serde_json::from_str(&document.body).map_err(damaged)?;
        let Document { tenant, id, revision, created_at, updated_at, .. } = document;
        Ok(Self { tenant, id, revision, created_at, updated_at, value })
    }

    pub fn document(&self) -> Document {
        Document {
            tenant: self.tenant.clone(),
            id: self.id.clone(),
            parent: self.value.parent(),
            name: self.value.name(),
            lookup: self.value.lookup(),
            label: self.value.label(),
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
            body: serde_json::to_string(&self.value).unwrap_or_default().into(),
        }
    }
}

/// Part of a list, as it is asked for: `after` is the `next` of the part before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageOf {
    pub after: Option<Text>,
    pub limit: u32,
}

/// Part of a list. `next` is there where there is more.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<Text>,
}

impl<T> Listed<T> {
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// The record with this id, if the scope has it.
pub async fn find<T: Record>(documents: &dyn Documents, scope: &Scope, id: &str) -> Result<Option<Kept<T>>> {
    documents.document(scope, T::TABLE, id).await?.map(Kept::read).transpose()
}

/// As [`find`]; an error where there is none.
pub async fn get<T: Record>(documents: &dyn Documents, scope: &Scope, id: &str) -> Result<Kept<T>> {
    find(documents, scope, id).await?.ok_or(ControlError::NotFound { what: T::WHAT })
}

pub async fn look_up<T: Record>(documents: &dyn Documents, scope: &Scope, lookup: &str) -> Result<Option<Kept<T>>> {
    documents.look_up(scope, T::TABLE, lookup).await?.map(Kept::read).transpose()
}

pub async fn named<T: Record>(
    documents: &dyn Documents,
    tenant: &str,
    parent: &str,
    name: &str,
) -> Result<Option<Kept<T>>> {
    documents.named(tenant, T::TABLE, parent, name).await?.map(Kept::read).transpose()
}

/// A part of the list, newest first.
pub async fn list<T: Record>(
    documents: &dyn Documents,
    scope: &Scope,
    filter: &DocumentFilter,
    page: &PageOf,
) -> Result<Listed<Kept<T>>> {
    let wanted = DocumentPage { after: page.after.clone(), limit: page.limit + 1, newest_first: true };
    let found = documents.documents(scope, T::TABLE, filter, &wanted).await?;
    let mut items: Vec<Kept<T>> = found.into_iter().map(Kept::read).collect::<Result<_>>()?;
    let more = items.len() > page.limit as usize;
    items.truncate(page.limit as usize);
    let next = items.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Listed { items, next })
}

/// Those of these that exist for the scope, by id.
pub async fn by_id<T: Record>(
    documents: &dyn Documents,
    scope: &Scope,
    ids: &[Text],
) -> Result<BTreeMap<Text, Kept<T>>> {
    let found = documents.documents_by_id(scope, T::TABLE, ids).await?;
    found.into_iter().map(|document| Ok((document.id.clone(), Kept::read(document)?))).collect()
}

/// The newest record under each of these parents that has one, by parent.
pub async fn newest_under<T: Record>(
    documents: &dyn Documents,
    scope: &Scope,
    parents: &[Text],
) -> Result<BTreeMap<Text, Kept<T>>> {
    let found = documents.newest_under(scope, T::TABLE, parents).await?;
    found.into_iter().map(|document| Ok((document.parent.clone(), Kept::read(document)?))).collect()
}

/// The whole list, oldest first. For lists that are short by their nature.
pub async fn all<T: Record>(documents: &dyn Documents, scope: &Scope, filter: &DocumentFilter) -> Result<Vec<Kept<T>>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = DocumentPage { after, limit: 500, newest_first: false };
        let part = documents.documents(scope, T::TABLE, filter, &page).await?;
        let whole = part.len() < 500;
        after = part.last().map(|document| document.id.clone());
        for document in part {
            found.push(Kept::read(document)?);
        }
        if whole {
            return Ok(found);
        }
    }
}

/// The names of all that the filter lets through, by id. What is in them is not read.
pub async fn names<T: Record>(
    documents: &dyn Documents,
    scope: &Scope,
    filter: &DocumentFilter,
) -> Result<BTreeMap<Text, Text>> {
    Ok(documents.names(scope, T::TABLE, filter).await?.into_iter().collect())
}

/// Only those under this parent.
pub fn under(parent: &Text) -> DocumentFilter {
    DocumentFilter { parent: Some(parent.clone()), ..DocumentFilter::default() }
}
