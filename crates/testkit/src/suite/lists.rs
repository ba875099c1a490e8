//! Lists, pages, counts and strange ids.

use super::fixture::{Owned, entry, ids};
use std::sync::Arc;
use weir_engine::{Status, StepError};
use weir_store::{EndedCount, EndedFilter, PageRequest, Run, RunFilter, RunKey, RunUpdate, Store};

const ALL: PageRequest = PageRequest { before: None, limit: 1_000 };

pub async fn pages_join_up(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let runs: Vec<Run> = (0..1_000).map(|number| owned.run(&format!("run {number:04}"), "local", number)).collect();
    owned.commit(|batch| batch.runs = runs.clone()).await;
    let mut seen: Vec<Run> = Vec::new();
    let mut page = PageRequest { before: None, limit: 37 };
    loop {
        let found = owned.store.list_runs(&RunFilter::default(), page).await.unwrap();
        seen.extend(found.items);
        match found.next {
            Some(next) => page.before = Some(next),
            None => break,
        }
    }
    seen.reverse();
    assert_eq!(seen, runs);
    let last = PageRequest { before: None, limit: 1_000 };
    assert_eq!(owned.store.list_runs(&RunFilter::default(), last).await.unwrap().next, None);
}

/// The order is that of creation, whatever the clock has done meanwhile, and a page goes on where the one before ended:
/// by tenant, project, flow and state, all of which are found by other ways.
pub async fn pages_are_in_the_order_of_creation(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let states = [Status::Succeeded, Status::Failed, Status::Pending, Status::Cancelled, Status::Waiting];
    let mut runs = Vec::new();
    for number in 0..400_i64 {
        let mut run = owned.run(&number.to_string(), if number % 3 == 0 { "p" } else { "q" }, number * 7 % 100);
        run.flow = if number % 4 == 0 { "f".into() } else { "g".into() };
        run.place.tenant = if number % 7 == 0 { "t".into() } else { "u".into() };
        run.status = states[(number % 5) as usize];
        run.ended_at = run.status.is_final().then_some(number * 7 % 100 + 5);
        runs.push(run);
    }
    owned.commit(|batch| batch.runs = runs.clone()).await;
    let text = |text: &str| Some(text.into());
    let some = RunFilter::default();
    let filters = [
        RunFilter { tenant: text("u"), ..some.clone() },
        RunFilter { project: text("p"), since: Some(20), until: Some(80), ..some.clone() },
        RunFilter { flow: text("f"), ..some.clone() },
        RunFilter { tenant: text("u"), project: text("q"), flow: text("f"), ..some.clone() },
        RunFilter { tenant: text("t"), statuses: vec![Status::Failed], ..some.clone() },
        RunFilter { project: text("p"), statuses: vec![Status::Waiting, Status::Cancelled], ..some.clone() },
        RunFilter { project: text("p"), flow: text("g"), statuses: vec![Status::Failed], ..some.clone() },
        RunFilter { statuses: states.to_vec(), text: Some("7".into()), ..some.clone() },
        RunFilter { statuses: vec![Status::Succeeded], at_least: Some(5), ..some.clone() },
        some,
    ];
    for filter in filters {
        let passes = |run: &&Run| {
            let same = |wanted: &Option<_>, is| wanted.as_ref().is_none_or(|wanted| wanted == is);
            same(&filter.tenant, &run.place.tenant)
                && same(&filter.project, &run.place.project)
                && same(&filter.flow, &run.flow)
                && (filter.statuses.is_empty() || filter.statuses.contains(&run.status))
                && filter.text.as_ref().is_none_or(|text| run.id.contains(&**text))
                && filter.since.is_none_or(|since| run.created_at >= since)
                && filter.until.is_none_or(|until| run.created_at < until)
                && filter.at_least.is_none_or(|least| run.ended_at.is_some_and(|end| end - run.created_at >= least))
        };
        let mut expected: Vec<Run> = runs.iter().filter(passes).cloned().collect();
        expected.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.key)));
        assert!(expected.len() > 5, "{filter:?}");
        assert_eq!(all_pages(&owned, &filter, None).await, ids(&expected), "{filter:?}");
        assert_eq!(all_pages(&owned, &filter, Some(9)).await, ids(&expected), "{filter:?}, a few at a time");
    }
}

/// Every page of a list, or of a search that looks at so many runs at most.
async fn all_pages(owned: &Owned, filter: &RunFilter, most: Option<u32>) -> Vec<String> {
    let (mut found, mut page) = (Vec::new(), PageRequest { before: None, limit: 7 });
    loop {
        let part = match most {
            Some(most) => owned.store.look_for_runs(filter, page, most).await.unwrap(),
            None => owned.store.list_runs(filter, page).await.unwrap(),
        };
        assert!(part.items.len() <= 7);
        assert!(part.next.is_none() || most.is_some() || part.items.len() == 7, "only the last page may be short");
        found.extend(ids(&part.items).iter().map(ToString::to_string));
        match part.next {
            Some(next) => page.before = Some(next),
            None => return found,
        }
    }
}

pub async fn filters_narrow(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    for (id, project, flow) in
        [("Alpha", "p", "orders"), ("Alpha/sub", "p", "billing"), ("alphabet", "q", "orders"), ("100%", "p", "a_b")]
    {
        let mut run = owned.run(id, project, 1);
        run.flow = flow.into();
        run.cause = (id != "100%").then(|| format!("webhook/{project}").into());
        owned.commit(|batch| batch.runs.push(run)).await;
    }
    let failed = owned.store.run("100%").await.unwrap().unwrap().key;
    let error = Some(StepError::input("NOT_A_LIST", "Expected a List, Ärger"));
    owned
        .commit(|batch| {
            batch.updates.push(RunUpdate::ended(failed, Status::Failed, 2, "Some Output für alle".into(), error))
        })
        .await;
    let text = |text: &str| RunFilter { text: Some(text.into()), ..RunFilter::default() };
    let cases = [
        (RunFilter::default(), &["100%", "alphabet", "Alpha/sub", "Alpha"][..]),
        (RunFilter { project: Some("q".into()), ..RunFilter::default() }, &["alphabet"]),
        (RunFilter { flow: Some("orders".into()), project: Some("p".into()), ..RunFilter::default() }, &["Alpha"]),
        (RunFilter { tenant: Some("other".into()), ..RunFilter::default() }, &[]),
        (
            RunFilter { service: Some("default".into()), statuses: vec![Status::Failed], ..RunFilter::default() },
            &["100%"],
        ),
        (
            RunFilter {
                statuses: vec![Status::Failed, Status::Pending],
                text: Some("SUB".into()),
                ..RunFilter::default()
            },
            &["Alpha/sub"],
        ),
        (RunFilter { under: Some("Alpha".into()), ..RunFilter::default() }, &["Alpha/sub"]),
        (text("aLPHA"), &["alphabet", "Alpha/sub", "Alpha"]),
        (text("a list"), &["100%"]),
        (text("%"), &["100%"]),
        (text("a_b"), &["100%"]),
        (text("some out"), &["100%"]),
        // Other letters than those of ASCII are as they are, on every database.
        (text("ÄRGER"), &["100%"]),
        (text("ärger"), &[]),
        (text("FüR ALLE"), &["100%"]),
        (text("FÜR ALLE"), &[]),
        (
            RunFilter { since: Some(1), until: Some(2), project: Some("q".into()), ..RunFilter::default() },
            &["alphabet"],
        ),
        (RunFilter { begins: Some("Alpha".into()), ..RunFilter::default() }, &["Alpha/sub", "Alpha"]),
        (RunFilter { begins_not: Some("Alpha".into()), ..RunFilter::default() }, &["100%", "alphabet"]),
        (RunFilter { begins: Some("1_0".into()), ..RunFilter::default() }, &[]),
        (RunFilter { since: Some(2), ..RunFilter::default() }, &[]),
        (RunFilter { until: Some(1), ..RunFilter::default() }, &[]),
        (RunFilter { at_least: Some(1), at_most: Some(1), ..RunFilter::default() }, &["100%"]),
        (RunFilter { at_least: Some(2), ..RunFilter::default() }, &[]),
        (RunFilter { cause: Some("webhook".into()), ..RunFilter::default() }, &["alphabet", "Alpha/sub", "Alpha"]),
        (RunFilter { cause: Some("webhook/q".into()), ..RunFilter::default() }, &["alphabet"]),
        (RunFilter { cause: Some("web".into()), ..RunFilter::default() }, &[]),
        (RunFilter { cause: Some("webhook/".into()), ..RunFilter::default() }, &[]),
        (RunFilter { system: Some(true), ..RunFilter::default() }, &[]),
        (RunFilter { system: Some(false), project: Some("q".into()), ..RunFilter::default() }, &["alphabet"]),
        (text("'; DROP TABLE runs; --"), &[]),
    ];
    for (filter, expected) in cases {
        let page = owned.store.list_runs(&filter, ALL).await.unwrap();
        assert_eq!(ids(&page.items), expected, "{filter:?}");
    }
}

/// A list without a project is of all of them, however many, each in each of the states.
pub async fn lists_are_of_many_projects(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut expected = Vec::new();
    for number in 0..60 {
        let id = format!("r{number:02}");
        let run = owned.run(&id, &format!("p{number:02}"), 1_000 - number / 3);
        expected.push((run.created_at, run.key, id));
        owned.commit(|batch| batch.runs.push(run)).await;
    }
    expected.sort_by_key(|(at, key, _)| std::cmp::Reverse((*at, *key)));
    let expected: Vec<String> = expected.into_iter().map(|(_, _, id)| id).collect();
    let filters = [
        RunFilter::default(),
        RunFilter { statuses: vec![Status::Pending, Status::Failed, Status::Succeeded], ..RunFilter::default() },
        RunFilter { text: Some("R".into()), ..RunFilter::default() },
    ];
    for filter in filters {
        assert_eq!(all_pages(&owned, &filter, None).await, expected, "{filter:?}");
        assert_eq!(all_pages(&owned, &filter, Some(3)).await, expected, "{filter:?}, a few at a time");
    }
}

pub async fn states_are_counted(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    assert!(owned.store.count_runs(None).await.unwrap().is_empty());
    owned.ended("a", 1).await;
    owned.ended("b", 2).await;
    let parked = owned.running("c").await;
    owned.commit(|batch| batch.updates.push(RunUpdate::parked(parked, None))).await;
    let pending = owned.run("d", "local", 1);
    owned.commit(|batch| batch.runs.push(pending)).await;
    let counts = owned.store.count_runs(Some("")).await.unwrap();
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [(Status::Pending, 1), (Status::Waiting, 1), (Status::Succeeded, 2)]
    );
    assert!(owned.store.count_runs(Some("other")).await.unwrap().is_empty());
}

pub async fn ids_may_be_anything(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let long = "x/".repeat(10_000);
    let ids = ["", " ", "it's \"quoted\"", "🦦/ß[3]", "a\nb", "%_\\", "$1 ? ?1", &long];
    for id in ids {
        let key = owned.running(id).await;
        let mut entry = entry(key, 1);
        entry.record.path = id.into();
        owned.commit(|batch| batch.records.push(entry)).await;
        assert_eq!(owned.store.run(id).await.unwrap().unwrap().key, key, "{id:?}");
        assert_eq!(&*owned.store.records(key, 1, 9).await.unwrap()[0].path, id);
    }
}

pub async fn unfinished_runs_are_found_again(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    owned.running("a").await;
    owned.ended("b", 1).await;
    let parked = owned.running("c").await;
    owned.commit(|batch| batch.updates.push(RunUpdate::parked(parked, Some(1)))).await;
    owned.running("d").await;
    assert_eq!(ids(&owned.store.unfinished(None, 2).await.unwrap()), ["a", "c"]);
    assert_eq!(ids(&owned.store.unfinished(Some(parked), 2).await.unwrap()), ["d"]);
    assert!(owned.store.unfinished(Some(RunKey(i64::MAX)), 2).await.unwrap().is_empty());
}

/// What a month's use is counted from: runs from outside, younger than what was counted before.
pub async fn starts_are_counted(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let mut keys = Vec::new();
    for (id, tenant, at) in [("a", "t", 10), ("a/child", "t", 20), ("b", "t", 20), ("c", "u", 20), ("d", "t", 30)] {
        let mut run = owned.run(id, "p", at);
        run.place.tenant = tenant.into();
        keys.push(run.key);
        owned.commit(|batch| batch.runs.push(run)).await;
    }
    let all = RunKey(i64::MAX);
    let upto = async |through| owned.store.count_started("t", RunKey(0), through, 0).await.unwrap();
    let count = async |tenant, after, since| owned.store.count_started(tenant, after, all, since).await.unwrap();
    assert_eq!(count("t", RunKey(0), 0).await, 3);
    assert_eq!(count("t", RunKey(0), 20).await, 2);
    assert_eq!(count("t", keys[2], 0).await, 1);
    assert_eq!(count("u", RunKey(0), 0).await, 1);
    assert_eq!(count("none", RunKey(0), 0).await, 0);
    assert_eq!((upto(RunKey(0)).await, upto(keys[2]).await, upto(keys[3]).await), (0, 2, 2));
    assert_eq!(owned.store.newest_run().await.unwrap(), keys[4]);
    let before = async |at| owned.store.newest_run_before(at).await.unwrap();
    assert_eq!((before(10).await, before(20).await, before(30).await), (RunKey(0), keys[0], keys[3]));
}

/// What a flow's figures are made of: in the order of ending, by the part of a time range, of one tenant alone.
pub async fn ended_runs_are_measured(store: Arc<dyn Store>) {
    let owned = Owned::claim(store).await;
    let failed = StepError::input("NOT_A_LIST", "Expected a List");
    let mut keys = Vec::new();
    for (id, project, flow, at) in
        [("a", "p", "f", 100), ("b", "p", "f", 119), ("c", "p", "g", 120), ("d", "q", "f", 100), ("e", "p", "f", 130)]
    {
        let mut run = owned.run(id, project, 1);
        run.flow = flow.into();
        keys.push(run.key);
        let (status, error) =
            if id == "b" { (Status::Failed, Some(failed.clone())) } else { (Status::Succeeded, None) };
        let ended = RunUpdate::ended(run.key, status, at, weir_base::Value::Null, error);
        owned.commit(|batch| (batch.runs, batch.updates) = (vec![run], vec![ended])).await;
    }
    owned.running("open").await;
    let all = EndedFilter { from: 100, until: 130, ..EndedFilter::default() };
    let of_f = EndedFilter { flow: Some("f".into()), project: Some("p".into()), until: 1_000, ..all.clone() };
    let sample = EndedFilter { every: keys[3].0, ..all.clone() };
    let not_b = EndedFilter { begins_not: Some("b".into()), ..all.clone() };
    let foreign = EndedFilter { tenant: "other".into(), ..all.clone() };
    let cases = [
        (&all, None, 9, &["c", "b", "d", "a"][..]),
        (&all, None, 2, &["c", "b"]),
        (&all, Some((119, keys[1])), 9, &["d", "a"]),
        (&all, Some((100, keys[3])), 9, &["a"]),
        (&of_f, None, 9, &["e", "b", "a"]),
        (&sample, None, 9, &["d"]),
        (&not_b, None, 9, &["c", "d", "a"]),
        (&foreign, None, 9, &[]),
    ];
    for (filter, before, limit, expected) in cases {
        let found = owned.store.ended_runs(filter, before, limit).await.unwrap();
        assert_eq!(ids(&found), expected, "{filter:?} {before:?}");
    }
    let count = |part, status, count| EndedCount { part, status, count };
    let counts = owned.store.count_ended(&sample, 10).await.unwrap();
    let expected = [count(0, Status::Succeeded, 2), count(1, Status::Failed, 1), count(2, Status::Succeeded, 1)];
    assert_eq!(counts, expected);
    assert_eq!(owned.store.count_ended(&foreign, 10).await.unwrap(), []);
}
