//! How a link ends: with the run, or handing it over to the next.

use super::drive::{Driver, Phase, Sort};
use super::tasks::{Open, too_large};
use super::{lock, weights};
use crate::wire::{Link, RunEnd, RunInput, quoted};
use temporalio_common::error::ApplicationFailure;
use temporalio_sdk::{ContinueAsNewOptions, WorkflowResult, WorkflowTermination};
use weir_base::Value;
use weir_engine::{EventBody, Status, StepError};

/// As it is spoken of where it is too large.
const STATE: &str = "the state of the run, which a new history begins with,";

impl Driver<'_> {
    /// The run is over; it is so for others once the store has it and its parent was told.
    pub fn complete(&mut self, status: Status, output: Value, error: Option<StepError>) {
        let most = self.input.rules.max_payload.filter(|most| self.size_of(&output.to_json()) > *most);
        let (status, output, error) = match most {
            Some(most) => (Status::Failed, Value::Null, Some(too_large("the run's output", most))),
            None => (status, output, error),
        };
        let children: Vec<_> = self.children.iter().cloned().collect();
        children.iter().for_each(|path| self.cancel_child(path));
        self.phase = Phase::Ending(Box::new(RunEnd { status, output, error, at: self.now() }));
        self.tell_parent();
    }

    /// How large a value is as it travels: in quotes, as a record of whoever has called the run.
    fn size_of(&self, json: &str) -> u64 {
        let size = if self.input.interpreter >= 3 { quoted(json) } else { json.len() };
        size as u64
    }

    /// From here on nothing new is begun; what is in the inbox is folded still.
    pub fn hand_over(&mut self) {
        self.phase = Phase::HandingOver;
    }

    /// Nothing is under way that only this link knows of. Timers are set again, children report by themselves.
    pub fn is_quiet(&self) -> bool {
        let free = |sort: Sort| matches!(sort, Sort::Timer | Sort::Child);
        self.pending.iter().all(|pending| free(pending.sort))
            && !self.has_begun_tasks()
            && self.wanted.is_empty()
            && self.ready.is_empty()
    }

    /// Whether all that has come was looked at, and what follows from it is under way.
    pub fn has_taken_all(&self) -> bool {
        self.ready.is_empty() && self.wanted.is_empty() && self.held.is_empty() && self.handlers_done()
    }

    /// Whether only a time, a signal, another run or somebody can bring the run on: a part of its journal on its way
    /// does not.
    pub fn rests(&self) -> bool {
        matches!(self.phase, Phase::Running)
            && !self.asked
            && self.has_taken_all()
            && self.activities() == usize::from(self.shipping)
            && self.tasks.values().all(Open::rests)
    }

    /// The end of this link, if it has come.
    pub fn end(&mut self) -> Option<WorkflowResult<Value>> {
        self.hand_over_first();
        match &self.phase {
            Phase::Running => None,
            Phase::Ending(end) => {
                let spoken = self.pending.iter().all(|pending| pending.sort != Sort::Word);
                let begun = spoken && !self.has_detached_to_begin();
                (begun && self.is_told() && self.cx.all_handlers_finished()).then(|| ended(end))
            }
            Phase::HandingOver => self.next_link(),
        }
    }

    /// Whether a run that goes on by itself has still to begin: nobody else would begin it.
    fn has_detached_to_begin(&self) -> bool {
        self.input.interpreter >= 5 && self.wanted.values().any(|child| child.detached)
    }

    /// Where one step follows the other at once, nothing is under way only before the next is begun.
    pub fn hand_over_first(&mut self) {
        if matches!(self.phase, Phase::Running) {
            self.hand_over_if_due();
        }
    }

    fn hand_over_if_due(&mut self) {
        let full = self.cx.history_length() >= self.input.rules.max_events;
        if (full || self.asked || self.cx.continue_as_new_suggested()) && self.is_quiet() && self.handlers_done() {
            self.hand_over();
        }
    }

    fn handlers_done(&self) -> bool {
        self.cx.state(|run| run.inbox.is_empty())
    }

    fn next_link(&mut self) -> Option<WorkflowResult<Value>> {
        if !self.is_quiet() || !self.handlers_done() || !self.cx.all_handlers_finished() {
            return None;
        }
        if !self.continued {
            if let Some(most) = self.outgrown() {
                let error = too_large(STATE, most);
                self.complete(Status::Failed, Value::Null, Some(error));
                self.ship_if_due();
                return self.end();
            }
            let state = lock(&self.fold).snapshot();
            let state = weir_base::read_deep(&state).unwrap_or_default();
            self.apply(EventBody::Continued { state });
            (self.continued, self.asked) = (true, false);
            self.ship_if_due();
        }
        if !self.is_told() {
            return None;
        }
        Some(self.continue_as_new())
    }

    /// The limit that what the next history begins with is beyond, if it is. Earlier rules see that too late.
    fn outgrown(&self) -> Option<u64> {
        let most = self.input.rules.max_payload.filter(|_| self.input.interpreter >= 3)?;
        let next = self.next_input();
        let size = match self.input.interpreter >= 5 {
            true => weights::of_link(&next),
            false => serde_json::to_vec(&next).map_or(0, |input| input.len() as u64),
        };
        (size > most).then_some(most)
    }

    /// What the next history begins with.
    fn next_input(&self) -> RunInput {
        let fold = lock(&self.fold);
        let mut before = fold.before().to_vec();
        before.push(self.cx.run_id().to_owned());
        let link = Link {
            state: fold.snapshot(),
            seq: fold.seq,
            at: fold.at,
            children: self.children.clone(),
            overdue: self.overdue.clone(),
            before,
        };
        RunInput { link: Some(link), ..self.input.clone() }
    }

    fn continue_as_new(&mut self) -> WorkflowResult<Value> {
        let input = self.next_input();
        let state = input.link.as_ref().map_or(0, |link| link.state.len() as u64);
        if let Some(most) = self.input.rules.max_payload.filter(|most| state > *most) {
            return Err(failed(&too_large(STATE, most)));
        }
        match self.cx.continue_as_new(input, ContinueAsNewOptions::default())? {}
    }
}

fn ended(end: &RunEnd) -> WorkflowResult<Value> {
    match end.status {
        Status::Succeeded => Ok(end.output.clone()),
        Status::Cancelled => Err(WorkflowTermination::cancelled()),
        status => {
            let unknown = || StepError::new("ENGINE_ERROR", "internal", format!("the run is {}", status.as_str()));
            Err(failed(&end.error.clone().unwrap_or_else(unknown)))
        }
    }
}

/// A failure that says what the run's error says.
fn failed(error: &StepError) -> WorkflowTermination {
    let message = Box::<dyn std::error::Error + Send + Sync>::from(error.to_string());
    let failure = ApplicationFailure::builder(message).type_name(error.code.to_string()).non_retryable(true);
    failure.details(error.clone()).build().into()
}
