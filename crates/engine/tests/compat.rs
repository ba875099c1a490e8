//! Prefix compatibility and fix-forward: semantics section 6.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use support::{Ran, Sim, flow};
use weir_base::Value;
use weir_engine::{
    Event, EventBody, ForkChange, ForkedFrom, Numbered, Plan, Reason, RebasedOnto, Status, StepError, TaskResult, fold,
    rebase, replay,
};

fn plan(root: &str) -> Arc<Plan> {
    Arc::new(Plan::new(&weir_ir::from_json(&flow(root)).unwrap()))
}

fn numbered(ran: &Ran) -> Vec<Numbered> {
    ran.events.iter().cloned().enumerate().map(|(at, event)| (at as u64 + 1, event)).collect()
}

fn steps(children: &[(&str, &str, &str)]) -> String {
    let child = |(id, kind, n): &(&str, &str, &str)| {
        format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{"n":{n}}}}}}}"#)
    };
    let children: Vec<String> = children.iter().map(child).collect();
    format!(r#"{{"id":"s","sequence":{{"children":[{}]}}}}"#, children.join(","))
}

const OLD: &[(&str, &str, &str)] = &[("a", "ok", "1"), ("b", "ok", "2"), ("c", "fail", "3"), ("d", "ok", "4")];

fn with(at: usize, step: (&'static str, &'static str, &'static str)) -> String {
    let mut children = OLD.to_vec();
    children[at] = step;
    steps(&children)
}

#[test]
fn rule_6_1_the_same_flow_answers_everything() {
    let ran = Sim::new(&flow(&steps(OLD))).run();
    let again = replay(&plan(&steps(OLD)), &numbered(&ran), &BTreeSet::new()).unwrap();
    assert_eq!((again.divergence, again.resume.len()), (None, 0));
    assert_eq!(again.machine.to_state(), ran.machine.to_state());
}

#[test]
fn rule_6_1_changes_before_a_result_diverge() {
    let ran = Sim::new(&flow(&steps(OLD))).run();
    let inserted = steps(&[("new", "ok", "0"), ("a", "ok", "1"), ("b", "ok", "2"), ("c", "fail", "3")]);
    let cases = [
        (with(1, ("b", "ok", "99")), "s/b", Reason::Changed),
        (with(1, ("b", "other", "2")), "s/b", Reason::Changed),
        (with(1, ("renamed", "ok", "2")), "s/b", Reason::Unreached),
        (inserted, "s/a", Reason::Unreached),
    ];
    for (new, path, reason) in cases {
        let divergence = replay(&plan(&new), &numbered(&ran), &BTreeSet::new()).unwrap().divergence.unwrap();
        assert_eq!((&*divergence.path, divergence.reason), (path, reason), "{new}");
    }
}

#[test]
fn rule_6_2_a_fixed_step_resumes_where_it_failed() {
    let ran = Sim::new(&flow(&steps(OLD))).run();
    assert_eq!(ran.status, Status::Failed);
    let fixed = plan(&with(2, ("c", "ok", "33")));
    let rebased = rebase(&plan(&steps(OLD)), &fixed, &numbered(&ran)).unwrap();
    assert!(rebased.is_compatible(), "{:?}", rebased.replay.divergence);
    assert_eq!((rebased.dropped, rebased.compensated.len()), (vec![4], 0));
    assert_eq!(rebased.replay.resume.iter().map(|path| &**path).collect::<Vec<_>>(), ["s/c"]);
}

#[test]
fn rule_6_2_readers_fold_the_rest_over_the_newest_flow() {
    let ran = Sim::new(&flow(&steps(OLD))).run();
    let fixed = plan(&with(2, ("c", "ok", "33")));
    let mut journal = numbered(&ran);
    journal.push((
        5,
        Event::new(
            9,
            EventBody::Rebased(Box::new(RebasedOnto { flow: "new".into(), dropped: vec![4], ..Default::default() })),
        ),
    ));
    let by_hash = |hash: &str| (hash == "new").then(|| fixed.clone());
    let machine = fold(&plan(&steps(OLD)), &by_hash, &journal).unwrap();
    assert!(machine.expects("s/c") && machine.status() == Status::Running);
    let result = Box::new(TaskResult::success(Value::from(1)));
    journal.push((6, Event::new(10, EventBody::TaskFinished { path: "s/c".into(), result: result.clone() })));
    journal.push((7, Event::new(11, EventBody::TaskFinished { path: "s/d".into(), result })));
    assert_eq!(fold(&plan(&steps(OLD)), &by_hash, &journal).unwrap().status(), Status::Succeeded);
}

#[test]
fn rule_6_2_effects_after_the_failure_make_it_compensated() {
    let tried = |kind: &str| {
        format!(
            r#"{{"id":"t","try":{{"body":{{"id":"b","task":{{"kind":"{kind}","params":{{}}}}}},"finally":{{"id":"f","task":{{"kind":"ok","params":{{}}}}}}}}}}"#
        )
    };
    let ran = Sim::new(&flow(&tried("fail"))).run();
    let rebased = rebase(&plan(&tried("fail")), &plan(&tried("ok")), &numbered(&ran)).unwrap();
    assert_eq!(rebased.compensated.iter().map(|path| &**path).collect::<Vec<_>>(), ["t/f"]);
    assert_eq!(rebased.dropped, [2, 3]);
    assert!(rebased.is_compatible());
}

#[test]
fn rule_6_2_two_broken_branches_are_both_set_aside() {
    let parallel = |kind: &str| {
        let child = |id: &str| format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{}}}}}}"#);
        format!(r#"{{"id":"p","parallel":{{"children":[{},{}]}}}}"#, child("a"), child("b"))
    };
    let ran = Sim::new(&flow(&parallel("fail"))).run();
    let rebased = rebase(&plan(&parallel("fail")), &plan(&parallel("fail")), &numbered(&ran)).unwrap();
    assert_eq!((rebased.dropped.len(), rebased.replay.resume.len()), (2, 2));
}

#[test]
fn rule_6_2_a_failure_in_a_pure_step_needs_nothing_set_aside() {
    let checked = |expr: &str| {
        format!(
            r#"{{"id":"s","sequence":{{"children":[{{"id":"a","task":{{"kind":"ok","params":{{}}}}}},
            {{"id":"c","set":{{"writes":[{{"op":"check","value":"{{{{ {expr} }}}}"}}]}}}},
            {{"id":"z","task":{{"kind":"ok","params":{{}}}}}}]}}}}"#
        )
    };
    let ran = Sim::new(&flow(&checked("false"))).run();
    let rebased = rebase(&plan(&checked("false")), &plan(&checked("true")), &numbered(&ran)).unwrap();
    assert_eq!((rebased.dropped.len(), &*rebased.replay.resume[0]), (0, "s/z"));
    let still = rebase(&plan(&checked("false")), &plan(&checked("0")), &numbered(&ran)).unwrap();
    assert!(!still.is_compatible());
}

#[test]
fn rule_6_2_a_timeout_is_set_aside_with_its_timer() {
    let timed = |after: u32| {
        format!(
            r#"{{"id":"t","decorate":{{"with":{{"timeout":{{"after":{after}}}}},"body":{{"id":"a","task":{{"kind":"never","params":{{}}}}}}}}}}"#
        )
    };
    let ran = Sim::new(&flow(&timed(10))).run();
    let rebased = rebase(&plan(&timed(10)), &plan(&timed(60_000)), &numbered(&ran)).unwrap();
    assert!(rebased.is_compatible());
    assert_eq!(rebased.dropped, [2]);
}

#[test]
fn rule_6_3_a_fork_is_a_snapshot_under_a_new_name() {
    let root = steps(&[("a", "ok", "1"), ("b", "ok", "\"{{ vars.x }}\"")]);
    let mut machine =
        weir_engine::Machine::new(plan(&root), &weir_engine::Started { run: "old".into(), ..Default::default() }, 0);
    machine.set_variable("x", Value::from(5));
    machine.rename("new".into());
    let forked = ForkedFrom { from: "old".into(), seq: 1, state: machine.to_state(), ..Default::default() };
    let fork = Event::new(1, EventBody::Forked(Box::new(forked)));
    let result = Box::new(TaskResult::success(Value::Null));
    let next = Event::new(2, EventBody::TaskFinished { path: "s/a".into(), result });
    let mut forked = fold(&plan(&root), &|_| None, &[(1, fork), (2, next)]).unwrap();
    assert_eq!(&**forked.run_id(), "new");
    let Some(weir_engine::Command::Run(task)) = forked.poll() else { panic!("a task is open") };
    assert_eq!(task.params.to_json(), r#"{"n":5}"#);
}

/// What a fork inherited, the fork itself and what is its own are one journal, whatever flow it is folded over.
#[test]
fn rule_6_3_a_fork_with_what_it_inherited_is_matched_like_any_run() {
    let root = |b: &str, c: &str| steps(&[("a", "ok", "1"), ("b", "ok", b), ("c", "ok", c)]);
    let numbers = ("\"{{ vars.x }}\"", "\"{{ run.id }}\"");
    let old = plan(&root(numbers.0, numbers.1));
    let started = weir_engine::Started { run: "old".into(), ..Default::default() };
    let finish = |path: &str, n: &str| {
        let asked = Value::from_json(&format!("[\"ok\",{{\"n\":{n}}}]")).unwrap();
        let hash = weir_base::hash_value_hex(&asked).into();
        let result = TaskResult { params_hash: hash, ..TaskResult::success(Value::Null) };
        EventBody::TaskFinished { path: path.into(), result: Box::new(result) }
    };
    let x = ForkChange::Set { path: "vars.x".into(), value: Value::from(5) };
    let forked = |changes| ForkedFrom { from: "old".into(), seq: 1, run: "new".into(), changes, ..Default::default() };
    let journal = |changes: Vec<ForkChange>| -> Vec<Numbered> {
        let bodies = [
            EventBody::Started(Box::new(started.clone())),
            EventBody::Forked(Box::new(forked(changes))),
            finish("s/a", "1"),
            finish("s/b", "5"),
            finish("s/c", "\"new\""),
        ];
        (1..).zip(bodies.map(|body| Event::new(0, body))).collect()
    };
    let verdict = |plan: &Arc<Plan>, changes: Vec<ForkChange>| {
        let found = replay(plan, &journal(changes), &BTreeSet::new()).unwrap();
        (found.divergence.map(|divergence| divergence.path.to_string()), found.machine.status())
    };
    assert_eq!(verdict(&old, vec![x.clone()]), (None, Status::Succeeded));
    assert_eq!(verdict(&old, Vec::new()), (Some("s/b".to_owned()), Status::Running));
    let other = plan(&root(numbers.0, "7"));
    assert_eq!(verdict(&other, vec![x]), (Some("s/c".to_owned()), Status::Running));
    let lost = ForkChange::event(&finish("s/gone", "1"));
    assert_eq!(verdict(&old, vec![lost]).0.as_deref(), Some("s/gone"), "the oldest is told");
}

/// What a fork changed may find no place under a fixed flow. The run stays the fork all the same.
#[test]
fn rule_6_3_a_fork_is_never_set_aside() {
    let tried = |kind: &str| {
        let task = |id: &str, kind: &str| format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{{}}}}}}"#);
        format!(r#"{{"id":"t","try":{{"body":{},"finally":{}}}}}"#, task("b", kind), task("f", "ok"))
    };
    let ran = Sim::new(&flow(&tried("fail"))).run();
    let changes = vec![ForkChange::event(&ran.events[2].body)];
    let forked = ForkedFrom { from: "old".into(), seq: 2, run: "new".into(), changes, ..Default::default() };
    let mut journal = numbered(&ran);
    journal[2].1.body = EventBody::Forked(Box::new(forked));
    let rebased = rebase(&plan(&tried("fail")), &plan(&tried("ok")), &journal).unwrap();
    assert_eq!(rebased.dropped, [2]);
    let divergence = rebased.replay.divergence.map(|found| (found.seq, found.path.to_string()));
    assert_eq!(divergence, Some((3, "t/f".to_owned())), "the change is told, not lost");
    assert_eq!(&**rebased.replay.machine.run_id(), "new");
}

#[test]
fn a_failed_child_and_an_override_can_be_set_aside() {
    let root = r#"{"id":"c","call":{"flow":"other","input":null}}"#;
    let ran = Sim::new(&flow(root)).children(|_, _| Err(StepError::new("BAD", "upstream", "no"))).run();
    let rebased = rebase(&plan(root), &plan(root), &numbered(&ran)).unwrap();
    assert_eq!((rebased.is_compatible(), rebased.dropped), (true, vec![2]));
}

#[test]
fn a_journal_with_several_links_folds_over_another_flow() {
    let looped = |period: u32, last: &str| {
        format!(
            r#"{{"id":"s","sequence":{{"children":[
            {{"id":"l","loop":{{"mode":{{"repeat":6}},"continueAsNew":{period},"body":{{"id":"a","task":{{"kind":"ok","params":{{}}}}}}}}}},
            {{"id":"z","task":{{"kind":"{last}","params":{{}}}}}}]}}}}"#
        )
    };
    let ran = Sim::new(&flow(&looped(2, "fail"))).run();
    assert!(ran.events.iter().any(|event| matches!(event.body, EventBody::Continued { .. })));
    for period in [2, 4] {
        let rebased = rebase(&plan(&looped(2, "fail")), &plan(&looped(period, "ok")), &numbered(&ran)).unwrap();
        assert!(rebased.is_compatible(), "{:?}", rebased.replay.divergence);
        assert_eq!(rebased.replay.resume.iter().map(|path| &**path).collect::<Vec<_>>(), ["s/z"]);
    }
}
