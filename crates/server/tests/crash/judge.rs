//! What must be so in the end.

use crate::load::Promises;
use crate::notes::Notes;
use crate::site::STEPS;
use std::collections::{BTreeMap, BTreeSet};
use weir_base::Value;
use weir_engine::Status;
use weir_store::{PageRequest, RunFilter, Store, StoreError};

/// A run as the store has it in the end.
pub struct Ended {
    pub status: Status,
    pub output: Value,
}

pub async fn read(store: &dyn Store) -> Result<BTreeMap<String, Ended>, StoreError> {
    let page = store.list_runs(&RunFilter::default(), PageRequest { before: None, limit: 10_000 }).await?;
    let mut runs = BTreeMap::new();
    for row in page.items {
        let output = store.run_output(row.key).await?;
        runs.insert(row.id.to_string(), Ended { status: row.status, output });
    }
    Ok(runs)
}

/// Everything that is wrong.
pub fn judge(promises: &Promises, runs: &BTreeMap<String, Ended>, notes: &Notes) -> Vec<String> {
    let mut wrong = Vec::new();
    let called: BTreeSet<&str> = notes.calls().map(|call| call.key.as_str()).collect();
    let mut of_request: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (run, ended) in runs {
        of_request.entry(ended.output.to_json()).or_default().push(run);
        if ended.status != Status::Succeeded {
            wrong.push(format!("run {run} is {}", ended.status.as_str()));
        }
        let missing = STEPS.iter().filter(|step| !called.contains(format!("{run}/{step}").as_str()));
        wrong.extend(missing.map(|step| format!("run {run} never called the witness from {step}")));
    }
    let known: BTreeSet<&str> = runs.keys().map(String::as_str).collect();
    for key in called {
        let run = STEPS.iter().find_map(|step| key.strip_suffix(step)?.strip_suffix('/'));
        if run.is_none_or(|run| !known.contains(run)) {
            wrong.push(format!("the witness was called by {key}, and there is no such run"));
        }
    }
    let keyed = promises.keyed.lock().unwrap();
    let once = promises.once.lock().unwrap();
    for (request, run) in keyed.iter().chain(once.iter()) {
        match runs.get(run) {
            None => wrong.push(format!("lost: request {request} was promised as run {run}")),
            Some(ended) if ended.output != Value::from(*request as f64) => {
                wrong.push(format!("run {run} of request {request} came to {}", ended.output.to_json()));
            }
            Some(_) => {}
        }
    }
    let unanswered = promises.unanswered.lock().unwrap();
    for (request, runs) in &of_request {
        let number: usize = request.parse().unwrap_or(usize::MAX);
        let asked = keyed.contains_key(&number) || once.contains_key(&number) || unanswered.contains(&number);
        if !asked {
            wrong.push(format!("nobody has asked for request {request}"));
        }
        if runs.len() > 1 {
            wrong.push(format!("repeated: request {request} is the runs {}", runs.join(" and ")));
        }
    }
    wrong
}
