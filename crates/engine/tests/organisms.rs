//! Laws every mailbox keeps (2.9, 1.1), over organisms, answers and timings made up from a seed.
//!
//! Folding again from the start, from the journal's text and from snapshots is checked within `Sim`, as is that no
//! path occurs twice.

mod support;

use proptest::prelude::*;
use std::cell::RefCell;
use std::rc::Rc;
use support::{Sim, flow};
use weir_base::Value;
use weir_engine::{RunTask, Status, StepError, TaskResult};

#[derive(Clone, Debug)]
struct Organism {
    listeners: Vec<Listener>,
    concurrent: u32,
    per_agent: u32,
    depth_first: bool,
    seed: u64,
}

#[derive(Clone, Debug)]
struct Listener {
    agent: bool,
    peers: Vec<usize>,
    grouped: bool,
    wait_ms: u64,
}

const NAMES: [&str; 5] = ["a", "a.b", "a.b.c", "x/y", "[0]"];
const MESSAGES: u64 = 120;

fn organism() -> impl Strategy<Value = Organism> {
    let peers = prop::collection::vec(0..NAMES.len() + 1, 0..8);
    let listener = (any::<bool>(), peers, any::<bool>(), 0..3u64);
    let listener =
        listener.prop_map(|(agent, peers, grouped, wait)| Listener { agent, peers, grouped, wait_ms: wait * 7 });
    let listeners = prop::collection::vec(listener, 2..=NAMES.len());
    (listeners, 1..4u32, 1..3u32, any::<bool>(), any::<u64>()).prop_map(
        |(listeners, concurrent, per_agent, depth_first, seed)| Organism {
            listeners,
            concurrent,
            per_agent,
            depth_first,
            seed,
        },
    )
}

/// The name under a number; the last one is the group's.
fn name(at: usize) -> &'static str {
    NAMES.get(at).copied().unwrap_or("group")
}

fn text(organism: &Organism) -> String {
    let listeners: Vec<String> =
        organism.listeners.iter().enumerate().map(|(at, listener)| listener_text(at, listener)).collect();
    let scheduling = if organism.depth_first { "depth-first" } else { "breadth-first" };
    let limits = format!(
        r#""maxMessages":{MESSAGES},"maxConcurrent":{},"maxConcurrentPerAgent":{},"contextSlots":3,"scheduling":"{scheduling}""#,
        organism.concurrent, organism.per_agent
    );
    flow(&format!(r#"{{"id":"org","mailbox":{{"listeners":[{}],"entry":"a",{limits}}}}}"#, listeners.join(",")))
}

fn listener_text(at: usize, listener: &Listener) -> String {
    let peers: Vec<Value> = listener.peers.iter().map(|peer| name(*peer).into()).collect();
    let groups = if listener.grouped { r#""groups":["group"],"# } else { "" };
    format!(
        r#"{{"name":"{}",{groups}"agent":{},"peers":{},"handler":{}}}"#,
        name(at),
        listener.agent,
        Value::from(peers).to_json(),
        handler_text(listener)
    )
}

/// A pause, then a task or an agent whose answers are made up.
fn handler_text(listener: &Listener) -> String {
    let work = match listener.agent {
        true => format!(r#"{{"id":"work","agent":{{"model":"m","prompt":"","input":"go","output":{{}},"tools":[{}],"limits":{{"turns":8}}}}}}"#, tools_text(listener)),
        false => r#"{"id":"work","task":{"kind":"work","params":{"seen":"{{ thread.history.length }}","chain":"{{ thread.chain }}"}}}"#.to_owned(),
    };
    let pause = format!(r#"{{"id":"pause","wait":{{"timer":{{"after":{}}}}}}}"#, listener.wait_ms);
    format!(r#"{{"id":"s","sequence":{{"children":[{pause},{work}]}}}}"#)
}

fn tools_text(listener: &Listener) -> String {
    let tool = |(at, peer): (usize, &usize)| {
        format!(r#"{{"name":"t{at}","description":"","schema":{{}},"target":{{"peer":"{}"}}}}"#, name(*peer))
    };
    listener.peers.iter().enumerate().map(tool).collect::<Vec<_>>().join(",")
}

/// Numbers that follow from a seed and the path of a step.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, path: &str) -> Self {
        Self(
            path.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            }),
        )
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn answer(seed: u64, task: &RunTask) -> TaskResult {
    let mut dice = Dice::new(seed, &task.path);
    if dice.roll(50) == 0 {
        return TaskResult::failure(StepError::new("BROKEN", "upstream", "it broke"));
    }
    match &*task.spec.kind {
        "model.chat" => TaskResult::success(reply(&mut dice)),
        _ => TaskResult::success(output(&mut dice)),
    }
}

fn reply(dice: &mut Dice) -> Value {
    let calls: Vec<Value> = (0..dice.roll(4).saturating_sub(1)).map(|_| call(dice)).collect();
    let text = output(dice).to_json();
    Value::object([("text", text.into()), ("toolCalls", Value::from(calls))])
}

fn call(dice: &mut Dice) -> Value {
    let name = match dice.roll(6) {
        0 => "todo".to_owned(),
        1 => "todoDone".to_owned(),
        other => format!("t{}", other - 2),
    };
    let arguments = Value::object([("waitFor", "a".into()), ("id", "todo-0".into())]);
    Value::object([("id", "x".into()), ("name", name.into()), ("arguments", arguments)])
}

fn output(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0 => Value::Null,
        1..=3 => Value::array((0..dice.roll(4)).map(|_| action(dice))),
        4 => "an answer".into(),
        _ => action(dice),
    }
}

fn action(dice: &mut Dice) -> Value {
    match dice.roll(8) {
        0 => Value::object([("respond", dice.roll(9).into())]),
        1 => Value::object([("todo", Value::object([("waitFor", "a".into())]))]),
        2 => Value::object([("todoDone", "todo-0".into())]),
        _ => Value::object([("to", name(dice.roll(6) as usize).into()), ("payload", dice.roll(100).into())]),
    }
}

fn check(organism: &Organism) -> Result<(), TestCaseError> {
    let seed = organism.seed;
    let asked = Rc::new(RefCell::new(0));
    let count = asked.clone();
    let sim = Sim::new(&text(organism)).input("1").answers(move |task| {
        *count.borrow_mut() += 1;
        Some(answer(seed, task))
    });
    let ran = sim.run();
    prop_assert!(ran.status.is_final());
    // Anything else, STUCK above all, would mean that a message was lost.
    let ends = ["", "BROKEN", "MESSAGE_LIMIT", "AGENT_TURN_LIMIT"];
    prop_assert!(ends.contains(&ran.code()), "{:?}", ran.error);
    // An agent asks the model at most eight times.
    prop_assert!(*asked.borrow() <= MESSAGES * 8);
    if ran.status == Status::Succeeded {
        prop_assert_eq!(ran.machine.size(), 1, "only the variables are left");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn s2_9_every_organism_ends_and_folds_the_same(organism in organism()) {
        check(&organism)?;
    }
}
