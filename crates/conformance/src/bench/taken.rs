//! What the history of a run says of how it went on when one of two workers was killed.

use anyhow::{Context, Result};
use weir_base::{Micros, Value};

/// A kill, and the ends of the names of both workers.
pub struct Killed {
    pub at: Micros,
    /// From here on it can do nothing any more.
    pub dead: Micros,
    pub killed: String,
    pub left: String,
}

/// A run that the killed worker had.
pub struct Taken {
    /// Milliseconds from the kill until the other one had worked on the run.
    pub turn: u64,
    /// And until it had made a step of it, or ended it.
    pub step: u64,
    /// What happened meanwhile, each with its milliseconds.
    pub events: Value,
}

pub struct Event {
    at: Micros,
    id: u64,
    /// Such as `ActivityTaskStarted`.
    what: String,
    who: String,
    /// The event with which what ends here had begun.
    began: Option<u64>,
}

pub fn events_of(history: &Value) -> Result<Vec<Event>> {
    let events = history.get("events").and_then(Value::as_array).context("no events")?;
    events.iter().map(event_of).collect()
}

fn event_of(event: &Value) -> Result<Event> {
    let time = event.get("event_time").and_then(Value::as_str).context("no time")?;
    let attributes = event.get("attributes").and_then(Value::as_object).context("no attributes")?;
    let (what, more) = attributes.iter().next().context("no attributes")?;
    Ok(Event {
        at: time.parse::<jiff::Timestamp>()?.as_microsecond(),
        id: event.get("event_id").and_then(Value::as_u64).context("no number")?,
        what: what.strip_suffix("EventAttributes").unwrap_or(what).to_owned(),
        who: more.get("identity").and_then(Value::as_str).unwrap_or_default().to_owned(),
        began: more.get("started_event_id").and_then(Value::as_u64),
    })
}

impl Killed {
    /// None for a run that the killed worker did not have: it had neither its turns nor a step of it.
    pub fn taken(&self, events: &[Event]) -> Option<Taken> {
        let turns = || events.iter().filter(|event| event.what == "WorkflowTaskCompleted");
        let had_turns = turns().rfind(|turn| turn.at <= self.at).is_some_and(|turn| turn.who.ends_with(&self.killed));
        let lost = events.iter().rfind(|event| self.lost(event, events)).map(|event| event.at);
        if !had_turns && lost.is_none() {
            return None;
        }
        let from = self.at.max(lost.unwrap_or(self.at));
        let turn = turns().find(|turn| turn.at > from && turn.who.ends_with(&self.left))?;
        let is_step = |event: &&Event| match event.what.as_str() {
            "ActivityTaskCompleted" => event.who.ends_with(&self.left),
            "WorkflowExecutionCompleted" => true,
            _ => false,
        };
        let step = events.iter().find(|event| event.at >= turn.at && is_step(event))?;
        let meanwhile = events.iter().filter(|event| event.at > self.at && event.id <= step.id);
        let shown = meanwhile.map(|event| Value::from(format!("{} {}", self.millis(event.at), event.what)));
        Some(Taken { turn: self.millis(turn.at), step: self.millis(step.at), events: Value::array(shown) })
    }

    /// Whether this is the end of a step that was lost with the killed worker.
    fn lost(&self, event: &Event, events: &[Event]) -> bool {
        let begun = || event.began.and_then(|began| events.iter().find(|event| event.id == began));
        event.what == "ActivityTaskTimedOut"
            && event.at > self.at
            && begun().is_some_and(|begun| begun.at <= self.dead && begun.who.ends_with(&self.killed))
    }

    /// How many turns and steps were handed to the killed worker when it was dead.
    pub fn handed_to_the_dead(&self, events: &[Event]) -> usize {
        let begins = |event: &&Event| matches!(event.what.as_str(), "WorkflowTaskStarted" | "ActivityTaskStarted");
        let to_it = |event: &&Event| event.at > self.dead && event.who.ends_with(&self.killed);
        events.iter().filter(begins).filter(to_it).count()
    }

    /// Milliseconds between a run's turns before the kill: what the same work takes where nobody is lost.
    pub fn undisturbed(&self, events: &[Event]) -> Vec<u64> {
        let before = events.iter().filter(|event| event.at <= self.at && event.what == "WorkflowTaskCompleted");
        let turns: Vec<Micros> = before.map(|event| event.at).collect();
        turns.windows(2).map(|pair| u64::try_from((pair[1] - pair[0]) / 1_000).unwrap_or(0)).collect()
    }

    fn millis(&self, at: Micros) -> u64 {
        u64::try_from((at - self.at) / 1_000).unwrap_or(0)
    }
}
