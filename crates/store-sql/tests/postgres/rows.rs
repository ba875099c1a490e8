//! Whose rows there are: the database itself keeps tenants apart, whatever a statement says.

use super::{fresh, record, start};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};
use std::sync::Arc;
use weir_store::{
    Attempt, Change, Document, Effect, FlowVersion, NewMessage, NewObservation, Scope, Snapshot, Store, Table,
    VariableChange, VariableOp, VariableScope,
};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;

/// Tables with rows of tenants, by what columns they have. The list is the database's own.
const TABLES: &str = "SELECT c.relname::TEXT, c.relrowsecurity, c.relforcerowsecurity,
        EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid),
        EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('tenant', 'rid', 'run'))
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1";

/// What belongs to nobody.
const OF_ALL: [&str; 2] = ["owner", "schema_version"];

/// Empty but for a moment, and then only the engine's.
const OF_ENGINE: &str = "removed_runs";

struct Protected {
    tables: Vec<String>,
    bare: Vec<String>,
}

async fn tables(connection: &mut PgConnection) -> Protected {
    let mut found = Protected { tables: Vec::new(), bare: Vec::new() };
    for row in connection.fetch_all(TABLES).await.unwrap() {
        let (name, whose): (String, bool) = (row.get(0), row.get(4));
        let protected = (1..4).all(|column| row.get::<bool, _>(column));
        if protected {
            found.tables.push(name);
        } else if whose || !OF_ALL.contains(&name.as_str()) {
            found.bare.push(name);
        }
    }
    found
}

/// One row, or as many, in every table for each of two tenants.
async fn fill(store: &PgStore, tenant: &str) {
    let epoch = store.claim(1, 1).await.unwrap();
    let key = store.next_run_key();
    let id = format!("run of {tenant}");
    let mut batch = start(epoch, key, &id, tenant);
    let mut large = record(key, 1);
    large.record.payload = tenant.repeat(100_000);
    batch.records = vec![large, record(key, 2)];
    batch.attempts.push(Attempt { run: key, path: "a".into(), attempt: 2, not_before: 1 });
    batch.effects.push(Effect { run: key, seq: 1, ordinal: 0 });
    let (path, kind, payload) = ("a".into(), "log".into(), "{}".into());
    batch.observations.push(NewObservation { run: key, path, attempt: 1, at: 1, kind, payload });
    batch.snapshots.push(Snapshot { run: key, seq: 1, bytes: vec![1] });
    store.commit(batch).await.unwrap();
    weir_store::Inbox::post(
        store,
        NewMessage { run: id.as_str().into(), kind: "go".into(), payload: "{}".into(), at: 1 },
    )
    .await
    .unwrap();
    let scope = VariableScope { tenant: tenant.into(), project: "p".into(), service: None };
    let change = VariableChange::Set(1.into());
    let op = VariableOp { run: key, path: "a".into(), at: 1, scope, name: "v".into(), change };
    weir_store::Variables::change_variables(store, &[op]).await.unwrap();
    let (project, name, dialect) = ("p".into(), "f".into(), "tree".into());
    let (hash, ir, files) = ("h".into(), "{}".into(), Vec::new());
    let version = FlowVersion { hash, tenant: tenant.into(), project, name, dialect, files, ir, published_at: 1 };
    let mut changes = vec![Change::Publish(version)];
    changes.extend(Table::ALL.map(|table| Change::Insert(table, document(tenant))));
    weir_store::Documents::change(store, &Scope::Tenant(tenant.into()), changes).await.unwrap();
}

fn document(tenant: &str) -> Document {
    Document {
        tenant: tenant.into(),
        id: format!("id of {tenant}").into(),
        parent: "".into(),
        name: "same".into(),
        lookup: Some(format!("token of {tenant}").into()),
        label: "".into(),
        revision: 1,
        created_at: 1,
        updated_at: 1,
        body: "{}".into(),
    }
}

async fn filled() -> (Database, PgConnection) {
    let database = Database::fresh().await;
    let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    fill(&store, "a").await;
    fill(&store, "b").await;
    store.close().await.unwrap();
    let connection = PgConnection::connect(&database.url()).await.unwrap();
    (database, connection)
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    connection.fetch_one(AssertSqlSafe(sql)).await.unwrap().get(0)
}

async fn be(connection: &mut PgConnection, scope: &str, tenant: &str) {
    let sql = format!("SET weir.scope = '{scope}'; SET weir.tenant = '{tenant}'");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

#[tokio::test]
async fn a_tenant_sees_its_own_rows_in_every_table() {
    let (_database, mut connection) = filled().await;
    let found = tables(&mut connection).await;
    assert_eq!(found.bare, [""; 0], "tables without forced row-level security");
    for table in Table::ALL {
        assert!(found.tables.iter().any(|name| name == table.name()), "{table:?}");
    }
    for table in found.tables.iter().filter(|table| *table != OF_ENGINE) {
        assert_eq!(count(&mut connection, table).await, 0, "{table}: nobody in particular sees nothing");
        be(&mut connection, "tenant", "a").await;
        let own = count(&mut connection, table).await;
        be(&mut connection, "tenant", "b").await;
        let others = count(&mut connection, table).await;
        be(&mut connection, "tenant", "c").await;
        assert_eq!(count(&mut connection, table).await, 0, "{table}: nothing is of `c`");
        be(&mut connection, "system", "").await;
        let all = count(&mut connection, table).await;
        assert!(own > 0 && own == others && own + others == all, "{table}: {own} and {others} of {all}");
        connection.execute("RESET weir.scope; RESET weir.tenant").await.unwrap();
    }
}

#[tokio::test]
async fn a_tenant_changes_its_own_rows_alone() {
    let (_database, mut connection) = filled().await;
    let tables = tables(&mut connection).await.tables;
    be(&mut connection, "tenant", "a").await;
    // What refers to runs first, since it is there for a tenant through them.
    let mut last: Vec<&String> = tables.iter().filter(|table| *table != OF_ENGINE).collect();
    last.sort_by_key(|table| (["runs", "blob_refs"].contains(&table.as_str()), *table == "runs"));
    for table in last {
        be(&mut connection, "system", "").await;
        let before = count(&mut connection, table).await;
        be(&mut connection, "tenant", "a").await;
        let gone = connection.execute(AssertSqlSafe(format!("DELETE FROM {table}"))).await.unwrap().rows_affected();
        be(&mut connection, "system", "").await;
        assert_eq!((gone as i64) * 2, before, "{table}");
        assert_eq!(count(&mut connection, table).await, before - gone as i64, "{table}");
    }
    be(&mut connection, "tenant", "a").await;
    let foreign = "INSERT INTO variables VALUES ('b', 'p', '', 'w', '1', 1)";
    let error = connection.execute(foreign).await.unwrap_err();
    assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"), "{error}");
    connection.execute("INSERT INTO variables VALUES ('a', 'p', '', 'w', '1', 1)").await.unwrap();
}

#[tokio::test]
async fn the_rule_can_be_broken() {
    let (_store, database) = fresh().await;
    database
        .execute(
            "CREATE TABLE one (tenant TEXT); CREATE TABLE two (rid BIGINT);
             CREATE TABLE three (rid BIGINT); ALTER TABLE three ENABLE ROW LEVEL SECURITY;
             CREATE POLICY own_rows ON three USING (true)",
        )
        .await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    assert_eq!(tables(&mut connection).await.bare, ["one", "three", "two"]);
}

/// Texts are ordered byte by byte, whatever the language of the database.
#[tokio::test]
async fn every_text_is_compared_by_its_bytes() {
    const STRANGE: &str = "SELECT c.relname::TEXT || '.' || a.attname::TEXT FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND l.collname <> 'C'";
    let (_store, database) = fresh().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let rows = connection.fetch_all(STRANGE).await.unwrap();
    let strange: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(strange, [""; 0]);
}

/// What is asked on behalf of a tenant does not run as the engine: here the engine is shown nothing at all.
#[tokio::test]
async fn a_tenant_is_asked_for_without_the_engines_sight() {
    use weir_store::{Documents, Flows, PageRequest, RunFilter, Runs, Variables};
    let (database, _connection) = filled().await;
    for table in ["runs", "projects", "newest_flows", "variables"] {
        let blind = "AS RESTRICTIVE USING (current_setting('weir.scope', true) <> 'system')";
        database.execute(format!("CREATE POLICY blind ON {table} {blind}")).await;
    }
    let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    let runs = async |tenant: Option<&str>| {
        let filter = RunFilter { tenant: tenant.map(Into::into), ..RunFilter::default() };
        let listed = store.list_runs(&filter, PageRequest { before: None, limit: 9 }).await.unwrap().items.len();
        assert_eq!(store.count_runs(tenant).await.unwrap().into_values().sum::<u64>(), listed as u64);
        listed
    };
    assert_eq!((runs(None).await, runs(Some("a")).await, runs(Some("c")).await), (0, 1, 0));
    let documents = async |scope: Scope| store.count_documents(&scope, Table::Projects, &Default::default()).await;
    assert_eq!(documents(Scope::System).await, Ok(0));
    assert_eq!(documents(Scope::Tenant("a".into())).await, Ok(1));
    assert!(store.newest_flow("a", "p", "f").await.unwrap().is_some());
    let scope = VariableScope { tenant: "a".into(), project: "p".into(), service: None };
    assert_eq!(store.variables(&scope, &["v".into()]).await.unwrap()["v"], weir_base::Value::from(1));
    // Afterwards the same connections see as the engine again.
    assert_eq!(runs(None).await, 0);
}

/// What another tenant has taken is told as such, though it cannot be seen.
#[tokio::test]
async fn what_others_have_taken_is_told() {
    use weir_store::{ChangeError, Documents};
    let database = Database::fresh().await;
    let store: Arc<PgStore> = Arc::new(PgStore::open(&database.url(), &PgOptions::default()).await.unwrap());
    let (table, scope) = (Table::ApiKeys, Scope::Tenant("b".into()));
    store.change(&Scope::Tenant("a".into()), vec![Change::Insert(table, document("a"))]).await.unwrap();
    let same_id = Document { id: document("a").id, ..document("b") };
    let taken = store.change(&scope, vec![Change::Insert(table, same_id)]).await;
    assert_eq!(taken, Err(ChangeError::Taken { table, name: document("a").id }));
    let same_token = Document { lookup: document("a").lookup, ..document("b") };
    let taken = store.change(&scope, vec![Change::Insert(table, same_token)]).await;
    assert_eq!(taken, Err(ChangeError::Taken { table, name: "token of a".into() }));
}

/// The rules must not cost the indexes: what is asked for by key is found by key.
#[tokio::test]
async fn the_usual_questions_use_an_index() {
    let (_store, database) = fresh().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    connection.execute("SET enable_seqscan = off").await.unwrap();
    let questions = [
        ("runs", "SELECT * FROM runs WHERE id_key = key_of('x')"),
        ("runs", "SELECT * FROM runs WHERE tenant = 'a' AND rid < 9 ORDER BY rid DESC LIMIT 5"),
        ("runs", "SELECT * FROM runs WHERE ended_at IS NULL AND status IN ('waiting', 'paused') AND wake_at <= 5"),
        ("journal", "SELECT * FROM journal WHERE rid = 1 AND seq >= 5 ORDER BY seq LIMIT 9"),
        ("observations", "SELECT * FROM observations WHERE rid = 1 AND number > 5 ORDER BY number LIMIT 9"),
        ("attempts", "SELECT * FROM attempts WHERE rid = 1"),
        ("variables", "SELECT * FROM variables WHERE tenant = 'a' AND project = 'p' AND service = '' AND name = 'v'"),
        ("sessions", "SELECT * FROM sessions WHERE 1 = 1 AND lookup_key = key_of('x')"),
        ("projects", "SELECT * FROM projects WHERE tenant = 'a' AND parent = 'p' AND id > '5' ORDER BY id LIMIT 9"),
    ];
    for (table, question) in questions {
        let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN {question}"))).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("Index Cond") && !plan.contains(&format!("Seq Scan on {table}")), "{question}\n{plan}");
    }
}
