//! Compares what the world outside has seen with what the journal says after each cut.
//!
//! Each finding begins with the word for what is wrong: `lost`, `repeated`, `unmarked`, `disordered`, `missing`,
//! `unexpected`, `different`.

pub mod examples;
mod order;

use crate::evidence::{Evidence, RunEvidence};
use crate::notes::{Call, Mark, Notes};
use crate::uncut::Uncut;
use order::precedes;
use std::collections::{BTreeMap, BTreeSet};
use weir_engine::{Decision, EventBody};
use weir_ir::Durability;
use weir_kind::Effect;
use weir_store::StoreError;

/// What a store said after each life.
pub type Seen = [Result<Evidence, StoreError>];

/// Everything that is wrong; nothing where all is well.
pub fn judge(durability: Durability, uncut: &Uncut, notes: &Notes, seen: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    kept(notes, seen, &mut found);
    never_after_result(notes, seen, &mut found);
    never_after_consequence(durability, notes, &mut found);
    attempts(durability, notes, &mut found);
    marked(notes, seen, &mut found);
    ordered(seen, &mut found);
    if let Some(Ok(end)) = seen.last() {
        decided(uncut, notes, end, &mut found);
        complete(uncut, notes, end, &mut found);
        same_end(&uncut.end, end, &mut found);
    }
    let mut known = BTreeSet::new();
    found.retain(|problem| known.insert(problem.clone()));
    found
}

fn key(run: &str, path: &str) -> String {
    format!("{run}/{path}")
}

fn events(evidence: &Evidence) -> impl Iterator<Item = (&String, &EventBody)> {
    evidence.runs.iter().flat_map(|(run, it)| it.events.iter().map(move |(_, event)| (run, event)))
}

/// What was acknowledged is there after every later cut (semantics 5.10).
fn kept(notes: &Notes, seen: &Seen, found: &mut Vec<String>) {
    for (note, since) in &notes.acknowledged {
        for (life, evidence) in seen.iter().enumerate().skip(*since) {
            match evidence {
                Err(error) => found.push(format!("lost: the store cannot be read after life {life}: {error}")),
                Ok(evidence) if !holds(note, evidence) => found.push(format!("lost: `{note}` after life {life}")),
                Ok(_) => {}
            }
        }
    }
}

fn holds(note: &str, evidence: &Evidence) -> bool {
    let mut words = note.splitn(3, ' ');
    let (Some(verb), Some(name), rest) = (words.next(), words.next(), words.next().unwrap_or_default()) else {
        return false;
    };
    let Some(run) = evidence.runs.get(name) else { return false };
    let any = |is: &dyn Fn(&EventBody) -> bool| run.events.iter().any(|(_, event)| is(event));
    let signalled = || any(&|event| matches!(event, EventBody::Signal { id: Some(id), .. } if **id == *rest));
    let posted = || evidence.inbox.iter().any(|(to, text)| to == name && text.contains(&format!("\"id\":\"{rest}\"")));
    // A run that was over before could not take it any more, and said so.
    run.status.is_final()
        || match verb {
            "start" => true,
            "signal" => signalled(),
            "post" => signalled() || posted(),
            "pause" => any(&|event| matches!(event, EventBody::Pause)),
            "resume" => any(&|event| matches!(event, EventBody::Resume)),
            "cancel" => any(&|event| matches!(event, EventBody::Cancel { .. })),
            "decide" => any(&|event| matches!(event, EventBody::Decided { path, .. } if **path == *rest)),
            _ => false,
        }
}

/// A step whose result is journaled is never called again (semantics 5.5).
fn never_after_result(notes: &Notes, seen: &Seen, found: &mut Vec<String>) {
    for (life, evidence) in seen.iter().enumerate() {
        let Ok(evidence) = evidence else { continue };
        let finished: BTreeSet<String> = events(evidence)
            .filter(|(_, event)| matches!(event, EventBody::TaskFinished { .. } | EventBody::Override { .. }))
            .filter_map(|(run, event)| Some(key(run, event.path()?)))
            .collect();
        let later = notes.lives.iter().skip(life + 1).flatten().filter(|call| finished.contains(&call.key));
        found.extend(later.map(|call| format!("repeated: {} after its result was journaled", call.key)));
    }
}

/// What had visible consequences is never called again (semantics 5.10): in mode `sync` whatever the consequence,
/// in every mode where it is a call that must not be made twice. Pure results are waited for by the latter alone.
fn never_after_consequence(durability: Durability, notes: &Notes, found: &mut Vec<String>) {
    for life in 1..notes.lives.len() {
        let before: Vec<&Call> = notes.lives[..life].iter().flatten().collect();
        for again in &notes.lives[life] {
            let waited = |after: &Call| {
                let sync = durability == Durability::Sync && again.effect != Effect::Pure;
                sync || after.effect == Effect::NonIdempotent
            };
            let consequence = before.iter().find(|after| waited(after) && precedes(&again.key, &after.key));
            found.extend(
                consequence.map(|after| format!("repeated: {} after {} had followed it", again.key, after.key)),
            );
        }
    }
}

/// No attempt is made twice in one life; one that must not be repeated unawares never is; and in mode `sync` the
/// count of attempts does not go back (semantics 5.6, 5.7).
fn attempts(durability: Durability, notes: &Notes, found: &mut Vec<String>) {
    let mut newest: BTreeMap<&str, u32> = BTreeMap::new();
    let mut ever = BTreeSet::new();
    for calls in &notes.lives {
        let mut now = BTreeSet::new();
        for call in calls {
            let Call { key, attempt, .. } = call;
            if !now.insert((key, attempt)) {
                found.push(format!("repeated: attempt {attempt} of {key} twice in one life"));
            }
            if !ever.insert((key, attempt)) && call.effect == Effect::NonIdempotent {
                found.push(format!("repeated: attempt {attempt} of {key}, which must not be repeated unawares"));
            }
            let newest = newest.entry(key).or_default();
            if durability == Durability::Sync && attempt < newest {
                found.push(format!("repeated: attempt {attempt} of {key} after attempt {newest}"));
            }
            *newest = (*newest).max(*attempt);
        }
    }
}

/// An attempt that must not be repeated unawares has its mark on disk before it is made (semantics 5.7).
fn marked(notes: &Notes, seen: &Seen, found: &mut Vec<String>) {
    for (calls, evidence) in notes.lives.iter().zip(seen) {
        let Ok(evidence) = evidence else { continue };
        let marks: BTreeSet<(String, u32)> = events(evidence)
            .filter_map(|(run, event)| match event {
                EventBody::Dispatched { path, attempt } => Some((key(run, path), *attempt)),
                _ => None,
            })
            .collect();
        let unmarked = calls
            .iter()
            .filter(|call| call.effect == Effect::NonIdempotent && !marks.contains(&(call.key.clone(), call.attempt)));
        found.extend(unmarked.map(|call| format!("unmarked: attempt {} of {}", call.attempt, call.key)));
    }
}

/// A call that must not be repeated unawares has more attempts than without cuts only by decision (semantics 5.7).
fn decided(uncut: &Uncut, notes: &Notes, end: &Evidence, found: &mut Vec<String>) {
    let most = |calls: &mut dyn Iterator<Item = &Call>, key: &str| {
        calls.filter(|call| call.key == key).map(|call| call.attempt).max().unwrap_or(0)
    };
    let mut decisions: BTreeMap<String, u32> = BTreeMap::new();
    for (run, event) in events(end) {
        if let EventBody::Decided { path, decision: Decision::Retry } = event {
            *decisions.entry(key(run, path)).or_default() += 1;
        }
    }
    for call in notes.calls().filter(|call| call.effect == Effect::NonIdempotent) {
        let allowed = most(&mut uncut.calls.iter(), &call.key).max(1) + decisions.get(&call.key).unwrap_or(&0);
        if most(&mut notes.calls(), &call.key) > allowed {
            found.push(format!("repeated: {} more often than was decided", call.key));
        }
    }
}

/// Time never goes back within a run (semantics 5.1). That numbers are dense the store checks as it reads.
fn ordered(seen: &Seen, found: &mut Vec<String>) {
    for (life, evidence) in seen.iter().enumerate() {
        let Ok(evidence) = evidence else { continue };
        let backward = |it: &RunEvidence| !it.events.iter().map(|(at, _)| *at).is_sorted();
        let wrong = evidence.runs.iter().filter(|(_, it)| backward(it));
        found.extend(wrong.map(|(run, _)| format!("disordered: the journal of {run} after life {life}")));
    }
}

/// Every step was called that is called without cuts, under the same key, and no other.
fn complete(uncut: &Uncut, notes: &Notes, end: &Evidence, found: &mut Vec<String>) {
    let given_up: BTreeSet<String> = events(end)
        .filter_map(|(run, event)| match event {
            EventBody::Decided { path, decision: Decision::Fail } => Some(key(run, path)),
            _ => None,
        })
        .collect();
    let may_lack = |call: &Call| match call.mark {
        Mark::None => false,
        Mark::Deadline => true,
        Mark::FailsUnknown => given_up.contains(&call.key),
    };
    let made: BTreeSet<&str> = notes.calls().map(|call| call.key.as_str()).collect();
    let expected: BTreeSet<&str> = uncut.calls.iter().map(|call| call.key.as_str()).collect();
    let missing = uncut.calls.iter().filter(|call| !made.contains(call.key.as_str()) && !may_lack(call));
    found.extend(missing.map(|call| format!("missing: {}", call.key)));
    let strange = notes.calls().filter(|call| !expected.contains(call.key.as_str()) && call.mark != Mark::Deadline);
    found.extend(strange.map(|call| format!("unexpected: {}", call.key)));
}

fn same_end(expected: &Evidence, end: &Evidence, found: &mut Vec<String>) {
    for (run, wanted) in &expected.runs {
        let Some(had) = end.runs.get(run) else {
            found.push(format!("missing: the run {run}"));
            continue;
        };
        if had.status != wanted.status {
            let (had, wanted) = (had.status.as_str(), wanted.status.as_str());
            found.push(format!("different: {run} is {had}, not {wanted}"));
        }
        if had.output != wanted.output {
            found.push(format!("different: {run} gave {}, not {}", had.output, wanted.output));
        }
        if had.variables != wanted.variables {
            found.push(format!("different: variables of {run} are {}, not {}", had.variables, wanted.variables));
        }
    }
    let strange = end.runs.keys().filter(|run| !expected.runs.contains_key(*run));
    found.extend(strange.map(|run| format!("unexpected: the run {run}")));
    if end.variables != expected.variables {
        found.push(format!("different: shared variables are {:?}, not {:?}", end.variables, expected.variables));
    }
    if !end.inbox.is_empty() {
        found.push(format!("missing: messages nobody took up: {:?}", end.inbox));
    }
}
