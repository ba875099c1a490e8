//! Texts as they are written, also those PostgreSQL by itself would not take.

use super::{fresh, record, start};
use weir_base::{Text, Value};
use weir_store::{
    Attempt, Batch, Change, Document, DocumentFilter, Documents, RunFilter, Scope, Table, VariableChange, VariableOp,
    VariableScope,
};
use weir_store_sql::{PgOptions, PgStore};
use weir_testkit::postgres::Database;

/// With NUL, with what stands for it, and longer than any index takes; not to be compressed.
fn hostile() -> [Text; 4] {
    let long: String = (0..2_000_u32).map(|n| weir_store::blob_hash(&n.to_le_bytes())[..8].to_owned()).collect();
    ["a\0b".into(), "\u{1a}0".into(), "\0".into(), long.into()]
}

#[tokio::test]
async fn any_text_comes_back() {
    let (store, _database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    for text in hostile() {
        let key = store.next_run_key();
        let mut batch = start(epoch, key, &text, &text);
        batch.runs[0].flow = text.clone();
        batch.runs[0].concurrency_key = Some(text.clone());
        let mut entry = record(key, 1);
        (entry.record.path, entry.record.payload) = (text.clone(), text.to_string());
        batch.records.push(entry);
        let attempt = Attempt { run: key, path: text.clone(), attempt: 2, not_before: 0 };
        batch.attempts.push(attempt.clone());
        // The tenant is in an index, so it cannot be of any length.
        if text.len() > 2_000 {
            batch.runs[0].place.tenant = "t".into();
        }
        store.commit(batch.clone()).await.unwrap();
        assert_eq!(store.run(&text).await.unwrap().as_ref(), Some(&batch.runs[0]));
        assert_eq!(store.records(key, 1, 1).await.unwrap(), [batch.records[0].record.clone()]);
        assert_eq!(store.attempts(key).await.unwrap(), [attempt]);
        let mut done = Batch::new(epoch);
        done.attempts_done.push((key, text.clone()));
        store.commit(done).await.unwrap();
        assert!(store.attempts(key).await.unwrap().is_empty());
        let filter = RunFilter { flow: Some(text.clone()), ..RunFilter::default() };
        let page = weir_store::PageRequest { before: None, limit: 9 };
        assert_eq!(store.list_runs(&filter, page).await.unwrap().items.len(), 1);
        let scope = VariableScope { tenant: "t".into(), project: "p".into(), service: None };
        let change = VariableChange::Set(Value::from(&*text));
        let op = VariableOp { run: key, path: text.clone(), at: 1, scope: scope.clone(), name: text.clone(), change };
        for _ in 0..2 {
            assert_eq!(store.change_variables(std::slice::from_ref(&op)).await.unwrap(), [Ok(Value::from(&*text))]);
        }
        assert_eq!(store.variables(&scope, std::slice::from_ref(&text)).await.unwrap()[&text], Value::from(&*text));
    }
}

/// A name that cannot be kept is the batch's fault, and the store goes on.
#[tokio::test]
async fn a_tenant_of_any_length_is_refused() {
    let (store, _database) = fresh().await;
    let epoch = store.claim(1, 1).await.unwrap();
    let [.., long] = hostile();
    let refused = store.commit(start(epoch, store.next_run_key(), "r", &long)).await;
    assert!(matches!(refused, Err(weir_store::CommitError::Invalid(_))), "{refused:?}");
    store.commit(start(epoch, store.next_run_key(), "r", "t")).await.unwrap();
}

#[tokio::test]
async fn documents_of_any_text_come_back() {
    let database = Database::fresh().await;
    let store = PgStore::open(&database.url(), &PgOptions::default()).await.unwrap();
    for (number, text) in hostile().into_iter().enumerate() {
        let document = Document {
            tenant: if number < 3 { text.clone() } else { "t".into() },
            id: format!("{number}").into(),
            parent: "".into(),
            name: text.clone(),
            lookup: Some(text.clone()),
            label: text.clone(),
            revision: 1,
            created_at: 1,
            updated_at: 1,
            body: text.clone(),
        };
        let scope = Scope::Tenant(document.tenant.clone());
        let table = Table::Secrets;
        store.change(&scope, vec![Change::Insert(table, document.clone())]).await.unwrap();
        assert_eq!(store.look_up(&Scope::System, table, &text).await.unwrap().as_ref(), Some(&document));
        assert_eq!(store.named(&document.tenant, table, "", &text).await.unwrap().as_ref(), Some(&document));
        let filter = DocumentFilter { text: Some(text.to_string()), ..DocumentFilter::default() };
        assert_eq!(store.count_documents(&scope, table, &filter).await.unwrap(), 1);
    }
}
