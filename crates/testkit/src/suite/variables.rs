//! Variables of projects and services (semantics 2.11).

use super::fixture::{Owned, text};
use std::sync::Arc;
use weir_base::Value;
use weir_store::{
    MAX_VARIABLE_BYTES, RunKey, Store, Variable, VariableChange, VariableFault, VariableOp, VariableRefusal,
    VariableScope, VariableWrite,
};

fn scope(project: &str, service: Option<&str>) -> VariableScope {
    VariableScope { tenant: "".into(), project: project.into(), service: service.map(text) }
}

fn op(run: RunKey, path: &str, name: &str, change: VariableChange) -> VariableOp {
    VariableOp { run, path: path.into(), at: 1, scope: scope("p", None), name: name.into(), change }
}

async fn apply(owned: &Owned, ops: &[VariableOp]) -> Vec<Value> {
    let results = owned.store.change_variables(ops).await.expect("changes");
    results.into_iter().map(|result| result.expect("no fault")).collect()
}

async fn read(owned: &Owned, scope: &VariableScope, name: &str) -> Value {
    owned.store.variables(scope, &[text(name)]).await.expect("reads").remove(name).expect("is there")
}

/// Semantics 2.11.
pub async fn the_same_key_gives_the_same_result(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let (a, b) = (owned.running("a").await, owned.running("b").await);
    let add = |run, path| op(run, path, "n", VariableChange::Increment(5.0));
    assert_eq!(apply(&owned, &[add(a, "x")]).await, [Value::from(5)]);
    assert_eq!(apply(&owned, &[add(a, "y")]).await, [Value::from(10)]);
    assert_eq!(apply(&owned, &[add(a, "x")]).await, [Value::from(5)]);
    assert_eq!(apply(&owned, &[add(b, "x"), add(b, "x")]).await, [Value::from(15), Value::from(15)]);
    assert_eq!(read(&owned, &scope("p", None), "n").await, Value::from(15));
}

pub async fn changes_build_on_each_other(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let ops = [
        op(run, "1", "list", VariableChange::Append("ä".into())),
        op(run, "2", "list", VariableChange::Append(Value::Null)),
        op(run, "3", "n", VariableChange::Set(Value::from(2.5))),
        op(run, "4", "n", VariableChange::Increment(-3.0)),
        op(run, "5", "n", VariableChange::Set(Value::Null)),
    ];
    let list = Value::array(["ä".into(), Value::Null]);
    let expected = [Value::array(["ä".into()]), list.clone(), Value::from(2.5), Value::from(-0.5), Value::Null];
    assert_eq!(apply(&owned, &ops).await, expected);
    let read = owned.store.variables(&scope("p", None), &["list", "n", "unset"].map(text)).await.unwrap();
    assert_eq!(read.into_values().collect::<Vec<_>>(), [list, Value::Null, Value::Null]);
}

pub async fn scopes_are_apart(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let scopes = [scope("p", None), scope("p", Some("s")), scope("p", Some("t")), scope("q", None)];
    for (number, scope) in scopes.iter().enumerate() {
        let path = format!("{number}");
        let op = VariableOp { scope: scope.clone(), ..op(run, &path, "v", VariableChange::Set(number.into())) };
        apply(&owned, &[op]).await;
    }
    for (number, scope) in scopes.iter().enumerate() {
        assert_eq!(read(&owned, scope, "v").await, Value::from(number));
    }
}

pub async fn faults_change_nothing(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let ops = [
        op(run, "1", "v", VariableChange::Set("text".into())),
        op(run, "2", "v", VariableChange::Increment(1.0)),
        op(run, "3", "w", VariableChange::Increment(1.0)),
    ];
    let results = owned.store.change_variables(&ops).await.unwrap();
    let fault = VariableFault::WrongType { name: "v".into(), wanted: "a number", found: "string" };
    assert_eq!(results, [Ok("text".into()), Err(fault), Ok(Value::from(1))]);
    assert_eq!(read(&owned, &scope("p", None), "v").await, Value::from("text"));
}

/// People set, list and delete them too, beside runs.
pub async fn they_are_set_listed_and_deleted(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let set = async |scope: &VariableScope, name: &str, value: Value| {
        let write = VariableWrite { name: name.into(), value, at: 7, expected: None };
        owned.store.set_variable(scope, write).await.expect("sets")
    };
    let names = async |scope: &VariableScope| -> Vec<String> {
        let found = owned.store.list_variables(scope).await.expect("lists");
        found
            .into_iter()
            .map(|variable| format!("{}={}@{}", variable.name, variable.value, variable.changed_at))
            .collect()
    };
    let (project, service) = (scope("p", None), scope("p", Some("s")));
    set(&project, "n", 1.into()).await.unwrap();
    set(&project, "b", "x".into()).await.unwrap();
    set(&service, "n", 2.into()).await.unwrap();
    apply(&owned, &[op(run, "x", "n", VariableChange::Increment(5.0))]).await;
    assert_eq!(names(&project).await, [r#"b="x"@7"#, "n=6@1"]);
    assert_eq!(names(&service).await, ["n=2@7"]);
    let long = "x".repeat(MAX_VARIABLE_BYTES).into();
    let refused = set(&project, "n", long).await;
    assert!(matches!(refused, Err(VariableRefusal::Fault(VariableFault::TooLarge { .. }))));
    let deleted = async || owned.store.delete_variable(&project, "n", None).await.unwrap().unwrap();
    assert_eq!(deleted().await.map(|was| was.value), Some(6.into()));
    assert_eq!(deleted().await, None);
    assert_eq!((names(&project).await.len(), names(&service).await.len()), (1, 1));
}

/// Nobody overwrites or deletes unseen what somebody else, or a run, has set since.
pub async fn revisions_of_variables_are_compared(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let run = owned.running("a").await;
    let scope = scope("p", None);
    let set = async |value: i64, expected: Option<u64>| {
        let write = VariableWrite { name: "n".into(), value: value.into(), at: 7, expected };
        owned.store.set_variable(&scope, write).await.expect("sets")
    };
    let delete = async |expected| owned.store.delete_variable(&scope, "n", expected).await.expect("deletes");
    let at =
        |value: i64, revision, changed_at| Variable { name: "n".into(), value: value.into(), changed_at, revision };
    let changed = |there: Option<Variable>| VariableRefusal::Changed(there.map(Box::new));
    assert_eq!(set(1, Some(3)).await, Err(changed(None)), "it is not there");
    let first = set(1, Some(0)).await.unwrap();
    assert_eq!((first.before, first.now), (None, at(1, 1, 7)));
    assert_eq!(set(9, Some(0)).await, Err(changed(Some(at(1, 1, 7)))), "somebody was first");
    apply(&owned, &[op(run, "x", "n", VariableChange::Increment(1.0))]).await;
    assert_eq!(set(9, Some(1)).await, Err(changed(Some(at(2, 2, 1)))), "a run has set it");
    let second = set(3, Some(2)).await.unwrap();
    assert_eq!((second.before, second.now), (Some(at(2, 2, 1)), at(3, 3, 7)));
    assert_eq!(set(4, None).await.unwrap().now.revision, 4);
    assert_eq!(delete(Some(3)).await, Err(changed(Some(at(4, 4, 7)))));
    assert_eq!(delete(Some(4)).await, Ok(Some(at(4, 4, 7))));
    assert_eq!(delete(Some(4)).await, Ok(None));
}
