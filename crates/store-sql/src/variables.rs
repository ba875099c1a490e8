use crate::database::{Database, Sql, Work};
use crate::row::{Cells, Columns, read_all};
use crate::statement::Statement;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use weir_base::{Micros, Text, Value};
use weir_store::{
    Scope, StoreError, Variable, VariableFault, VariableOp, VariableRefusal, VariableScope, VariableSet, VariableWrite,
    Variables, apply_change, check_seen,
};

const SELECT: &str = "SELECT name, value, changed_at, revision FROM variables";

#[async_trait]
impl<D: Database> Variables for Sql<D> {
    /// One statement, so that all the values are of one moment.
    async fn variables(&self, scope: &VariableScope, names: &[Text]) -> Result<BTreeMap<Text, Value>, StoreError> {
        let mut values: BTreeMap<Text, Value> = names.iter().map(|name| (name.clone(), Value::Null)).collect();
        if names.is_empty() {
            return Ok(values);
        }
        let mut query = of::<D>("SELECT name, value FROM variables", scope);
        query.push(" AND name IN (").bind_all(names.iter().cloned()).push(")");
        let reach = Scope::Tenant(scope.tenant.clone());
        for row in self.db.read(&reach, query).await? {
            values.insert(Columns(&row).text(0)?, Columns(&row).json(1)?);
        }
        Ok(values)
    }

    async fn list_variables(&self, scope: &VariableScope) -> Result<Vec<Variable>, StoreError> {
        let mut query = of::<D>(SELECT, scope);
        query.push(" ORDER BY name");
        let rows = self.db.read(&Scope::Tenant(scope.tenant.clone()), query).await?;
        read_all(&rows, read)
    }

    async fn set_variable(
        &self,
        scope: &VariableScope,
        write: VariableWrite,
    ) -> Result<Result<VariableSet, VariableRefusal>, StoreError> {
        let mut work = self.db.begin(&Scope::Tenant(scope.tenant.clone())).await?;
        let set = set_alone::<D>(&mut work, scope, write).await;
        work.end(set).await
    }

    async fn delete_variable(
        &self,
        scope: &VariableScope,
        name: &str,
        expected: Option<u64>,
    ) -> Result<Result<Option<Variable>, VariableRefusal>, StoreError> {
        let mut work = self.db.begin(&Scope::Tenant(scope.tenant.clone())).await?;
        let deleted = delete_alone::<D>(&mut work, scope, &name.into(), expected).await;
        work.end(deleted).await
    }

    async fn change_variables(&self, ops: &[VariableOp]) -> Result<Vec<Changed>, StoreError> {
        let mut work = self.db.begin(&Scope::System).await?;
        let results = change_all::<D>(&mut work, ops).await;
        work.end(results).await
    }
}

type Changed = Result<Value, VariableFault>;

async fn change_all<D: Database>(work: &mut D::Work, ops: &[VariableOp]) -> Result<Vec<Changed>, StoreError> {
    let places: BTreeSet<String> = ops.iter().map(|op| place(&op.scope)).collect();
    work.keep_out(places.into_iter().collect()).await?;
    let mut results = Vec::with_capacity(ops.len());
    for op in ops {
        results.push(change::<D>(work, op).await?);
    }
    Ok(results)
}

async fn change<D: Database>(work: &mut D::Work, op: &VariableOp) -> Result<Changed, StoreError> {
    if let Some(result) = remembered::<D>(work, op).await? {
        return Ok(Ok(result));
    }
    let old = there::<D>(work, &op.scope, &op.name).await?.map(|old| old.value).unwrap_or_default();
    let new = match apply_change(&op.name, old, &op.change) {
        Ok(new) => new,
        Err(fault) => return Ok(Err(fault)),
    };
    write::<D>(work, op, new.to_json().into()).await.map_err(D::error)?;
    Ok(Ok(new))
}

async fn remembered<D: Database>(work: &mut D::Work, op: &VariableOp) -> Result<Option<Value>, StoreError> {
    let mut query = Statement::built::<D>("SELECT result FROM variable_changes WHERE rid = ");
    query.bind(op.run.0).and_same::<D>("path", op.path.clone());
    let rows = work.fetch(query).await.map_err(D::error)?;
    rows.first().map(|row| Columns(row).json(0)).transpose()
}

async fn there<D: Database>(
    work: &mut D::Work,
    scope: &VariableScope,
    name: &Text,
) -> Result<Option<Variable>, StoreError> {
    let mut query = of::<D>(SELECT, scope);
    query.and_same::<D>("name", name.clone());
    let rows = work.fetch(query).await.map_err(D::error)?;
    rows.first().map(|row| read(Columns(row))).transpose()
}

/// Waits for runs that change something in the scope.
async fn set_alone<D: Database>(
    work: &mut D::Work,
    scope: &VariableScope,
    write: VariableWrite,
) -> Result<Result<VariableSet, VariableRefusal>, StoreError> {
    work.keep_out(vec![place(scope)]).await?;
    let before = there::<D>(work, scope, &write.name).await?;
    let now = match write.apply(before.as_ref()) {
        Ok(now) => now,
        Err(refusal) => return Ok(Err(refusal)),
    };
    set::<D>(work, scope, now.name.clone(), now.value.to_json().into(), now.changed_at).await.map_err(D::error)?;
    Ok(Ok(VariableSet { before, now }))
}

async fn delete_alone<D: Database>(
    work: &mut D::Work,
    scope: &VariableScope,
    name: &Text,
    expected: Option<u64>,
) -> Result<Result<Option<Variable>, VariableRefusal>, StoreError> {
    work.keep_out(vec![place(scope)]).await?;
    let Some(before) = there::<D>(work, scope, name).await? else { return Ok(Ok(None)) };
    if let Err(refusal) = check_seen(expected, Some(&before)) {
        return Ok(Err(refusal));
    }
    let mut query = of::<D>("DELETE FROM variables", scope);
    query.and_same::<D>("name", name.clone());
    work.execute(query).await.map_err(D::error)?;
    Ok(Ok(Some(before)))
}

fn read<R: Cells>(row: Columns<'_, R>) -> Result<Variable, StoreError> {
    Ok(Variable { name: row.text(0)?, value: row.json(1)?, changed_at: row.number(2)?, revision: row.count(3)? })
}

async fn set<D: Database>(
    work: &mut D::Work,
    scope: &VariableScope,
    name: Text,
    json: Text,
    at: Micros,
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "INSERT INTO variables (tenant, project, service, name, value, changed_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (tenant, project, service, {}) DO UPDATE SET
         value = excluded.value, changed_at = excluded.changed_at, revision = variables.revision + 1",
        D::key("name")
    );
    let set = Statement::fixed(sql).with(scope.tenant.clone()).with(scope.project.clone()).with(service(scope));
    work.execute(set.with(name).with(json).with(at)).await.map(drop)
}

async fn write<D: Database>(work: &mut D::Work, op: &VariableOp, json: Text) -> Result<(), sqlx::Error> {
    const REMEMBER: &str = "INSERT INTO variable_changes (rid, path, result) VALUES ($1, $2, $3)";
    set::<D>(work, &op.scope, op.name.clone(), json.clone(), op.at).await?;
    work.execute(Statement::fixed(REMEMBER).with(op.run.0).with(op.path.clone()).with(json)).await.map(drop)
}

fn of<D: Database>(select: &'static str, scope: &VariableScope) -> Statement {
    let mut query = Statement::built::<D>(select);
    query.push(" WHERE tenant = ").bind(scope.tenant.clone());
    query.push(" AND project = ").bind(scope.project.clone());
    query.push(" AND service = ").bind(service(scope));
    query
}

/// What changes of one scope wait for each other by.
fn place(scope: &VariableScope) -> String {
    format!("variables {:?} {:?} {:?}", scope.tenant, scope.project, service(scope))
}

/// A variable of the project itself has no service; none is called by the empty name.
fn service(scope: &VariableScope) -> Text {
    scope.service.clone().unwrap_or_default()
}
