use crate::screen::Screen;
use crate::show::{is_rich, mark, row, short, took};
use std::collections::BTreeMap;
use std::io::Write;
use weir_base::{Micros, Text};
use weir_engine::{StepError, StepStatus, Trace, TraceBody};
use weir_runs::{LogView, Progress, ProgressBody};

/// The widest output shown beside a step, and the widest message.
const OUTPUT_WIDTH: usize = 60;
pub const MESSAGE_WIDTH: usize = 200;

/// Shows a run as it goes on: a line for every step that has settled, and on a terminal the open ones below.
pub struct Display {
    screen: Option<Screen>,
    open: BTreeMap<Text, Open>,
    quiet: bool,
}

struct Open {
    since: Micros,
    kind: Text,
    title: Text,
    region: bool,
    /// It has logged something, which says more than its output.
    spoke: bool,
}

impl Display {
    /// `quiet` shows nothing at all, as for `--json`.
    pub fn new(quiet: bool) -> Self {
        let screen = (!quiet && is_rich()).then(Screen::new);
        Self { screen, open: BTreeMap::new(), quiet }
    }

    pub fn see(&mut self, progress: &Progress) {
        if self.quiet {
            return;
        }
        match &progress.body {
            ProgressBody::Step(trace) => self.step(trace),
            ProgressBody::AttemptFailed { path, attempt, error, next_at: Some(next) } => {
                let again = format!(
                    "attempt {attempt} failed: {}; again in {}",
                    short(&error.message, MESSAGE_WIDTH),
                    took(next - progress.at)
                );
                self.line(&row("!", "", path, &again));
            }
            // The line of the step itself says that it has failed.
            ProgressBody::AttemptFailed { next_at: None, .. } => {}
            ProgressBody::Log(log) => self.log(log),
            ProgressBody::Missed(count) => self.line(&format!("  ({count} events were too fast to show)")),
            ProgressBody::Stream { .. } | ProgressBody::Status { .. } => {}
        }
    }

    fn step(&mut self, trace: &Trace) {
        match &trace.body {
            TraceBody::Entered { kind, title, region, .. } => self.entered(trace, kind, title, *region),
            TraceBody::Waiting { reason } => self.waiting(&trace.path, reason),
            TraceBody::Settled { status, output, error, .. } => {
                let output = (!output.is_null()).then(|| short(&output.to_json(), OUTPUT_WIDTH));
                self.settled(trace, *status, error.as_ref(), output);
            }
            TraceBody::Skipped { .. } => self.line(&row(mark(StepStatus::Skipped), "", &trace.path, "skipped")),
            TraceBody::Warning { message } => self.line(&row("!", "", &short(message, MESSAGE_WIDTH), "")),
            TraceBody::VariableSet { .. } => {}
        }
    }

    fn entered(&mut self, trace: &Trace, kind: &Text, title: &Text, region: bool) {
        if let Some(screen) = &mut self.screen {
            screen.open(&trace.path, if title.is_empty() { last(&trace.path) } else { title });
        }
        let open = Open { since: trace.at, kind: kind.clone(), title: title.clone(), region, spoke: false };
        self.open.insert(trace.path.clone(), open);
    }

    fn waiting(&mut self, path: &Text, reason: &str) {
        match &self.screen {
            Some(screen) => screen.say(path, format!("waits for {reason}")),
            None => self.line(&row(mark(StepStatus::Waiting), "", path, &format!("waits for {reason}"))),
        }
    }

    fn settled(&mut self, trace: &Trace, status: StepStatus, error: Option<&StepError>, output: Option<String>) {
        if let Some(screen) = &mut self.screen {
            screen.close(&trace.path);
        }
        let Some(open) = self.open.remove(&trace.path) else { return };
        // Regions are told only where they fail by themselves: their steps have said the rest.
        if open.region && error.is_none_or(|error| error.path != trace.path) {
            return;
        }
        let told = match error {
            Some(error) => Some(format!("{}: {}", error.code, short(&error.message, MESSAGE_WIDTH))),
            None => output.filter(|_| !open.spoke),
        };
        let what: Vec<String> = [Some(named(&open, &trace.path)), told].into_iter().flatten().collect();
        self.line(&row(mark(status), &took(trace.at - open.since), &trace.path, &what.join("  ")));
    }

    fn log(&mut self, log: &LogView) {
        if let Some(open) = self.open.get_mut(&log.path) {
            open.spoke = true;
        }
        let level = if &*log.level == "info" { String::new() } else { format!("{}: ", log.level) };
        self.line(&row("│", "", &format!("{level}{}", short(&log.message, MESSAGE_WIDTH)), ""));
    }

    /// A line above the open steps. A closed stderr is nobody's problem but the reader's.
    pub fn line(&self, text: &str) {
        match &self.screen {
            Some(screen) => screen.line(text),
            None if !self.quiet => drop(writeln!(std::io::stderr(), "{text}")),
            None => {}
        }
    }

    pub fn finish(&mut self) {
        self.open.clear();
        if let Some(screen) = &mut self.screen {
            screen.close_all();
        }
    }
}

/// The kind, and the title where it says more than the path does.
fn named(open: &Open, path: &str) -> String {
    let id = last(path).split('[').next().unwrap_or_default();
    match &*open.title {
        "" => open.kind.to_string(),
        title if title == id || *title == *open.kind => open.kind.to_string(),
        title => format!("{} “{}”", open.kind, short(title, OUTPUT_WIDTH)),
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}
