use crate::show::{mark, short, took};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use weir_base::{Micros, Text};
use weir_engine::{StepStatus, Trace, TraceBody};
use weir_runs::{LogView, Progress, ProgressBody};

/// The widest output shown beside a step.
const OUTPUT_WIDTH: usize = 60;

/// Shows a run as it goes on: a tree of open steps with spinners on a terminal, plain lines elsewhere.
pub struct Display {
    screen: Option<MultiProgress>,
    open: BTreeMap<Text, Open>,
    quiet: bool,
}

struct Open {
    since: Micros,
    kind: Text,
    title: Text,
    region: bool,
    spinner: Option<ProgressBar>,
}

impl Display {
    /// `quiet` shows nothing at all, as for `--json`.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let screen = (terminal && !quiet).then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { screen, open: BTreeMap::new(), quiet }
    }

    pub fn see(&mut self, progress: &Progress) {
        if self.quiet {
            return;
        }
        match &progress.body {
            ProgressBody::Step(trace) => self.step(trace),
            ProgressBody::AttemptFailed { path, attempt, error, next_at } => {
                let next = next_at.map(|at| format!(", again in {}", took(at - progress.at))).unwrap_or_default();
                self.line(&format!("  ! {path}: attempt {attempt} failed: {}{next}", short(&error.message, 80)));
            }
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
                let told = error.as_ref().map(|error| format!("{}: {}", error.code, error.message));
                let told = told.or_else(|| (!output.is_null()).then(|| output.to_json()));
                self.settled(trace, *status, told);
            }
            TraceBody::Skipped { .. } => self.line(&self.told(&trace.path, StepStatus::Skipped, "skipped", None)),
            TraceBody::Warning { message } => self.line(&format!("  ! {message}")),
            TraceBody::VariableSet { .. } => {}
        }
    }

    fn entered(&mut self, trace: &Trace, kind: &Text, title: &Text, region: bool) {
        let spinner = self.screen.as_ref().filter(|_| !region).map(|screen| spinner(screen, &trace.path, title));
        let (kind, title) = (kind.clone(), title.clone());
        self.open.insert(trace.path.clone(), Open { since: trace.at, kind, title, region, spinner });
    }

    fn waiting(&mut self, path: &Text, reason: &str) {
        match self.open.get(path).and_then(|open| open.spinner.as_ref()) {
            Some(spinner) => spinner.set_message(format!("waits for {reason}")),
            None => self.line(&self.told(path, StepStatus::Waiting, &format!("waits for {reason}"), None)),
        }
    }

    fn settled(&mut self, trace: &Trace, status: StepStatus, told: Option<String>) {
        let Some(open) = self.open.remove(&trace.path) else { return };
        if let Some(spinner) = &open.spinner {
            spinner.finish_and_clear();
        }
        // Regions are told only where they end badly: their steps have said the rest.
        if open.region && !matches!(status, StepStatus::Failed) {
            return;
        }
        let time = took(trace.at - open.since);
        let name = if open.title.is_empty() { &open.kind } else { &open.title };
        let what = format!("{name} ({})", open.kind);
        self.line(&format!("{}  {time}", self.told(&trace.path, status, &what, told)));
    }

    fn told(&self, path: &str, status: StepStatus, what: &str, output: Option<String>) -> String {
        let output = output.map(|output| format!("  {}", short(&output, OUTPUT_WIDTH))).unwrap_or_default();
        format!("  {} {path}  {what}{output}", mark(status))
    }

    fn log(&self, log: &LogView) {
        let level = if &*log.level == "info" { String::new() } else { format!("{}: ", log.level) };
        self.line(&format!("  │ {level}{}", short(&log.message, 200)));
    }

    /// A line above the spinners. A closed stderr is nobody's problem but the reader's.
    pub fn line(&self, text: &str) {
        match &self.screen {
            Some(screen) => drop(screen.println(text)),
            None if !self.quiet => drop(writeln!(std::io::stderr(), "{text}")),
            None => {}
        }
    }

    pub fn finish(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            open.spinner.iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

fn spinner(screen: &MultiProgress, path: &str, title: &str) -> ProgressBar {
    let indent = "  ".repeat(path.matches('/').count().min(12));
    let style = ProgressStyle::with_template("  {spinner} {prefix} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = screen.add(ProgressBar::new_spinner().with_style(style).with_prefix(format!("{indent}{}", short(title, 60))));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
