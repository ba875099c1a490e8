//! Documents of the control plane.

use std::sync::Arc;
use weir_base::Text;
use weir_store::{
    Change, ChangeError, Document, DocumentFilter, DocumentPage, Documents, FlowVersion, Scope, SourceFile, Table,
};

type Store = Arc<dyn Documents>;

fn document(tenant: &str, id: &str, name: &str) -> Document {
    let body = format!(r#"{{"name":"{name}","text":"Grüße 'x' \"y\""}}"#);
    Document { created_at: 5, updated_at: 5, ..crate::document(tenant, id, "p", name, body) }
}

fn of(tenant: &str) -> Scope {
    Scope::Tenant(tenant.into())
}

fn all() -> DocumentPage {
    DocumentPage { after: None, limit: 100, newest_first: false }
}

async fn insert(store: &Store, table: Table, document: Document) -> Result<(), ChangeError> {
    store.change(&Scope::System, vec![Change::Insert(table, document)]).await
}

async fn ids(store: &Store, scope: &Scope, filter: &DocumentFilter, page: &DocumentPage) -> Vec<String> {
    let found = store.documents(scope, Table::Projects, filter, page).await.unwrap();
    found.into_iter().map(|document| document.id.to_string()).collect()
}

pub async fn every_table_keeps_what_it_is_given(store: Store) {
    for table in Table::ALL {
        let written = Document { lookup: Some("l".into()), label: "x".into(), ..document("a", "1", "one") };
        insert(&store, table, written.clone()).await.unwrap();
        assert_eq!(store.document(&of("a"), table, "1").await.unwrap(), Some(written.clone()), "{table:?}");
        assert_eq!(store.look_up(&Scope::System, table, "l").await.unwrap(), Some(written.clone()), "{table:?}");
        assert_eq!(store.named("a", table, "p", "one").await.unwrap(), Some(written), "{table:?}");
    }
}

/// Nothing a tenant asks for reaches another's rows, by whatever name.
pub async fn tenants_are_apart(store: Store) {
    for table in Table::ALL {
        insert(&store, table, Document { lookup: Some("l".into()), ..document("b", "1", "one") }).await.unwrap();
        let a = of("a");
        assert_eq!(store.document(&a, table, "1").await.unwrap(), None, "{table:?}");
        assert_eq!(store.look_up(&a, table, "l").await.unwrap(), None, "{table:?}");
        assert_eq!(store.named("a", table, "p", "one").await.unwrap(), None, "{table:?}");
        assert!(store.documents(&a, table, &DocumentFilter::default(), &all()).await.unwrap().is_empty());
        assert_eq!(store.count_documents(&a, table, &DocumentFilter::default()).await.unwrap(), 0, "{table:?}");
        let delete = Change::Delete { table, tenant: "a".into(), id: "1".into(), expected: None };
        assert!(matches!(store.change(&a, vec![delete]).await, Err(ChangeError::Missing { .. })), "{table:?}");
        let replace = Change::Replace { table, document: document("a", "1", "two"), expected: None };
        assert!(matches!(store.change(&a, vec![replace]).await, Err(ChangeError::Missing { .. })), "{table:?}");
        let under = Change::DeleteUnder { table, tenant: "a".into(), parent: "p".into() };
        store.change(&a, vec![under]).await.unwrap();
        let foreign = Change::DeleteUnder { table, tenant: "b".into(), parent: "p".into() };
        assert!(matches!(store.change(&a, vec![foreign]).await, Err(ChangeError::Foreign { .. })), "{table:?}");
        assert!(store.document(&of("b"), table, "1").await.unwrap().is_some(), "{table:?}");
    }
}

pub async fn names_are_taken_once(store: Store) {
    let table = Table::Projects;
    insert(&store, table, document("a", "1", "one")).await.unwrap();
    let taken = |result: Result<(), ChangeError>, name: &str| {
        assert_eq!(result, Err(ChangeError::Taken { table, name: name.into() }));
    };
    taken(insert(&store, table, document("a", "1", "two")).await, "1");
    taken(insert(&store, table, document("b", "1", "two")).await, "1");
    taken(insert(&store, table, document("a", "2", "one")).await, "one");
    insert(&store, table, document("b", "2", "one")).await.unwrap();
    insert(&store, table, Document { parent: "q".into(), ..document("a", "3", "one") }).await.unwrap();
    insert(&store, table, document("a", "4", "")).await.unwrap();
    insert(&store, table, document("a", "5", "")).await.unwrap();
    insert(&store, table, Document { lookup: Some("l".into()), ..document("a", "6", "six") }).await.unwrap();
    taken(insert(&store, table, Document { lookup: Some("l".into()), ..document("b", "7", "six") }).await, "l");
    let rename = Change::Replace { table, document: document("a", "6", "one"), expected: None };
    taken(store.change(&of("a"), vec![rename]).await, "one");
}

/// Never last-writer-wins: whoever changes what he has not seen is shown what is there.
pub async fn revisions_are_compared(store: Store) {
    let table = Table::FlowDrafts;
    insert(&store, table, document("a", "1", "one")).await.unwrap();
    let later = Document { updated_at: 9, ..document("a", "1", "two") };
    let replace = |expected| Change::Replace { table, document: later.clone(), expected };
    store.change(&of("a"), vec![replace(Some(1))]).await.unwrap();
    let now = store.document(&of("a"), table, "1").await.unwrap().unwrap();
    assert_eq!((now.revision, now.created_at, now.updated_at, &*now.name), (2, 5, 9, "two"));
    let conflict = Err(ChangeError::Conflict { table, current: Box::new(now.clone()) });
    assert_eq!(store.change(&of("a"), vec![replace(Some(1))]).await, conflict);
    let delete = |expected| Change::Delete { table, tenant: "a".into(), id: "1".into(), expected };
    assert_eq!(store.change(&of("a"), vec![delete(Some(1))]).await, conflict);
    store.change(&of("a"), vec![delete(Some(2))]).await.unwrap();
    assert_eq!(store.document(&of("a"), table, "1").await.unwrap(), None);
}

pub async fn a_change_happens_whole_or_not_at_all(store: Store) {
    insert(&store, Table::Projects, document("a", "1", "one")).await.unwrap();
    let steps = vec![
        Change::Insert(Table::Services, document("a", "2", "two")),
        Change::Publish(version()),
        Change::Insert(Table::Projects, document("a", "1", "again")),
    ];
    assert!(store.change(&of("a"), steps).await.is_err());
    assert_eq!(store.document(&of("a"), Table::Services, "2").await.unwrap(), None);
    store.change(&of("a"), vec![]).await.unwrap();
}

fn version() -> FlowVersion {
    FlowVersion {
        hash: "h".into(),
        tenant: "a".into(),
        project: "p".into(),
        name: "f".into(),
        dialect: "tree".into(),
        files: vec![SourceFile { name: "flow.yaml".into(), text: "x".into() }],
        ir: "{}".into(),
        published_at: 1,
    }
}

/// A limit holds exactly, however many try at the same time.
pub async fn limits_hold_under_concurrency(store: Store) {
    let tries = (0..20).map(|number| {
        let store = store.clone();
        let limit = Change::AtMost { table: Table::FlowDrafts, tenant: "a".into(), parent: None, limit: 7 };
        let insert = Change::Insert(Table::FlowDrafts, document("a", &number.to_string(), &number.to_string()));
        tokio::spawn(async move { store.change(&of("a"), vec![insert, limit]).await })
    });
    let (mut done, mut refused) = (0, 0);
    for task in tries.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(()) => done += 1,
            Err(ChangeError::OverLimit { count: 8, limit: 7, .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((done, refused), (7, 13));
    assert_eq!(store.count_documents(&of("a"), Table::FlowDrafts, &DocumentFilter::default()).await.unwrap(), 7);
}

/// A change about a document that is gone, or of another tenant, is no change at all.
pub async fn a_change_needs_what_it_is_about(store: Store) {
    insert(&store, Table::FlowDrafts, document("a", "flow", "flow")).await.unwrap();
    let must_be =
        |tenant: &str, id: &str| Change::MustBe { table: Table::FlowDrafts, tenant: tenant.into(), id: id.into() };
    let kept = |tenant: &str, id: &str| Change::Insert(Table::Memories, document(tenant, id, id));
    store.change(&of("a"), vec![kept("a", "1"), must_be("a", "flow")]).await.unwrap();
    for (tenant, needed) in [("a", "other"), ("b", "flow")] {
        let refused = store.change(&of(tenant), vec![kept(tenant, "2"), must_be(tenant, needed)]).await;
        assert!(matches!(refused, Err(ChangeError::Missing { table: Table::FlowDrafts, .. })), "{refused:?}");
    }
    let refused = store.change(&of("b"), vec![must_be("a", "flow")]).await;
    assert!(matches!(refused, Err(ChangeError::Foreign { .. })), "{refused:?}");
    let gone = Change::Delete { table: Table::FlowDrafts, tenant: "a".into(), id: "flow".into(), expected: None };
    let refused = store.change(&of("a"), vec![gone.clone(), must_be("a", "flow")]).await;
    assert!(refused.is_err(), "steps before count");
    store.change(&of("a"), vec![gone]).await.unwrap();
    assert!(store.change(&of("a"), vec![kept("a", "3"), must_be("a", "flow")]).await.is_err());
    assert_eq!(store.count_documents(&Scope::System, Table::Memories, &DocumentFilter::default()).await.unwrap(), 1);
}

/// However many go at the same time, one stays.
pub async fn the_last_of_a_label_stays(store: Store) {
    let table = Table::Members;
    for id in ["1", "2", "3"] {
        let label = if id == "3" { "viewer" } else { "owner" };
        insert(&store, table, Document { label: label.into(), ..document("a", id, id) }).await.unwrap();
    }
    insert(&store, table, Document { label: "owner".into(), ..document("b", "4", "4") }).await.unwrap();
    let stays = Change::OneStays { table, tenant: "a".into(), label: "owner".into() };
    let goes = ["1", "2"].map(|id| {
        let delete = Change::Delete { table, tenant: "a".into(), id: id.into(), expected: None };
        let (store, steps) = (store.clone(), vec![delete, stays.clone()]);
        tokio::spawn(async move { store.change(&of("a"), steps).await })
    });
    let mut refused = 0;
    for task in goes {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(ChangeError::NoneStays { label, .. }) if &*label == "owner" => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 1);
}

pub async fn lists_are_filtered_and_paged(store: Store) {
    for number in 1..=5 {
        let name = format!("n{number}");
        let label = if number % 2 == 0 { "even" } else { "odd" };
        let parent = if number < 5 { "p" } else { "q" };
        let one = Document {
            label: label.into(),
            parent: parent.into(),
            created_at: number * 10,
            ..document("a", &number.to_string(), &name)
        };
        insert(&store, Table::Projects, one).await.unwrap();
    }
    let check = async |filter: DocumentFilter, expected: &[&str]| {
        assert_eq!(ids(&store, &of("a"), &filter, &all()).await, expected, "{filter:?}");
        let count = store.count_documents(&of("a"), Table::Projects, &filter).await.unwrap();
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    };
    check(DocumentFilter::default(), &["1", "2", "3", "4", "5"]).await;
    check(DocumentFilter { parent: Some("p".into()), ..DocumentFilter::default() }, &["1", "2", "3", "4"]).await;
    check(DocumentFilter { label: Some("even".into()), ..DocumentFilter::default() }, &["2", "4"]).await;
    check(DocumentFilter { text: Some("N3".into()), ..DocumentFilter::default() }, &["3"]).await;
    check(DocumentFilter { text: Some("'x'".into()), ..DocumentFilter::default() }, &["1", "2", "3", "4", "5"]).await;
    // Other letters than those of ASCII are as they are, on every database.
    check(DocumentFilter { text: Some("gRü".into()), ..DocumentFilter::default() }, &["1", "2", "3", "4", "5"]).await;
    check(DocumentFilter { text: Some("grÜ".into()), ..DocumentFilter::default() }, &[]).await;
    let times = DocumentFilter { since: Some(20), until: Some(40), ..DocumentFilter::default() };
    check(times, &["2", "3"]).await;
    let page = |after: &str, newest_first| DocumentPage { after: Some(after.into()), limit: 2, newest_first };
    assert_eq!(ids(&store, &of("a"), &DocumentFilter::default(), &page("2", false)).await, ["3", "4"]);
    assert_eq!(ids(&store, &of("a"), &DocumentFilter::default(), &page("3", true)).await, ["2", "1"]);
}

/// By id, and the newest of each parent; those of others do not exist.
pub async fn several_are_read_together(store: Store) {
    for (tenant, id, parent) in [("a", "1", "p"), ("a", "2", "q"), ("a", "3", "p"), ("b", "4", "p"), ("a", "5", "r")] {
        let one = Document { parent: parent.into(), ..document(tenant, id, id) };
        insert(&store, Table::Releases, one).await.unwrap();
    }
    let texts = |texts: &[&str]| texts.iter().map(|text| Text::from(*text)).collect::<Vec<_>>();
    let ids = |found: Vec<Document>| found.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
    let (scope, table) = (of("a"), Table::Releases);
    let by_id = async |wanted: &[&str]| ids(store.documents_by_id(&scope, table, &texts(wanted)).await.unwrap());
    assert_eq!(by_id(&["5", "4", "2", "x'"]).await, ["2", "5"]);
    assert!(by_id(&[]).await.is_empty());
    let newest = async |wanted: &[&str]| ids(store.newest_under(&scope, table, &texts(wanted)).await.unwrap());
    assert_eq!(newest(&["p", "q", "none"]).await, ["2", "3"]);
    assert!(newest(&[]).await.is_empty());
    let of_all = store.newest_under(&Scope::System, table, &texts(&["p"])).await.unwrap();
    assert_eq!(ids(of_all), ["3", "4"]);
    let names = async |scope: &Scope, filter: &DocumentFilter| {
        let found = store.names(scope, table, filter).await.unwrap();
        found.iter().map(|(id, name)| format!("{id}={name}")).collect::<Vec<_>>()
    };
    let under = DocumentFilter { parent: Some("p".into()), ..DocumentFilter::default() };
    assert_eq!(names(&scope, &under).await, ["1=1", "3=3"]);
    assert_eq!(names(&Scope::System, &under).await, ["1=1", "3=3", "4=4"]);
    assert_eq!(names(&scope, &DocumentFilter { label: Some("none".into()), ..under }).await, [""; 0]);
}

pub async fn hostile_text_is_only_text(store: Store) {
    let hostile = "x'; DROP TABLE projects; -- \u{0} % _ \"";
    let one = Document { parent: hostile.into(), label: hostile.into(), ..document("a", "1", hostile) };
    let insertion = insert(&store, Table::Projects, one).await;
    let filter = DocumentFilter { text: Some(hostile.to_owned()), label: Some(hostile.into()), ..Default::default() };
    let found = ids(&store, &of("a"), &filter, &all()).await;
    assert!(insertion.is_err() || found == ["1"], "{found:?}");
    assert_eq!(store.document(&of("a"), Table::Projects, hostile).await.unwrap(), None);
}
