/// The kind of every step: an idempotent effect, so each result is on disk before the next step begins.
pub const KIND: &str = "mock";

/// A step that gives back a small object.
pub fn step(id: &str) -> String {
    task(id, KIND, r#"{"returnStatus":"SUCCESS","output":{"ok":true}}"#)
}

pub fn task(id: &str, kind: &str, params: &str) -> String {
    format!(r#"{{"id":"{id}","task":{{"kind":"{kind}","params":{params}}}}}"#)
}

pub fn sequence(steps: usize) -> String {
    format!(r#"{{"id":"root","sequence":{{"children":[{}]}}}}"#, steps_of(steps))
}

pub fn parallel(steps: usize) -> String {
    format!(r#"{{"id":"root","parallel":{{"children":[{}]}}}}"#, steps_of(steps))
}

pub fn repeat(times: usize) -> String {
    format!(r#"{{"id":"root","loop":{{"mode":{{"repeat":{times}}},"body":{}}}}}"#, step("step"))
}

/// Waits for the signal `go`, and then does so many steps one after the other.
pub fn repeat_after_signal(times: usize) -> String {
    let children = format!(r#"{{"id":"go","wait":{{"signal":{{"name":"go"}}}}}},{}"#, repeat(times));
    format!(r#"{{"id":"both","sequence":{{"children":[{children}]}}}}"#)
}

fn steps_of(count: usize) -> String {
    (0..count).map(|number| step(&format!("s{number}"))).collect::<Vec<_>>().join(",")
}

pub fn flow(root: &str) -> anyhow::Result<weir_ir::Flow> {
    flow_with("", root)
}

/// A flow as a file.
pub fn text(root: &str) -> String {
    format!(r#"{{"ir":1,"name":"bench","dialect":"ir","root":{root}}}"#)
}

/// `members` are further members of the flow, each with a comma behind it.
pub fn flow_with(members: &str, root: &str) -> anyhow::Result<weir_ir::Flow> {
    let text = format!(r#"{{"ir":1,"name":"bench","dialect":"ir",{members}"root":{root}}}"#);
    weir_ir::from_json(&text).map_err(|error| anyhow::anyhow!("{error}"))
}
