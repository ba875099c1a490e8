use crate::database::{Database, Sql, Work};
use crate::flows;
use crate::row::{Cells, Columns, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use std::collections::BTreeSet;
use weir_base::Text;
use weir_store::{Change, ChangeError, Document, DocumentFilter, DocumentPage, Documents, Scope, StoreError, Table};

const COLUMNS: &str = "tenant, id, parent, name, lookup, label, revision, created_at, updated_at, body";

/// The one place that says whose rows a statement sees. Every statement on documents begins with it.
fn scoped<D: Database>(sql: String, scope: &Scope) -> Statement {
    let mut query = Statement::built::<D>(sql);
    query.within(scope);
    query
}

fn select<D: Database>(table: Table, scope: &Scope) -> Statement {
    scoped::<D>(format!("SELECT {COLUMNS} FROM {}", table.name()), scope)
}

fn count<D: Database>(table: Table, scope: &Scope) -> Statement {
    scoped::<D>(format!("SELECT COUNT(*) FROM {}", table.name()), scope)
}

fn of(tenant: &Text) -> Scope {
    Scope::Tenant(tenant.clone())
}

#[async_trait]
impl<D: Database> Documents for Sql<D> {
    async fn document(&self, scope: &Scope, table: Table, id: &str) -> Result<Option<Document>, StoreError> {
        let mut query = select::<D>(table, scope);
        query.push(" AND id = ").bind(id);
        self.fetch_document(scope, query).await
    }

    async fn look_up(&self, scope: &Scope, table: Table, lookup: &str) -> Result<Option<Document>, StoreError> {
        let mut query = select::<D>(table, scope);
        query.and_same::<D>("lookup", lookup);
        self.fetch_document(scope, query).await
    }

    async fn named(
        &self,
        tenant: &str,
        table: Table,
        parent: &str,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        let scope = Scope::Tenant(tenant.into());
        let mut query = select::<D>(table, &scope);
        query.push(" AND parent = ").bind(parent);
        query.and_same::<D>("name", name).push(" AND name <> ''");
        self.fetch_document(&scope, query).await
    }

    async fn documents(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
        page: &DocumentPage,
    ) -> Result<Vec<Document>, StoreError> {
        let mut query = select::<D>(table, scope);
        push_filter::<D>(&mut query, filter);
        push_page(&mut query, page);
        read_all(&self.db.read(scope, query).await?, read)
    }

    async fn documents_by_id(&self, scope: &Scope, table: Table, ids: &[Text]) -> Result<Vec<Document>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = select::<D>(table, scope).passing();
        query.push(" AND id IN (").bind_all(ids.iter().cloned()).push(") ORDER BY id");
        read_all(&self.db.read(scope, query).await?, read)
    }

    async fn newest_under(&self, scope: &Scope, table: Table, parents: &[Text]) -> Result<Vec<Document>, StoreError> {
        if parents.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = select::<D>(table, scope).passing();
        query.push(format!(" AND id IN (SELECT MAX(id) FROM {}", table.name())).within(scope);
        query.push(" AND parent IN (").bind_all(parents.iter().cloned()).push(") GROUP BY tenant, parent) ORDER BY id");
        read_all(&self.db.read(scope, query).await?, read)
    }

    async fn names(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
    ) -> Result<Vec<(Text, Text)>, StoreError> {
        let mut query = scoped::<D>(format!("SELECT id, name FROM {}", table.name()), scope);
        push_filter::<D>(&mut query, filter);
        query.push(" ORDER BY id");
        read_all(&self.db.read(scope, query).await?, |row| Ok((row.text(0)?, row.text(1)?)))
    }

    async fn count_documents(&self, scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<u64, StoreError> {
        let mut query = count::<D>(table, scope);
        push_filter::<D>(&mut query, filter);
        first_count(&self.db.read(scope, query).await?)
    }

    /// Changes of one tenant wait for each other, so that what one has counted and compared stays true.
    async fn change(&self, scope: &Scope, changes: Vec<Change>) -> Result<(), ChangeError> {
        scope.admits(&changes)?;
        let mut work = self.db.begin(scope).await?;
        let done = perform_all::<D>(&mut work, changes).await;
        work.end(done).await
    }
}

impl<D: Database> Sql<D> {
    async fn fetch_document(&self, scope: &Scope, query: Statement) -> Result<Option<Document>, StoreError> {
        let rows = self.db.read(scope, query).await?;
        rows.first().map(|row| read(Columns(row))).transpose()
    }
}

fn push_filter<D: Database>(query: &mut Statement, filter: &DocumentFilter) {
    let equal = [("parent", &filter.parent), ("name", &filter.name), ("label", &filter.label)];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            query.push(format!(" AND {column} = ")).bind(wanted.clone());
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND created_at >= ").bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at < ").bind(until);
    }
    if let Some(text) = &filter.text {
        let text = Text::from(text.to_ascii_lowercase());
        query.push(format!(" AND ({}(lower(name), ", D::FIND)).bind(text.clone()).push(") > 0");
        query.push(format!(" OR {}(lower(body), ", D::FIND)).bind(text).push(") > 0)");
    }
}

fn push_page(query: &mut Statement, page: &DocumentPage) {
    let (sign, order) = if page.newest_first { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &page.after {
        query.push(format!(" AND id {sign} ")).bind(after.clone());
    }
    query.push(format!(" ORDER BY id {order} LIMIT ")).bind(limit(page.limit));
}

async fn perform_all<D: Database>(work: &mut D::Work, changes: Vec<Change>) -> Result<(), ChangeError> {
    let tenants: BTreeSet<String> = changes.iter().map(|change| format!("documents {:?}", change.tenant())).collect();
    work.keep_out(tenants.into_iter().collect()).await?;
    for change in changes {
        perform::<D>(work, change).await?;
    }
    Ok(())
}

async fn perform<D: Database>(work: &mut D::Work, change: Change) -> Result<(), ChangeError> {
    match change {
        Change::Insert(table, document) => insert::<D>(work, table, document).await,
        Change::Replace { table, document, expected } => replace::<D>(work, table, document, expected).await,
        Change::Delete { table, tenant, id, expected } => {
            let old = current::<D>(work, table, &tenant, &id).await?;
            check_revision(table, old, expected)?;
            let mut query = scoped::<D>(format!("DELETE FROM {}", table.name()), &of(&tenant));
            query.push(" AND id = ").bind(id);
            execute::<D>(work, query).await
        }
        Change::DeleteUnder { table, tenant, parent } => {
            let mut query = scoped::<D>(format!("DELETE FROM {}", table.name()), &of(&tenant));
            query.push(" AND parent = ").bind(parent);
            execute::<D>(work, query).await
        }
        Change::AtMost { table, tenant, parent, limit } => at_most::<D>(work, table, &tenant, parent, limit).await,
        Change::OneStays { table, tenant, label } => one_stays::<D>(work, table, &tenant, label).await,
        Change::MustBe { table, tenant, id } => current::<D>(work, table, &tenant, &id).await.map(drop),
        Change::Publish(version) => Ok(flows::keep::<D>(work, version).await?),
        Change::Unpublish { tenant, project, name } => {
            let mut query = scoped::<D>("DELETE FROM newest_flows".to_owned(), &of(&tenant));
            query.push(" AND project = ").bind(project).and_same::<D>("name", name);
            execute::<D>(work, query).await
        }
        Change::ForgetVariables { tenant, project, service } => {
            let mut query = scoped::<D>("DELETE FROM variables".to_owned(), &of(&tenant));
            query.push(" AND project = ").bind(project);
            if let Some(service) = service {
                query.push(" AND service = ").bind(service);
            }
            execute::<D>(work, query).await
        }
    }
}

async fn insert<D: Database>(work: &mut D::Work, table: Table, document: Document) -> Result<(), ChangeError> {
    refuse_taken::<D>(work, table, &document, true).await?;
    let new = document.clone();
    let revision = i64::try_from(new.revision.max(1)).unwrap_or(i64::MAX);
    let mut query = Statement::built::<D>(format!("INSERT INTO {} ({COLUMNS}) VALUES (", table.name()));
    query.bind_all([new.tenant, new.id, new.parent, new.name]).push(", ").bind(new.lookup).push(", ");
    query
        .bind(new.label)
        .push(", ")
        .bind_all([revision, new.created_at, new.updated_at])
        .push(", ")
        .bind(new.body)
        .push(")");
    work.execute(query).await.map_err(|error| refused::<D>(error, table, document))?;
    Ok(())
}

async fn replace<D: Database>(
    work: &mut D::Work,
    table: Table,
    document: Document,
    expected: Option<u64>,
) -> Result<(), ChangeError> {
    let old = current::<D>(work, table, &document.tenant, &document.id).await?;
    check_revision(table, old, expected)?;
    refuse_taken::<D>(work, table, &document, false).await?;
    let new = document.clone();
    let mut query = Statement::built::<D>(format!("UPDATE {} SET parent = ", table.name()));
    query.bind(new.parent).push(", name = ").bind(new.name);
    query.push(", lookup = ").bind(new.lookup).push(", label = ").bind(new.label);
    query.push(", revision = revision + 1, updated_at = ").bind(new.updated_at);
    query.push(", body = ").bind(new.body);
    query.push(" WHERE tenant = ").bind(new.tenant).push(" AND id = ").bind(new.id);
    work.execute(query).await.map_err(|error| refused::<D>(error, table, document))?;
    Ok(())
}

async fn current<D: Database>(
    work: &mut D::Work,
    table: Table,
    tenant: &Text,
    id: &Text,
) -> Result<Document, ChangeError> {
    let mut query = select::<D>(table, &of(tenant));
    query.push(" AND id = ").bind(id.clone());
    let row = fetch::<D>(work, query).await?;
    row.ok_or_else(|| ChangeError::Missing { table, id: id.clone() })
}

fn check_revision(table: Table, old: Document, expected: Option<u64>) -> Result<(), ChangeError> {
    match expected.is_none_or(|expected| expected == old.revision) {
        true => Ok(()),
        false => Err(ChangeError::Conflict { table, current: Box::new(old) }),
    }
}

/// What is unique is looked at first, so that the answer says which name was taken.
async fn refuse_taken<D: Database>(
    work: &mut D::Work,
    table: Table,
    document: &Document,
    new: bool,
) -> Result<(), ChangeError> {
    let taken = |name: &Text| ChangeError::Taken { table, name: name.clone() };
    if new {
        let mut query = select::<D>(table, &Scope::System);
        query.push(" AND id = ").bind(document.id.clone());
        fetch::<D>(work, query).await?.map_or(Ok(()), |_| Err(taken(&document.id)))?;
    }
    if !document.name.is_empty() {
        let mut query = select::<D>(table, &of(&document.tenant));
        query.push(" AND parent = ").bind(document.parent.clone());
        query.and_same::<D>("name", document.name.clone()).push(" AND name <> ''");
        query.push(" AND id <> ").bind(document.id.clone());
        fetch::<D>(work, query).await?.map_or(Ok(()), |_| Err(taken(&document.name)))?;
    }
    let Some(lookup) = &document.lookup else { return Ok(()) };
    let mut query = select::<D>(table, &Scope::System);
    query.and_same::<D>("lookup", lookup.clone()).push(" AND id <> ").bind(document.id.clone());
    fetch::<D>(work, query).await?.map_or(Ok(()), |_| Err(taken(lookup)))
}

/// What was taken by a row that this change could not see, or by one that came in between.
fn refused<D: Database>(error: sqlx::Error, table: Table, document: Document) -> ChangeError {
    let constraint = error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default();
    let Document { id, name, lookup, .. } = document;
    match constraint.strip_prefix(table.name()) {
        Some("_pkey") => ChangeError::Taken { table, name: id },
        Some("_by_name") => ChangeError::Taken { table, name },
        Some("_by_lookup") => ChangeError::Taken { table, name: lookup.unwrap_or_default() },
        _ => ChangeError::Store(D::error(error)),
    }
}

async fn at_most<D: Database>(
    work: &mut D::Work,
    table: Table,
    tenant: &Text,
    parent: Option<Text>,
    limit: u64,
) -> Result<(), ChangeError> {
    let mut query = count::<D>(table, &of(tenant));
    push_filter::<D>(&mut query, &DocumentFilter { parent, ..DocumentFilter::default() });
    let count = first_count(&work.fetch(query).await.map_err(D::error)?)?;
    if count > limit { Err(ChangeError::OverLimit { table, count, limit }) } else { Ok(()) }
}

async fn one_stays<D: Database>(
    work: &mut D::Work,
    table: Table,
    tenant: &Text,
    label: Text,
) -> Result<(), ChangeError> {
    let mut query = count::<D>(table, &of(tenant));
    push_filter::<D>(&mut query, &DocumentFilter { label: Some(label.clone()), ..DocumentFilter::default() });
    let count = first_count(&work.fetch(query).await.map_err(D::error)?)?;
    if count == 0 { Err(ChangeError::NoneStays { table, label }) } else { Ok(()) }
}

fn first_count<R: Cells>(rows: &[R]) -> Result<u64, StoreError> {
    rows.first().map_or(Ok(0), |row| Columns(row).count(0))
}

async fn fetch<D: Database>(work: &mut D::Work, query: Statement) -> Result<Option<Document>, ChangeError> {
    let rows = work.fetch(query).await.map_err(D::error)?;
    Ok(rows.first().map(|row| read(Columns(row))).transpose()?)
}

async fn execute<D: Database>(work: &mut D::Work, query: Statement) -> Result<(), ChangeError> {
    work.execute(query).await.map_err(D::error)?;
    Ok(())
}

fn read<R: Cells>(row: Columns<'_, R>) -> Result<Document, StoreError> {
    Ok(Document {
        tenant: row.text(0)?,
        id: row.text(1)?,
        parent: row.text(2)?,
        name: row.text(3)?,
        lookup: row.optional_text(4)?,
        label: row.text(5)?,
        revision: row.count(6)?,
        created_at: row.number(7)?,
        updated_at: row.number(8)?,
        body: row.text(9)?,
    })
}
