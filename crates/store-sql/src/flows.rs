use crate::error::{corrupt, store_error};
use crate::open::SqlStore;
use crate::row::{Columns, limit, read_all};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use weir_store::{FlowVersion, Flows, StoreError};

const KEEP: &str = "INSERT INTO flow_versions (hash, tenant, project, name, dialect, published_at, files, ir)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, hash) DO NOTHING";
const POINT: &str = "INSERT INTO newest_flows (tenant, project, name, newest, published_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, project, name) DO UPDATE
    SET newest = excluded.newest, published_at = excluded.published_at WHERE newest <> excluded.newest";
const BY_HASH: &str = "SELECT hash, tenant, project, name, dialect, published_at, files, ir
    FROM flow_versions WHERE tenant = $1 AND hash = $2";
/// The name is that of the flow asked for: the same content may be published under several.
const NEWEST: &str = "SELECT v.hash, f.tenant, f.project, f.name, v.dialect, f.published_at, v.files, v.ir
    FROM newest_flows f JOIN flow_versions v ON v.tenant = f.tenant AND v.hash = f.newest
    WHERE f.tenant = $1 AND f.project = $2 AND f.name = $3";
const LIST: &str = "SELECT v.hash, f.tenant, f.project, f.name, v.dialect, f.published_at, v.files, v.ir
    FROM newest_flows f JOIN flow_versions v ON v.tenant = f.tenant AND v.hash = f.newest
    WHERE f.tenant = $1 AND f.project = $2 AND f.name > $3 ORDER BY f.name LIMIT $4";

#[async_trait]
impl Flows for SqlStore {
    async fn publish(&self, version: FlowVersion) -> Result<(), StoreError> {
        let files = serde_json::to_string(&version.files).map_err(corrupt)?;
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let kept = keep(connection, version, files).await.map_err(store_error);
        writer.end(kept).await
    }

    async fn keep_version(&self, version: FlowVersion) -> Result<(), StoreError> {
        let files = serde_json::to_string(&version.files).map_err(corrupt)?;
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let kept = keep_only(connection, version, files).await.map_err(store_error);
        writer.end(kept).await
    }

    async fn flow_version(&self, tenant: &str, hash: &str) -> Result<Option<FlowVersion>, StoreError> {
        let query = sqlx::query(BY_HASH).bind(tenant.to_owned()).bind(hash.to_owned());
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| read(Columns(&row))).transpose()
    }

    async fn newest_flow(&self, tenant: &str, project: &str, name: &str) -> Result<Option<FlowVersion>, StoreError> {
        let query = sqlx::query(NEWEST).bind(tenant.to_owned()).bind(project.to_owned()).bind(name.to_owned());
        let row = query.fetch_optional(self.readers()).await.map_err(store_error)?;
        row.map(|row| read(Columns(&row))).transpose()
    }

    async fn list_flows(
        &self,
        tenant: &str,
        project: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<Vec<FlowVersion>, StoreError> {
        let query = sqlx::query(LIST).bind(tenant.to_owned()).bind(project.to_owned());
        let query = query.bind(after.unwrap_or_default().to_owned()).bind(limit(most));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, read)
    }
}

pub(crate) async fn keep(
    connection: &mut SqliteConnection,
    version: FlowVersion,
    files: String,
) -> Result<(), sqlx::Error> {
    let FlowVersion { hash, tenant, project, name, published_at, .. } = version.clone();
    keep_only(connection, version, files).await?;
    let point = sqlx::query(POINT).bind(tenant).bind(project).bind(name).bind(hash).bind(published_at);
    point.execute(connection).await?;
    Ok(())
}

async fn keep_only(connection: &mut SqliteConnection, version: FlowVersion, files: String) -> Result<(), sqlx::Error> {
    let FlowVersion { hash, tenant, project, name, dialect, ir, published_at, .. } = version;
    let keep = sqlx::query(KEEP).bind(hash).bind(tenant).bind(project).bind(name);
    keep.bind(dialect).bind(published_at).bind(files).bind(ir).execute(connection).await?;
    Ok(())
}

fn read(row: Columns<'_>) -> Result<FlowVersion, StoreError> {
    Ok(FlowVersion {
        hash: row.text(0)?,
        tenant: row.text(1)?,
        project: row.text(2)?,
        name: row.text(3)?,
        dialect: row.text(4)?,
        published_at: row.get(5)?,
        files: serde_json::from_str(row.get(6)?).map_err(corrupt)?,
        ir: row.get(7)?,
    })
}
