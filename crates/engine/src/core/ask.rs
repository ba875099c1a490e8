use super::*;
use crate::arena::Ix;
use crate::frame::{Open, Outcome, State};
use crate::plan::Plan;
use crate::step::{self};
use crate::{Command, RunTask, StartChild, Status, StepError, category, code};
use std::collections::VecDeque;
use weir_base::{Text, Value, read_deep};

impl Core {
    /// Withdraws everything a frame waits for.
    pub fn release_waits(&mut self, ix: Ix) {
        self.stop_timer(ix);
        let frame = &mut self.frames[ix];
        let (open, path) = (std::mem::take(&mut frame.open), frame.path.clone());
        let removed = match &open {
            Open::Task => self.tasks.remove(&path).is_some(),
            Open::Child => self.children.remove(&path).is_some(),
            Open::Read => self.reads.remove(&path).is_some(),
            Open::Signal(name) => {
                if let Some(queue) = self.waits.get_mut(name) {
                    queue.retain(|waiting| *waiting != ix);
                    if queue.is_empty() {
                        self.waits.remove(name);
                    }
                }
                false
            }
            Open::Nothing | Open::Never => false,
        };
        if removed {
            self.cancel_command(path);
        }
    }

    /// A command that has not been handed out yet is taken back instead of being cancelled.
    pub fn cancel_command(&mut self, path: Text) {
        let same = |command: &Command| match command {
            Command::Run(task) => task.path == path,
            Command::StartChild(child) => child.path == path,
            Command::ReadVariables { path: other, .. } | Command::StartTimer { path: other, .. } => *other == path,
            _ => false,
        };
        match self.commands.iter().rposition(same) {
            Some(at) => drop(self.commands.remove(at)),
            None => self.commands.push_back(Command::Cancel { path }),
        }
    }

    pub fn complete(&mut self, outcome: Outcome) {
        let (status, output, error) = match outcome {
            Outcome::Success { output, .. } => (Status::Succeeded, output, None),
            Outcome::Failure(error) => (Status::Failed, Value::Null, Some(*error)),
            Outcome::Cancelled if self.timed_out => (Status::TimedOut, Value::Null, Some(run_timeout())),
            Outcome::Cancelled => (Status::Cancelled, Value::Null, None),
        };
        let leftovers: Vec<Text> =
            self.timers.keys().chain(self.tasks.keys()).chain(self.children.keys()).cloned().collect();
        self.timers.clear();
        self.tasks.clear();
        self.children.clear();
        self.reads.clear();
        self.waits.clear();
        self.work.clear();
        leftovers.into_iter().for_each(|path| self.cancel_command(path));
        self.completion = Some(Completion { status, output: output.clone(), error: error.clone() });
        self.commands.push_back(Command::Complete { status, output, error });
    }

    pub fn status(&self) -> Status {
        match &self.completion {
            Some(end) => end.status,
            None if self.paused => Status::Paused,
            None if self.tasks.is_empty() && self.reads.is_empty() && self.work.is_empty() => Status::Waiting,
            None => Status::Running,
        }
    }

    pub fn to_state(&self) -> Value {
        let text = serde_json::to_string(self).expect("the state is always JSON");
        read_deep(&text).expect("JSON reads back")
    }

    pub fn open_commands(&self, plan: &Plan) -> VecDeque<Command> {
        let mut commands = VecDeque::new();
        for (path, ix) in &self.reads {
            if let Some(external) = &plan.node(self.frames[*ix].node).external {
                let (service, project) = (external.service.clone(), external.project.clone());
                commands.push_back(Command::ReadVariables { path: path.clone(), service, project });
            }
        }
        commands.extend(self.tasks.iter().filter_map(|(path, ix)| self.run_task(plan, path, *ix)));
        commands.extend(self.children.iter().filter_map(|(path, ix)| self.start_child(path, *ix)));
        let mut timers: Vec<_> = self.timers.iter().collect();
        timers.sort_by_key(|(path, timer)| (timer.due, (*path).clone()));
        let start = |(path, timer): (&Text, &Timer)| Command::StartTimer {
            path: path.clone(),
            due: timer.due,
            deadline: timer.deadline,
        };
        commands.extend(timers.into_iter().map(start));
        if self.handing_over {
            commands.push_back(Command::ContinueAsNew { state: Value::Null });
        }
        if let Some(Completion { status, output, error }) = self.completion.clone() {
            commands.push_back(Command::Complete { status, output, error });
        }
        commands
    }

    pub fn run_task(&self, plan: &Plan, path: &Text, ix: Ix) -> Option<Command> {
        let frame = &self.frames[ix];
        let (State::Task { params, timeout }, Some(spec)) = (&frame.state, step::task::spec_of(plan, frame.node))
        else {
            return None;
        };
        Some(Command::Run(RunTask {
            path: path.clone(),
            params: params.clone(),
            timeout: timeout.map(weir_base::Duration::from_millis),
            spec,
        }))
    }

    pub fn start_child(&self, path: &Text, ix: Ix) -> Option<Command> {
        let State::Child { flow, version, input } = &self.frames[ix].state else { return None };
        let (flow, version, input) = (flow.clone(), version.clone(), input.clone());
        Some(Command::StartChild(StartChild {
            path: path.clone(),
            run: self.child_run(path),
            flow,
            version,
            input,
            detached: false,
        }))
    }

    pub fn child_run(&self, path: &Text) -> Text {
        format!("{}/{path}", self.run).into()
    }
}

fn run_timeout() -> StepError {
    StepError::new(code::RUN_TIMEOUT, category::TIMEOUT, "the run took longer than its timeout allows")
}
