use crate::flows::answer;
use crate::run::{fuzz, quietly};
use crate::seeds::STATEFUL;
use std::sync::Arc;
use weir_base::Value;
use weir_engine::{
    Decision, Event, EventBody, ForkChange, ForkedFrom, Machine, Numbered, Plan, RebasedOnto, Record, Started,
    StepError, TaskResult, Usage, fold,
};

/// Between the columns of a record in one text.
const COLUMN: char = '\u{1}';

fn events() -> Vec<EventBody> {
    let value = || Value::from_json(r#"{"a":[1,"x",null,{"b":true}]}"#).expect("JSON");
    let failed = || Box::new(TaskResult::failure(StepError::new("BROKEN", "upstream", "it broke")));
    let path = || "all/a[2]".into();
    let usage = Usage::default();
    vec![
        EventBody::Started(Box::new(Started { run: "r1".into(), input: value(), ..Started::default() })),
        EventBody::TaskFinished {
            path: path(),
            result: Box::new(TaskResult { usage: Some(usage), ..TaskResult::success(value()) }),
        },
        EventBody::Override { path: path(), result: failed() },
        EventBody::Late { path: path(), result: failed() },
        EventBody::TimerFired { path: path() },
        EventBody::Signal { name: "go".into(), id: Some("1".into()), payload: value() },
        EventBody::ChildFinished { path: path(), output: value(), error: Some(StepError::verdict("NO", "no")) },
        EventBody::VariablesRead { path: path(), service: [("s".into(), value())].into(), project: Default::default() },
        EventBody::Cancel { reason: "enough".into() },
        EventBody::Pause,
        EventBody::Resume,
        EventBody::Dispatched { path: path(), attempt: 2 },
        EventBody::Decided { path: path(), decision: Decision::Retry },
        EventBody::Continued { state: value() },
        EventBody::Rebased(Box::new(RebasedOnto {
            flow: "abc".into(),
            dropped: vec![3, 4],
            inherited: vec![2],
            state: Some(value()),
        })),
        EventBody::Forked(Box::new(ForkedFrom {
            from: "r0".into(),
            seq: 9,
            state: value(),
            run: "r1".into(),
            flow: "abc".into(),
            changes: vec![
                ForkChange::Set { path: "vars.x".into(), value: value() },
                ForkChange::event(&EventBody::TaskFinished { path: path(), result: failed() }),
            ],
        })),
    ]
}

fn to_text(record: &Record) -> String {
    [&*record.ty, &*record.path, &record.payload].join(&COLUMN.to_string())
}

fn from_text(text: &str) -> Record {
    let mut columns = text.splitn(3, COLUMN).map(str::to_owned);
    let mut next = || columns.next().unwrap_or_default();
    Record { seq: 1, at: 5, ty: next().into(), path: next().into(), payload: next() }
}

/// What is read from a record is written as a record that gives the same, and can be folded from the start.
#[test]
fn record() {
    let plan = plan(STATEFUL[0]);
    let seeds: Vec<String> =
        events().into_iter().map(|body| to_text(&Record::encode(1, &Event::new(5, body)))).collect();
    fuzz("record", &seeds, |text| {
        let Ok(event) = from_text(text).decode() else { return Ok(()) };
        if Record::encode(1, &event).decode().as_ref() != Ok(&event) {
            return Err(format!("written and read again it is another event: {event:?}"));
        }
        let begun = Event::new(0, EventBody::Started(Box::new(Started { run: "r".into(), ..Started::default() })));
        let journal = [begun, event.clone()].into_iter().enumerate().map(|(at, event)| (at as u64 + 1, event));
        let _ = fold(&plan, &|_| Some(plan.clone()), &journal.collect::<Vec<Numbered>>());
        let _ = fold(&plan, &|_| None, &[(1, event)]);
        Ok(())
    });
}

fn plan(flow: &str) -> Arc<Plan> {
    Arc::new(Plan::new(&weir_ir::from_json(flow).expect("a flow")))
}

/// The states of runs that have just begun, and after one step.
fn states(plan: &Arc<Plan>) -> Vec<String> {
    let started = Started { run: "r".into(), ..Started::default() };
    let mut machine = Machine::new(plan.clone(), &started, 0);
    let before = machine.to_state().to_json();
    let body = std::iter::from_fn(|| machine.poll()).find_map(|command| answer(&command));
    machine.handle(&Event::new(1, body.unwrap_or_else(|| panic!("no command: {before}"))));
    vec![before, machine.to_state().to_json()]
}

/// A damaged state is refused, or gone on with. It may break the fold off, which a runtime expects of damaged data
/// and pauses the run for; it may not end the program, and it may not go on for ever.
#[test]
fn state() {
    for (number, text) in STATEFUL.iter().enumerate() {
        let plan = plan(text);
        fuzz(&format!("state{number}"), &states(&plan), |text| {
            let Ok(value) = Value::from_json(text) else { return Ok(()) };
            let ended = quietly(|| Machine::restore(plan.clone(), &value).map(go_on));
            match ended.is_err() && states(&plan).iter().any(|sound| sound == text) {
                true => Err("a sound state cannot be gone on with".to_owned()),
                false => Ok(()),
            }
        });
    }
}

fn go_on(mut machine: Machine) {
    for now in 1..10 {
        let Some(body) = std::iter::from_fn(|| machine.poll()).take(1_000).find_map(|command| answer(&command)) else {
            break;
        };
        machine.handle(&Event::new(now, body));
    }
    machine.handle(&Event::new(20, EventBody::Cancel { reason: "enough".into() }));
    let _ = machine.to_state();
}
