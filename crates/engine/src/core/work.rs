use super::*;
use crate::arena::Ix;
use crate::frame::{Frame, Open, Outcome, State, TryPhase};
use crate::plan::{NodeIx, Plan};
use crate::step::{self};
use crate::{Command, StepError, category, code};
use weir_base::{Text, Value};

impl Core {
    /// Works until nothing is left to do without an answer from outside.
    pub fn run(&mut self, plan: &Plan) {
        let mut transitions = 0;
        loop {
            while let Some(work) = self.work.pop() {
                transitions += 1;
                self.perform(plan, work);
                if transitions >= TRANSITIONS_PER_EVENT && !self.work.is_empty() && self.completion.is_none() {
                    return self.yield_turn();
                }
            }
            if self.completion.is_some() || !(step::sequence::recheck(self, plan) || self.goes_on(plan)) {
                return;
            }
        }
    }

    pub fn yield_turn(&mut self) {
        let path = indexed(YIELD, self.yields);
        if self.timers.values().any(|timer| matches!(timer.owner, Owner::Yield)) {
            return;
        }
        self.yields += 1;
        self.add_timer(path, Owner::Yield, self.now, false);
    }

    /// What is left to look at once no work is left: a hand-over that became possible, or a run that cannot go on.
    /// True where there is more to do because of it.
    pub fn goes_on(&mut self, plan: &Plan) -> bool {
        if !self.handover.is_empty() && !self.handing_over {
            return self.hand_over(plan);
        }
        !self.can_wake(plan) && self.fail_stuck(plan)
    }

    /// Asks for a fresh link. While something is open that only this link knows of, the loops go on in it.
    pub fn hand_over(&mut self, plan: &Plan) -> bool {
        let quiet = self.tasks.is_empty() && self.children.is_empty() && self.reads.is_empty();
        if !quiet {
            self.handed_over(plan);
            return true;
        }
        self.handing_over = true;
        self.commands.push_back(Command::ContinueAsNew { state: Value::Null });
        false
    }

    pub fn can_wake(&self, plan: &Plan) -> bool {
        let signals = !self.reactive.is_empty() && plan.signals.values().any(|signal| !signal.assign.is_empty());
        let waits = !self.waits.is_empty() || !self.timers.is_empty() || self.handing_over;
        !self.tasks.is_empty() || !self.children.is_empty() || !self.reads.is_empty() || waits || signals
    }

    /// Ends the run as any failure would, with what is to run finally. If that is stuck too, at once.
    pub fn fail_stuck(&mut self, plan: &Plan) -> bool {
        let stuck =
            self.frames.iter().find(|(_, frame)| frame.open == Open::Never).map(|(_, frame)| frame.path.clone());
        let path = stuck.unwrap_or_default();
        let message = format!("nothing can ever wake the step `{path}`: give it a timeout, or a signal to wait for");
        let outcome = Outcome::failure(StepError { path, ..StepError::new(code::STUCK, category::LIMIT, message) });
        let again = std::mem::replace(&mut self.stuck, true);
        match self.root.filter(|_| !again) {
            Some(root) => self.close(plan, root, outcome),
            None => self.complete(self.root.and_then(|root| self.frames[root].closing.clone()).unwrap_or(outcome)),
        }
        self.completion.is_none()
    }

    pub fn perform(&mut self, plan: &Plan, work: Work) {
        match work {
            Work::Enter { parent, slot, node, env, base } => self.enter(plan, parent, slot, node, env, base),
            Work::Done { parent, slot, outcome } => self.done(plan, parent, slot, outcome),
            Work::Close { frame, outcome } => self.close(plan, frame, outcome),
        }
    }

    pub fn enter(&mut self, plan: &Plan, parent: Ix, slot: u32, node: NodeIx, env: Ix, base: Text) {
        if self.frames.get(parent).is_some_and(|frame| frame.closing.is_some()) || self.completion.is_some() {
            self.envs.release(env);
            return self.work.push(Work::Done { parent, slot, outcome: Outcome::Cancelled });
        }
        let planned = plan.node(node);
        if planned.external.is_none() && step::is_pure(&planned.op) {
            step::pure::perform(self, plan, step::pure::Place { parent, slot, node, env, base: &base });
            return self.envs.release(env);
        }
        let path = join(&base, &planned.id);
        let ix = self.insert(Frame {
            node,
            parent,
            slot,
            env,
            path,
            children: 0,
            first_child: Ix::NONE,
            next: Ix::NONE,
            prev: Ix::NONE,
            closing: None,
            timer: None,
            open: Open::Nothing,
            state: State::Plain,
            entered_at: self.now,
        });
        self.trace_entered(plan, ix);
        match &planned.external {
            Some(external) => self.read_variables(ix, external),
            None => step::enter(self, plan, ix),
        }
    }

    pub fn read_variables(&mut self, ix: Ix, external: &crate::plan::External) {
        let path = self.frames[ix].path.clone();
        self.frames[ix].open = Open::Read;
        self.reads.insert(path.clone(), ix);
        let (service, project) = (external.service.clone(), external.project.clone());
        self.commands.push_back(Command::ReadVariables { path, service, project });
    }

    pub fn insert(&mut self, frame: Frame) -> Ix {
        let parent = frame.parent;
        let ix = self.frames.insert(frame);
        match self.frames.get(parent).map(|frame| frame.first_child) {
            Some(first) => {
                self.frames[ix].next = first;
                if let Some(first) = self.frames.get_mut(first) {
                    first.prev = ix;
                }
                self.frames[parent].first_child = ix;
            }
            None => self.root = Some(ix),
        }
        ix
    }

    pub fn unlink(&mut self, frame: &Frame) {
        if let Some(next) = self.frames.get_mut(frame.next) {
            next.prev = frame.prev;
        }
        match self.frames.get_mut(frame.prev) {
            Some(prev) => prev.next = frame.next,
            None => match self.frames.get_mut(frame.parent) {
                Some(parent) => parent.first_child = frame.next,
                None => self.root = None,
            },
        }
    }

    pub fn done(&mut self, plan: &Plan, parent: Ix, slot: u32, outcome: Outcome) {
        let Some(frame) = self.frames.get_mut(parent) else {
            return self.complete(outcome);
        };
        frame.children -= 1;
        let (closing, left) = (frame.closing.is_some(), frame.children);
        match (closing, left) {
            (false, _) => step::child_done(self, plan, parent, slot, outcome),
            (true, 0) => self.finish_closing(plan, parent),
            (true, _) => {}
        }
    }

    /// Decides the outcome of a frame and ends everything below it first. The first decision stands.
    pub fn close(&mut self, plan: &Plan, ix: Ix, outcome: Outcome) {
        let force = self.force;
        let Some(frame) = self.frames.get_mut(ix) else { return };
        // A `finally` that has begun is shielded: only a second cancel reaches it.
        if matches!(frame.state, State::Try { phase: TryPhase::Finally, .. }) && !force {
            return;
        }
        if frame.closing.is_some() && !force {
            return;
        }
        frame.closing.get_or_insert(outcome);
        self.release_waits(ix);
        if self.frames[ix].children == 0 {
            return self.finish_closing(plan, ix);
        }
        let mut child = self.frames[ix].first_child;
        while let Some(frame) = self.frames.get(child) {
            self.work.push(Work::Close { frame: child, outcome: Outcome::Cancelled });
            child = frame.next;
        }
    }

    pub fn finish_closing(&mut self, plan: &Plan, ix: Ix) {
        let Some(outcome) = self.frames[ix].closing.take() else { return };
        if !self.force && step::trying::begin_finally(self, plan, ix, &outcome) {
            return;
        }
        self.settle(plan, ix, outcome);
    }

    /// Removes a frame that has no children left and tells its parent.
    pub fn settle(&mut self, plan: &Plan, ix: Ix, outcome: Outcome) {
        self.release_waits(ix);
        let outcome = self.place_error(ix, outcome);
        step::leave(self, plan, ix, &outcome);
        let Some(frame) = self.frames.remove(ix) else { return };
        self.unlink(&frame);
        self.trace_settled(plan, &frame, &outcome);
        self.envs.release(frame.env);
        self.work.push(Work::Done { parent: frame.parent, slot: frame.slot, outcome });
    }

    /// An error without a place belongs to the step it passes through first.
    pub fn place_error(&self, ix: Ix, mut outcome: Outcome) -> Outcome {
        if let Outcome::Failure(error) = &mut outcome
            && error.path.is_empty()
        {
            error.path = self.frames[ix].path.clone();
        }
        outcome
    }
}
