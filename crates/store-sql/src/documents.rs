use crate::error::store_error;
use crate::open::SqlStore;
use crate::row::{Columns, limit, read_all};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};
use weir_base::Text;
use weir_store::{
    Change, ChangeError, Document, DocumentFilter, DocumentPage, Documents, FlowVersion, Scope, StoreError, Table,
};

const COLUMNS: &str = "tenant, id, parent, name, lookup, label, revision, created_at, updated_at, body";

type Query = QueryBuilder<Sqlite>;

/// The one place that says whose rows a statement sees. Every statement on documents begins with it.
fn scoped(sql: String, scope: &Scope) -> Query {
    let mut query = QueryBuilder::new(sql);
    match scope {
        Scope::Tenant(tenant) => query.push(" WHERE tenant = ").push_bind(tenant.clone()),
        Scope::System => query.push(" WHERE 1 = 1"),
    };
    query
}

fn select(table: Table, scope: &Scope) -> Query {
    scoped(format!("SELECT {COLUMNS} FROM {}", table.name()), scope)
}

fn count(table: Table, scope: &Scope) -> Query {
    scoped(format!("SELECT COUNT(*) FROM {}", table.name()), scope)
}

fn of(tenant: &Text) -> Scope {
    Scope::Tenant(tenant.clone())
}

#[async_trait]
impl Documents for SqlStore {
    async fn document(&self, scope: &Scope, table: Table, id: &str) -> Result<Option<Document>, StoreError> {
        let mut query = select(table, scope);
        query.push(" AND id = ").push_bind(id.to_owned());
        self.fetch_document(query).await
    }

    async fn look_up(&self, scope: &Scope, table: Table, lookup: &str) -> Result<Option<Document>, StoreError> {
        let mut query = select(table, scope);
        query.push(" AND lookup = ").push_bind(lookup.to_owned());
        self.fetch_document(query).await
    }

    async fn named(
        &self,
        tenant: &str,
        table: Table,
        parent: &str,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        let mut query = select(table, &Scope::Tenant(tenant.into()));
        query.push(" AND parent = ").push_bind(parent.to_owned());
        query.push(" AND name = ").push_bind(name.to_owned()).push(" AND name <> ''");
        self.fetch_document(query).await
    }

    async fn documents(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
        page: &DocumentPage,
    ) -> Result<Vec<Document>, StoreError> {
        let mut query = select(table, scope);
        push_filter(&mut query, filter);
        push_page(&mut query, page);
        let rows = query.build().fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, read)
    }

    async fn count_documents(&self, scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<u64, StoreError> {
        let mut query = count(table, scope);
        push_filter(&mut query, filter);
        let row = query.build().fetch_one(self.readers()).await.map_err(store_error)?;
        Columns(&row).count(0)
    }

    async fn change(&self, scope: &Scope, changes: Vec<Change>) -> Result<(), ChangeError> {
        scope.admits(&changes)?;
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        match perform_all(connection, changes).await {
            Ok(()) => Ok(writer.end(Ok(())).await?),
            Err(fault) => {
                let undone: Result<(), StoreError> = Err(StoreError::Busy("taken back".into()));
                let _ = writer.end(undone).await;
                Err(fault)
            }
        }
    }
}

impl SqlStore {
    async fn fetch_document(&self, mut query: Query) -> Result<Option<Document>, StoreError> {
        let row = query.build().fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| read(Columns(&row))).transpose()
    }
}

fn push_filter(query: &mut Query, filter: &DocumentFilter) {
    let equal = [("parent", &filter.parent), ("name", &filter.name), ("label", &filter.label)];
    for (column, wanted) in equal {
        if let Some(wanted) = wanted {
            query.push(format!(" AND {column} = ")).push_bind(wanted.clone());
        }
    }
    if let Some(since) = filter.since {
        query.push(" AND created_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at < ").push_bind(until);
    }
    if let Some(text) = &filter.text {
        let text = text.to_ascii_lowercase();
        query.push(" AND (instr(lower(name), ").push_bind(text.clone()).push(") > 0");
        query.push(" OR instr(lower(body), ").push_bind(text).push(") > 0)");
    }
}

fn push_page(query: &mut Query, page: &DocumentPage) {
    let (sign, order) = if page.newest_first { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &page.after {
        query.push(format!(" AND id {sign} ")).push_bind(after.clone());
    }
    query.push(format!(" ORDER BY id {order} LIMIT ")).push_bind(limit(page.limit));
}

async fn perform_all(connection: &mut SqliteConnection, changes: Vec<Change>) -> Result<(), ChangeError> {
    for change in changes {
        perform(connection, change).await?;
    }
    Ok(())
}

async fn perform(connection: &mut SqliteConnection, change: Change) -> Result<(), ChangeError> {
    match change {
        Change::Insert(table, document) => insert(connection, table, document).await,
        Change::Replace { table, document, expected } => replace(connection, table, document, expected).await,
        Change::Delete { table, tenant, id, expected } => {
            let old = current(connection, table, &tenant, &id).await?;
            check_revision(table, old, expected)?;
            let mut query = scoped(format!("DELETE FROM {}", table.name()), &of(&tenant));
            query.push(" AND id = ").push_bind(id);
            execute(connection, query).await
        }
        Change::DeleteUnder { table, tenant, parent } => {
            let mut query = scoped(format!("DELETE FROM {}", table.name()), &of(&tenant));
            query.push(" AND parent = ").push_bind(parent);
            execute(connection, query).await
        }
        Change::AtMost { table, tenant, parent, limit } => at_most(connection, table, &tenant, parent, limit).await,
        Change::Publish(version) => publish(connection, version).await,
        Change::Unpublish { tenant, project, name } => {
            let mut query = scoped("DELETE FROM newest_flows".to_owned(), &of(&tenant));
            query.push(" AND project = ").push_bind(project).push(" AND name = ").push_bind(name);
            execute(connection, query).await
        }
    }
}

async fn insert(connection: &mut SqliteConnection, table: Table, document: Document) -> Result<(), ChangeError> {
    refuse_taken(connection, table, &document, true).await?;
    let mut query = QueryBuilder::new(format!("INSERT INTO {} ({COLUMNS}) VALUES (", table.name()));
    let mut values = query.separated(", ");
    values.push_bind(document.tenant).push_bind(document.id).push_bind(document.parent).push_bind(document.name);
    values.push_bind(document.lookup).push_bind(document.label).push_bind(1_i64);
    values.push_bind(document.created_at).push_bind(document.updated_at).push_bind(document.body);
    query.push(")");
    execute(connection, query).await
}

async fn replace(
    connection: &mut SqliteConnection,
    table: Table,
    document: Document,
    expected: Option<u64>,
) -> Result<(), ChangeError> {
    let old = current(connection, table, &document.tenant, &document.id).await?;
    check_revision(table, old, expected)?;
    refuse_taken(connection, table, &document, false).await?;
    let mut query = QueryBuilder::new(format!("UPDATE {} SET parent = ", table.name()));
    query.push_bind(document.parent).push(", name = ").push_bind(document.name);
    query.push(", lookup = ").push_bind(document.lookup).push(", label = ").push_bind(document.label);
    query.push(", revision = revision + 1, updated_at = ").push_bind(document.updated_at);
    query.push(", body = ").push_bind(document.body);
    query.push(" WHERE tenant = ").push_bind(document.tenant).push(" AND id = ").push_bind(document.id);
    execute(connection, query).await
}

async fn current(
    connection: &mut SqliteConnection,
    table: Table,
    tenant: &Text,
    id: &Text,
) -> Result<Document, ChangeError> {
    let mut query = select(table, &of(tenant));
    query.push(" AND id = ").push_bind(id.clone());
    let row = fetch(connection, query).await?;
    row.ok_or_else(|| ChangeError::Missing { table, id: id.clone() })
}

fn check_revision(table: Table, old: Document, expected: Option<u64>) -> Result<(), ChangeError> {
    match expected.is_none_or(|expected| expected == old.revision) {
        true => Ok(()),
        false => Err(ChangeError::Conflict { table, current: Box::new(old) }),
    }
}

/// What is unique is looked at first, so that the answer says which name was taken.
async fn refuse_taken(
    connection: &mut SqliteConnection,
    table: Table,
    document: &Document,
    new: bool,
) -> Result<(), ChangeError> {
    let taken = |name: &Text| ChangeError::Taken { table, name: name.clone() };
    if new {
        let mut query = select(table, &Scope::System);
        query.push(" AND id = ").push_bind(document.id.clone());
        fetch(connection, query).await?.map_or(Ok(()), |_| Err(taken(&document.id)))?;
    }
    if !document.name.is_empty() {
        let mut query = select(table, &of(&document.tenant));
        query.push(" AND parent = ").push_bind(document.parent.clone());
        query.push(" AND name = ").push_bind(document.name.clone()).push(" AND name <> ''");
        query.push(" AND id <> ").push_bind(document.id.clone());
        fetch(connection, query).await?.map_or(Ok(()), |_| Err(taken(&document.name)))?;
    }
    let Some(lookup) = &document.lookup else { return Ok(()) };
    let mut query = select(table, &Scope::System);
    query.push(" AND lookup = ").push_bind(lookup.clone()).push(" AND id <> ").push_bind(document.id.clone());
    fetch(connection, query).await?.map_or(Ok(()), |_| Err(taken(lookup)))
}

async fn at_most(
    connection: &mut SqliteConnection,
    table: Table,
    tenant: &Text,
    parent: Option<Text>,
    limit: u64,
) -> Result<(), ChangeError> {
    let mut query = count(table, &of(tenant));
    push_filter(&mut query, &DocumentFilter { parent, ..DocumentFilter::default() });
    let row = query.build().fetch_one(connection).await.map_err(store_error)?;
    let count = Columns(&row).count(0)?;
    if count > limit { Err(ChangeError::OverLimit { table, count, limit }) } else { Ok(()) }
}

async fn publish(connection: &mut SqliteConnection, version: FlowVersion) -> Result<(), ChangeError> {
    let files = serde_json::to_string(&version.files).map_err(crate::error::corrupt)?;
    Ok(crate::flows::keep(connection, version, files).await.map_err(store_error)?)
}

async fn fetch(connection: &mut SqliteConnection, mut query: Query) -> Result<Option<Document>, ChangeError> {
    let row: Option<SqliteRow> = query.build().fetch_optional(connection).await.map_err(store_error)?;
    Ok(row.map(|row| read(Columns(&row))).transpose()?)
}

async fn execute(connection: &mut SqliteConnection, mut query: Query) -> Result<(), ChangeError> {
    query.build().execute(connection).await.map_err(store_error)?;
    Ok(())
}

fn read(row: Columns<'_>) -> Result<Document, StoreError> {
    Ok(Document {
        tenant: row.text(0)?,
        id: row.text(1)?,
        parent: row.text(2)?,
        name: row.text(3)?,
        lookup: row.optional_text(4)?,
        label: row.text(5)?,
        revision: row.count(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
        body: row.text(9)?,
    })
}
