//! How many bytes what is asked of a cluster counts.
//!
//! What a run decides by these numbers it must decide again whenever it is worked on, by later versions too. So they count
//! what the history fixes, such as texts and values, and allow for what is written around it. For a state that is its own
//! JSON, since there is nothing else to measure.

use crate::wire::{RunInput, quoted};
use std::collections::BTreeSet;
use weir_ir::Flow;

/// What is around a step: names, limits, and what the cluster is told about it.
const STEP: usize = 2_000;
/// What is around a run that begins, or begins its next history.
const RUN: usize = 4_000;
/// What is around each of the things that are listed by name, such as kinds.
const LISTED: usize = 500;
/// What the name of a history takes.
const HISTORY: usize = 40;

/// What every step of a run is given besides its parameters. `text` is the flow's.
pub fn of_context(flow: &Flow, text: &str) -> usize {
    let egress = &flow.settings.egress;
    let listed: usize = egress.allow.iter().chain(&egress.private).map(|host| host.len() + 3).sum();
    let data = if flow.test_data.is_null() { 0 } else { flow.test_data.to_json().len() };
    listed + data + of_hosts(text)
}

/// Hosts of the addresses in a text, each once.
fn of_hosts(text: &str) -> usize {
    let is_end = |one: char| matches!(one, '/' | '?' | '#' | '\\' | '"') || one.is_whitespace();
    let hosts: BTreeSet<&str> = text.split("://").skip(1).filter_map(|rest| rest.split(is_end).next()).collect();
    hosts.iter().map(|host| host.len() + 3).sum()
}

/// A step with parameters of so many bytes. Its path is in its summary once more.
pub fn of_step(params: usize, path: &str, context: usize) -> u64 {
    (params + 2 * path.len() + context + STEP) as u64
}

/// A child as it is begun: what its workflow is given, or the first part of its journal, with the input in quotes.
pub fn of_child(child: &RunInput) -> u64 {
    let input = child.started.input.to_json();
    let shipped = child.rules.store_queue.as_ref().map_or(0, |_| quoted(&child.flow) + quoted(&input) + RUN);
    (of_run(child, &input).max(shipped)) as u64
}

/// What the next history of a run begins with.
pub fn of_link(next: &RunInput) -> u64 {
    let link = next.link.as_ref().map_or(0, |link| {
        let children: usize = link.children.iter().map(|path| path.len() + 3).sum();
        let overdue: usize = link.overdue.iter().map(|(_, path)| path.len() + 25).sum();
        quoted(&link.state) + children + overdue + link.before.len() * HISTORY
    });
    (of_run(next, &next.started.input.to_json()) + link) as u64
}

fn of_run(run: &RunInput, input: &str) -> usize {
    let library: usize = run.library.iter().map(|(name, flow)| name.len() + quoted(flow)).sum();
    let listed = run.kinds.len() + run.library.len() + run.rules.queues.len();
    quoted(&run.flow) + input.len() + library + listed * LISTED + RUN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::RunEnd;
    use weir_base::Value;
    use weir_engine::Status;

    /// What nobody may change without leaving runs that are under way as they are.
    const KEPT: &str = "raise INTERPRETER, and keep this number for the rules there are";

    const FLOW: &str = r#"{"ir":1,"name":"f","dialect":"ir",
        "settings":{"egress":{"allow":["*.example.com"],"private":["10.0.0.1:80"]}},
        "root":{"id":"main","sequence":{"children":[
            {"id":"a","task":{"kind":"http.request","params":{"url":"https://api.example.com/v1"}}},
            {"id":"b","task":{"kind":"http.request","params":{"url":"https://api.example.com/v2"}}},
            {"id":"c","task":{"kind":"http.request","params":{"url":"http://{{ input.host }}/"}}}]}},
        "testData":{"model":["yes"]}}"#;

    fn run() -> RunInput {
        let link = r#"{"state":"{\"quoted\":\"x\"}","seq":7,"at":9,"children":["main/call"],
            "overdue":[[5,"main/wait"]],"before":["0190163d-8694-739b-aea5-966c26f8ad91"]}"#;
        let text = format!(
            r#"{{"interpreter":5,"flow":{flow},"place":{{"tenant":"t","project":"p","service":"s"}},
            "started":{{"run":"r","flow":"hash","semantics":2,"input":{{"said":"\"yes\""}}}},"createdAt":1,
            "kinds":{{"log":{{"effect":"idempotent","timeout":10000,"onUnknown":"retry"}}}},
            "library":{{"inner":"{{\"ir\":1}}"}},"rules":{{"storeQueue":"weir-store","queues":{{"http.*":"heavy"}}}},
            "link":{link}}}"#,
            flow = Value::from(FLOW).to_json(),
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_a_run_asks_for_counts_the_same_for_ever() {
        let flow = weir_ir::from_json(FLOW).unwrap();
        assert_eq!(of_context(&flow, FLOW), 70, "{KEPT}");
        assert_eq!(of_step(100, "main/a", 70), 2_182, "{KEPT}");
        assert_eq!((of_child(&run()), of_link(&run())), (6_139, 6_243), "{KEPT}");
    }

    /// What runs of rules 3 and 4 measure.
    #[test]
    fn what_earlier_rules_measure_is_as_large_as_ever() {
        let first = RunInput { link: None, ..run() };
        let end = RunEnd { status: Status::Succeeded, output: "x".into(), error: None, at: 1 };
        let sizes =
            (first.size(), serde_json::to_string(&run()).unwrap().len(), serde_json::to_string(&end).unwrap().len());
        assert_eq!(sizes, (2_692, 1_196, 42), "{KEPT}");
    }

    #[test]
    fn each_host_counts_once() {
        let cases = [
            ("", 0),
            (r#""https://a.example/x" and "http://a.example""#, 12),
            (r#""https://a.example/x" and "http://b.example""#, 24),
            ("no address", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(of_hosts(text), bytes, "{text}");
        }
    }
}
