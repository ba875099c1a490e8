use crate::database::{Database, Sql, Work};
use crate::row::{Cells, Columns, corrupt, read_all};
use crate::statement::{Statement, limit};
use async_trait::async_trait;
use weir_base::Text;
use weir_store::{FlowVersion, Flows, Scope, StoreError};

const KEEP: &str = "INSERT INTO flow_versions (hash, tenant, project, name, dialect, published_at, files, ir)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, hash) DO NOTHING";
const BY_HASH: &str = "SELECT hash, tenant, project, name, dialect, published_at, files, ir
    FROM flow_versions WHERE tenant = $1 AND hash = $2";
/// The name is that of the flow asked for: the same content may be published under several.
const NEWEST: &str = "SELECT v.hash, f.tenant, f.project, f.name, v.dialect, f.published_at, v.files, v.ir
    FROM newest_flows f JOIN flow_versions v ON v.tenant = f.tenant AND v.hash = f.newest
    WHERE f.tenant = $1 AND f.project = $2 AND ";
const LIST: &str = "SELECT v.hash, f.tenant, f.project, f.name, v.dialect, f.published_at, v.files, v.ir
    FROM newest_flows f JOIN flow_versions v ON v.tenant = f.tenant AND v.hash = f.newest
    WHERE f.tenant = $1 AND f.project = $2 AND f.name > $3 ORDER BY f.name LIMIT $4";

#[async_trait]
impl<D: Database> Flows for Sql<D> {
    async fn publish(&self, version: FlowVersion) -> Result<(), StoreError> {
        let mut work = self.db.begin(&of(&version.tenant)).await?;
        let kept = keep::<D>(&mut work, version).await;
        work.end(kept).await
    }

    async fn keep_version(&self, version: FlowVersion) -> Result<(), StoreError> {
        let mut work = self.db.begin(&of(&version.tenant)).await?;
        let kept = keep_only::<D>(&mut work, version).await;
        work.end(kept).await
    }

    async fn flow_version(&self, tenant: &str, hash: &str) -> Result<Option<FlowVersion>, StoreError> {
        let rows = self.db.read(&of(tenant), Statement::fixed(BY_HASH).with(tenant).with(hash)).await?;
        rows.first().map(|row| read(Columns(row))).transpose()
    }

    async fn newest_flow(&self, tenant: &str, project: &str, name: &str) -> Result<Option<FlowVersion>, StoreError> {
        let sql = format!("{NEWEST}{}", D::same("f.name", "$3"));
        let query = Statement::fixed(sql).with(tenant).with(project).with(name);
        let rows = self.db.read(&of(tenant), query).await?;
        rows.first().map(|row| read(Columns(row))).transpose()
    }

    async fn list_flows(
        &self,
        tenant: &str,
        project: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let query = Statement::fixed(LIST).with(tenant).with(project).with(after.unwrap_or_default());
        read_all(&self.db.read(&of(tenant), query.with(limit(most))).await?, read)
    }
}

/// Keeps a version and makes it the newest of its name.
pub async fn keep<D: Database>(work: &mut D::Work, version: FlowVersion) -> Result<(), StoreError> {
    let FlowVersion { hash, tenant, project, name, published_at, .. } = version.clone();
    keep_only::<D>(work, version).await?;
    let point = format!(
        "INSERT INTO newest_flows (tenant, project, name, newest, published_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, project, {}) DO UPDATE SET newest = excluded.newest, published_at = excluded.published_at
         WHERE newest_flows.newest <> excluded.newest",
        D::key("name")
    );
    let point = Statement::fixed(point).with(tenant).with(project).with(name).with(hash).with(published_at);
    work.execute(point).await.map_err(D::error)?;
    Ok(())
}

async fn keep_only<D: Database>(work: &mut D::Work, version: FlowVersion) -> Result<(), StoreError> {
    let files = serde_json::to_string(&version.files).map_err(corrupt)?;
    let FlowVersion { hash, tenant, project, name, dialect, ir, published_at, .. } = version;
    let keep = Statement::fixed(KEEP).with(hash).with(tenant).with(project).with(name);
    let keep = keep.with(dialect).with(published_at).with(files).with(ir);
    work.execute(keep).await.map_err(D::error)?;
    Ok(())
}

fn of(tenant: &str) -> Scope {
    Scope::Tenant(Text::from(tenant))
}

fn read<R: Cells>(row: Columns<'_, R>) -> Result<FlowVersion, StoreError> {
    Ok(FlowVersion {
        hash: row.text(0)?,
        tenant: row.text(1)?,
        project: row.text(2)?,
        name: row.text(3)?,
        dialect: row.text(4)?,
        published_at: row.number(5)?,
        files: serde_json::from_str(&row.str(6)?).map_err(corrupt)?,
        ir: row.string(7)?,
    })
}
