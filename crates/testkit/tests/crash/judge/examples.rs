//! The judge judged: made-up histories with one thing wrong, and what has to be found.

use super::{judge, order::precedes};
use crate::evidence::{Evidence, RunEvidence};
use crate::notes::{Call, Mark, Notes};
use crate::report::{Outcome, Seeds};
use crate::uncut::Uncut;
use std::collections::BTreeMap;
use weir_base::Value;
use weir_engine::{Decision, EventBody, Status, TaskResult};
use weir_ir::Durability;
use weir_kind::Effect;
use weir_store::StoreError;

/// Two lives with a cut between them, in which step `q0` was called, then `q1`, and both have results at the end.
struct History {
    durability: Durability,
    effect: Effect,
    lives: [Vec<Call>; 2],
    acknowledged: &'static [(&'static str, usize)],
    /// What the journal says after the first life, and at the end.
    seen: [Vec<EventBody>; 2],
    end: Status,
    readable: bool,
}

fn call(id: &str, attempt: u32, effect: Effect) -> Call {
    Call { key: format!("r/m/{id}"), attempt, effect, mark: Mark::None }
}

fn finished(id: &str) -> EventBody {
    EventBody::TaskFinished { path: format!("m/{id}").into(), result: Box::new(TaskResult::success(Value::Null)) }
}

fn dispatched(id: &str, attempt: u32) -> EventBody {
    EventBody::Dispatched { path: format!("m/{id}").into(), attempt }
}

fn decided(id: &str, decision: Decision) -> EventBody {
    EventBody::Decided { path: format!("m/{id}").into(), decision }
}

fn signal(id: &str) -> EventBody {
    EventBody::Signal { name: "go".into(), id: Some(id.into()), payload: Value::Null }
}

impl History {
    fn good() -> Self {
        let call = |id: &str| call(id, 1, Effect::Idempotent);
        Self {
            durability: Durability::Sync,
            effect: Effect::Idempotent,
            lives: [vec![call("q0")], vec![call("q1")]],
            acknowledged: &[("start r", 0)],
            seen: [vec![finished("q0")], vec![finished("q0"), finished("q1")]],
            end: Status::Succeeded,
            readable: true,
        }
    }

    /// The same with calls that must not be repeated unawares.
    fn charging() -> Self {
        let call = |id: &str| call(id, 1, Effect::NonIdempotent);
        let first = vec![dispatched("q0", 1), finished("q0")];
        let last = vec![dispatched("q0", 1), finished("q0"), dispatched("q1", 1), finished("q1")];
        let lives = [vec![call("q0")], vec![call("q1")]];
        Self { effect: Effect::NonIdempotent, lives, seen: [first, last], ..Self::good() }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn judge(self) -> Vec<String> {
        let [first, last] = self.seen;
        let evidence = |events: Vec<EventBody>, status| Evidence {
            runs: BTreeMap::from([("r".to_owned(), history_of(events, status))]),
            ..Evidence::default()
        };
        let first = match self.readable {
            true => Ok(evidence(first, Status::Running)),
            false => Err(StoreError::Corrupt("torn".into())),
        };
        let uncut = Uncut {
            calls: ["q0", "q1"].iter().map(|id| call(id, 1, self.effect)).collect(),
            end: evidence(Vec::new(), Status::Succeeded),
            passages: BTreeMap::new(),
            opened: 0,
            operations: 0,
            syncs: 0,
        };
        let acknowledged = self.acknowledged.iter().map(|(note, life)| ((*note).to_owned(), *life)).collect();
        let notes = Notes { lives: self.lives.to_vec(), acknowledged };
        judge(self.durability, &uncut, &notes, &[first, Ok(evidence(last, self.end))])
    }
}

fn history_of(events: Vec<EventBody>, status: Status) -> RunEvidence {
    let events = events.into_iter().zip(1..).map(|(event, at)| (at, event)).collect();
    RunEvidence { status, output: Value::Null, events, variables: Value::Null }
}

/// Name, history, and the first word of what is found; empty for nothing.
type Example = (&'static str, History, &'static str);

fn examples() -> Vec<Example> {
    let good = History::good;
    let charging = History::charging;
    let idempotent = |id: &str| call(id, 1, Effect::Idempotent);
    let charge = |id: &str, attempt: u32| call(id, attempt, Effect::NonIdempotent);
    vec![
        ("all is well", good(), ""),
        ("all is well with marks", charging(), ""),
        ("a call after its result", good().with(|it| it.lives[1].insert(0, idempotent("q0"))), "repeated"),
        (
            "a call without a result comes again",
            good().with(|it| {
                it.seen[0].clear();
                it.lives[1].insert(0, idempotent("q0"));
            }),
            "",
        ),
        (
            "a call whose consequence was visible",
            good().with(|it| {
                it.seen[0].clear();
                it.lives[0].push(idempotent("q1"));
                it.lives[1] = vec![idempotent("q0")];
            }),
            "repeated",
        ),
        (
            "the same where results may be lost",
            good().with(|it| {
                it.durability = Durability::Async;
                it.seen[0].clear();
                it.lives[0].push(idempotent("q1"));
                it.lives[1] = vec![idempotent("q0")];
            }),
            "",
        ),
        (
            "the same before a call that syncs",
            good().with(|it| {
                it.durability = Durability::Exit;
                it.seen = [vec![dispatched("q1", 1)], vec![dispatched("q1", 1), finished("q0"), finished("q1")]];
                it.lives[0].push(charge("q1", 1));
                it.lives[1] = vec![idempotent("q0")];
            }),
            "repeated",
        ),
        ("twice in one life", good().with(|it| it.lives[0].push(idempotent("q0"))), "repeated"),
        (
            "attempts go back",
            good().with(|it| {
                it.seen[0].clear();
                it.lives[0].push(call("q0", 2, Effect::Idempotent));
                it.lives[1].insert(0, idempotent("q0"));
            }),
            "repeated",
        ),
        ("a call without a mark", charging().with(|it| it.seen[0] = Vec::new()), "unmarked"),
        (
            "a marked attempt again",
            charging().with(|it| {
                it.seen[0].pop();
                it.lives[1].insert(0, charge("q0", 1));
            }),
            "repeated",
        ),
        (
            "another attempt by decision",
            charging().with(|it| {
                it.seen[0].pop();
                it.seen[1].extend([decided("q0", Decision::Retry), dispatched("q0", 2)]);
                it.lives[1].insert(0, charge("q0", 2));
            }),
            "",
        ),
        (
            "another attempt without one",
            charging().with(|it| {
                it.seen[0].pop();
                it.seen[1].push(dispatched("q0", 2));
                it.lives[1].insert(0, charge("q0", 2));
            }),
            "repeated",
        ),
        ("a step is left out", good().with(|it| it.lives[1].clear()), "missing"),
        ("a step nobody knows", good().with(|it| it.lives[1].push(idempotent("q7"))), "unexpected"),
        ("another end", good().with(|it| it.end = Status::Failed), "different"),
        ("a start is lost", good().with(|it| it.acknowledged = &[("start other", 0)]), "lost"),
        ("a signal is lost", good().with(|it| it.acknowledged = &[("signal r s1", 0)]), "lost"),
        (
            "a signal is kept",
            good().with(|it| {
                it.acknowledged = &[("signal r s1", 0)];
                it.seen[0].push(signal("s1"));
            }),
            "",
        ),
        ("a decision is lost", good().with(|it| it.acknowledged = &[("decide r m/q0", 0)]), "lost"),
        ("the store is destroyed", good().with(|it| it.readable = false), "lost"),
        (
            "it never was more than begun",
            good().with(|it| {
                it.readable = false;
                it.acknowledged = &[("start r", 1)];
            }),
            "",
        ),
    ]
}

const ORDERS: [(&str, &str, bool); 12] = [
    ("r/m/q0", "r/m/q1", true),
    ("r/m/q1", "r/m/q0", false),
    ("r/m/q0", "r/m/q0", false),
    ("r/m/p0", "r/m/p1", false),
    ("r/m/q0/p3/q0", "r/m/q2/p0", true),
    ("r/m/q0/p3/q0", "r/m/q0/p4/q1", false),
    ("r/m/d0/m/q0", "r/m/q1", false),
    ("r/m/q0", "r/m/d1/m/q0", true),
    ("r/m/q0[0]/q0", "r/m/q0[1]/q0", true),
    ("r/m/q0x[0]/q0", "r/m/q0x[1]/q0", false),
    ("r/m/q2", "r/m/q10", true),
    ("r0/m/q0", "r1/m/q1", false),
];

fn run_all(outcome: &mut Outcome) {
    for (name, history, expected) in examples() {
        let found = history.judge();
        let fits = match expected {
            "" => found.is_empty(),
            word => found.iter().any(|problem| problem.starts_with(word)),
        };
        outcome.count("examples", 1);
        if !fits {
            outcome.failures.push((0, format!("{name}: wanted `{expected}`, found {found:?}")));
        }
    }
    for (first, second, expected) in ORDERS {
        outcome.count("orders", 1);
        if precedes(first, second) != expected {
            outcome.failures.push((0, format!("{first} before {second}: {expected}")));
        }
    }
}

pub fn run(_seeds: &Seeds) -> Outcome {
    let mut outcome = Outcome { last: "no seed".into(), ..Outcome::default() };
    run_all(&mut outcome);
    outcome
}
