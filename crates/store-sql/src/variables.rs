use crate::error::{corrupt, store_error};
use crate::open::SqlStore;
use crate::row::{Columns, read_all};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use std::collections::BTreeMap;
use weir_base::{Micros, Text, Value};
use weir_store::{
    StoreError, Variable, VariableChange, VariableFault, VariableOp, VariableScope, Variables, apply_change,
};

const READ: &str = "SELECT value FROM variables WHERE tenant = $1 AND project = $2 AND service = $3 AND name = $4";
const WRITE: &str = "INSERT INTO variables (tenant, project, service, name, value, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, project, service, name)
    DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at";
const RESULT: &str = "SELECT result FROM variable_changes WHERE rid = $1 AND path = $2";
const REMEMBER: &str = "INSERT INTO variable_changes (rid, path, result) VALUES ($1, $2, $3)";

#[async_trait]
impl Variables for SqlStore {
    /// One reading transaction, so that all the values are of one moment.
    async fn variables(&self, scope: &VariableScope, names: &[Text]) -> Result<BTreeMap<Text, Value>, StoreError> {
        let mut transaction = self.readers().begin().await.map_err(store_error)?;
        let mut values = BTreeMap::new();
        for name in names {
            values.insert(name.clone(), value(&mut transaction, scope, name).await?);
        }
        Ok(values)
    }

    async fn list_variables(&self, scope: &VariableScope) -> Result<Vec<Variable>, StoreError> {
        const LIST: &str = "SELECT name, value, changed_at FROM variables
            WHERE tenant = $1 AND project = $2 AND service = $3 ORDER BY name";
        let query = sqlx::query(LIST).bind(scope.tenant.clone()).bind(scope.project.clone()).bind(service(scope));
        let rows = query.fetch_all(self.readers()).await.map_err(store_error)?;
        read_all(&rows, |row| Ok(Variable { name: row.text(0)?, value: row.json(1)?, changed_at: row.get(2)? }))
    }

    async fn set_variable(&self, scope: &VariableScope, variable: Variable) -> Result<Changed<()>, StoreError> {
        let Variable { name, value, changed_at } = variable;
        let value = match apply_change(&name, Value::Null, &VariableChange::Set(value)) {
            Ok(value) => value.to_json(),
            Err(fault) => return Ok(Err(fault)),
        };
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let set = put(connection, scope, name, value, changed_at).await.map_err(store_error);
        writer.end(set).await.map(Ok)
    }

    async fn delete_variable(&self, scope: &VariableScope, name: &str) -> Result<bool, StoreError> {
        const DELETE: &str = "DELETE FROM variables WHERE tenant = $1 AND project = $2 AND service = $3 AND name = $4";
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let query = sqlx::query(DELETE).bind(scope.tenant.clone()).bind(scope.project.clone());
        let done = query.bind(service(scope)).bind(name.to_owned()).execute(connection).await;
        writer.end(done.map(|done| done.rows_affected() > 0).map_err(store_error)).await
    }

    async fn change_variables(&self, ops: &[VariableOp]) -> Result<Vec<Result<Value, VariableFault>>, StoreError> {
        let mut writer = self.writer().await;
        let connection = writer.begin().await?;
        let results = change_all(connection, ops).await;
        writer.end(results).await
    }
}

type Changed<T = Value> = Result<T, VariableFault>;

async fn change_all(connection: &mut SqliteConnection, ops: &[VariableOp]) -> Result<Vec<Changed>, StoreError> {
    let mut results = Vec::with_capacity(ops.len());
    for op in ops {
        results.push(change(connection, op).await?);
    }
    Ok(results)
}

async fn change(connection: &mut SqliteConnection, op: &VariableOp) -> Result<Changed, StoreError> {
    if let Some(result) = remembered(connection, op).await? {
        return Ok(Ok(result));
    }
    let old = value(connection, &op.scope, &op.name).await?;
    let new = match apply_change(&op.name, old, &op.change) {
        Ok(new) => new,
        Err(fault) => return Ok(Err(fault)),
    };
    write(connection, op, new.to_json()).await.map_err(store_error)?;
    Ok(Ok(new))
}

async fn remembered(connection: &mut SqliteConnection, op: &VariableOp) -> Result<Option<Value>, StoreError> {
    let query = sqlx::query(RESULT).bind(op.run.0).bind(op.path.clone());
    let row = query.fetch_optional(connection).await.map_err(store_error)?;
    row.map(|row| Columns(&row).json(0)).transpose()
}

async fn value(connection: &mut SqliteConnection, scope: &VariableScope, name: &Text) -> Result<Value, StoreError> {
    let query = sqlx::query(READ).bind(scope.tenant.clone()).bind(scope.project.clone());
    let query = query.bind(service(scope)).bind(name.clone());
    let row = query.fetch_optional(connection).await.map_err(store_error)?;
    row.map_or(Ok(Value::Null), |row| Columns(&row).json(0).map_err(corrupt))
}

async fn put(
    connection: &mut SqliteConnection,
    scope: &VariableScope,
    name: Text,
    json: String,
    at: Micros,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(WRITE).bind(scope.tenant.clone()).bind(scope.project.clone());
    query.bind(service(scope)).bind(name).bind(json).bind(at).execute(connection).await?;
    Ok(())
}

async fn write(connection: &mut SqliteConnection, op: &VariableOp, json: String) -> Result<(), sqlx::Error> {
    put(connection, &op.scope, op.name.clone(), json.clone(), op.at).await?;
    sqlx::query(REMEMBER).bind(op.run.0).bind(op.path.clone()).bind(json).execute(connection).await?;
    Ok(())
}

/// A variable of the project itself has no service; none is called by the empty name.
fn service(scope: &VariableScope) -> Text {
    scope.service.clone().unwrap_or_default()
}
