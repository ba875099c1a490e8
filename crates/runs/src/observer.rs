use weir_base::{Micros, Text};
use weir_engine::Status;

/// Told of runs and steps as they end. What it does must be quick: it is called where runs are carried.
pub trait Observer: Send + Sync {
    fn run(&self, ended: &RunEnded<'_>);

    fn step(&self, ended: &StepEnded<'_>);
}

/// A run that is over. No input, output or message: what is told here leaves the machine.
#[derive(Clone, Copy, Debug)]
pub struct RunEnded<'a> {
    pub run: &'a Text,
    pub tenant: &'a Text,
    pub project: &'a Text,
    pub flow: &'a Text,
    pub version: &'a Text,
    /// The run this one was started by, and the path of the step there.
    pub parent: Option<(&'a str, &'a str)>,
    pub status: Status,
    /// The code of the error it ended with.
    pub code: Option<&'a str>,
    pub created_at: Micros,
    pub ended_at: Micros,
}

/// A task's step that is over, with all its attempts.
#[derive(Clone, Copy, Debug)]
pub struct StepEnded<'a> {
    pub run: &'a Text,
    pub tenant: &'a Text,
    pub project: &'a Text,
    pub flow: &'a Text,
    pub path: &'a Text,
    pub kind: &'a str,
    pub attempts: u32,
    pub code: Option<&'a str>,
    pub began_at: Micros,
    pub ended_at: Micros,
}
