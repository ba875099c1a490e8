use crate::redact::Opened;
use crate::{
    Category, Checker, Kind, Ports, Redactor, Registry, TaskContext, TaskError, TaskOutput, TaskRequest, measure, seal,
};
use futures::FutureExt;
use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;
use weir_base::{Text, Value};
use weir_catalog::{Catalog, Component, Effect, Implementation, Record};

#[derive(Clone, Copy, Debug)]
pub struct HostOptions {
    /// The largest output of a task, in bytes of JSON, roughly.
    pub max_output: usize,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { max_output: 16 * 1024 * 1024 }
    }
}

/// Performs attempts of steps. One host serves every run of a process.
pub struct TaskHost {
    catalog: Catalog,
    kinds: HashMap<Text, Entry>,
    ports: Ports,
    options: HostOptions,
}

struct Entry {
    kind: Arc<dyn Kind>,
    /// Of input and output; made when the kind is first performed.
    checkers: OnceLock<(Checker, Checker)>,
}

impl TaskHost {
    pub fn new(registry: Registry, ports: Ports, options: HostOptions) -> Self {
        let entry = |(name, kind)| (name, Entry { kind, checkers: OnceLock::new() });
        let kinds = registry.kinds.into_iter().map(entry).collect();
        Self { catalog: registry.catalog, kinds, ports, options }
    }

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn record(&self, kind: &str) -> Option<&Record> {
        self.catalog.record(kind)
    }

    pub fn component(&self, kind: &str) -> Option<&Component> {
        self.catalog.get(kind).map(|entry| entry.component())
    }

    /// What a repetition of a step would do. An unknown kind is never performed, so it counts as pure.
    pub fn effect(&self, kind: &str, params: &Value) -> Effect {
        self.component(kind).map_or(Effect::Pure, |component| component.effect_of(params))
    }

    /// Performs one attempt. Dropping the future ends it.
    ///
    /// Errors of its own, besides those of the kind: `KIND_UNKNOWN`, `KIND_NOT_RUNNABLE`, `INVALID_PARAMS`,
    /// `SECRET_UNKNOWN`, `TASK_TIMEOUT`, `TASK_CANCELLED`, `TASK_PANICKED`, `OUTPUT_INVALID`, `OUTPUT_TOO_LARGE`.
    pub async fn perform(&self, request: &TaskRequest, cancel: &CancellationToken) -> Result<TaskOutput, TaskError> {
        let entry = self.find(&request.kind)?;
        let opened = Opened::default();
        let cx = TaskContext { request, ports: &self.ports, cancel, opened: &opened };
        let result = self.attempt(&cx, entry).await;
        let redactor = opened.redactor();
        if redactor.is_empty() {
            return result;
        }
        match result {
            Ok(output) => Ok(TaskOutput { output: redactor.value(&output.output), ..output }),
            Err(error) => Err(redacted(error, &redactor)),
        }
    }

    fn find(&self, kind: &str) -> Result<&Entry, TaskError> {
        let component = self.component(kind).ok_or_else(|| self.unknown(kind))?;
        if !component.runnable {
            let message = format!("`{kind}` cannot be run yet; take the step out, or replace it by another kind");
            return Err(TaskError::input("KIND_NOT_RUNNABLE", message));
        }
        self.kinds.get(kind).ok_or_else(|| not_a_task(component))
    }

    fn unknown(&self, kind: &str) -> TaskError {
        let suggestion = self.catalog.suggest(kind).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        TaskError::input("KIND_UNKNOWN", format!("there is no kind `{kind}`{suggestion}"))
    }

    async fn attempt(&self, cx: &TaskContext<'_>, entry: &Entry) -> Result<TaskOutput, TaskError> {
        let (input, output) = self.checkers(&cx.request.kind, entry)?;
        let mut params = cx.request.params.clone();
        if seal::is_sealed(&params) {
            params = seal::open(cx, &params).await?;
        }
        let params = input.with_defaults(params);
        input.check(&params).map_err(|problems| invalid_params(&cx.request.kind, problems))?;
        let result = bounded(cx, entry, params).await?;
        self.check_output(&cx.request.kind, output, &result.output)?;
        Ok(result)
    }

    fn checkers<'a>(&self, kind: &str, entry: &'a Entry) -> Result<&'a (Checker, Checker), TaskError> {
        if let Some(checkers) = entry.checkers.get() {
            return Ok(checkers);
        }
        let broken = || TaskError::internal("RECORD_INVALID", format!("the record of `{kind}` cannot be read"));
        let record = self.catalog.record(kind).ok_or_else(broken)?;
        let make = || (Checker::new(record.input_json_schema()), Checker::new(record.output_json_schema()));
        Ok(entry.checkers.get_or_init(make))
    }

    fn check_output(&self, kind: &str, checker: &Checker, output: &Value) -> Result<(), TaskError> {
        if measure::fits(output, self.options.max_output).is_none() {
            let message = format!(
                "the output of `{kind}` is larger than {} bytes or nested deeper than {} levels",
                self.options.max_output,
                measure::MAX_DEPTH
            );
            return Err(TaskError::new(Category::Limit, "OUTPUT_TOO_LARGE", message));
        }
        checker.check(output).map_err(|problems| {
            let message = format!("the output of `{kind}` breaks its own contract: {}", sentence(&problems));
            TaskError::internal("OUTPUT_INVALID", message)
        })
    }
}

/// Runs the kind within the attempt's time, until it is cancelled, and turns a panic into an error.
async fn bounded(cx: &TaskContext<'_>, entry: &Entry, params: Value) -> Result<TaskOutput, TaskError> {
    if cx.cancel.is_cancelled() {
        return Err(cancelled());
    }
    let limit = std::time::Duration::from_millis(cx.request.timeout.millis);
    let run = AssertUnwindSafe(entry.kind.run(cx, params)).catch_unwind();
    tokio::select! {
        biased;
        result = tokio::time::timeout(limit, run) => match result {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(panicked(&cx.request.kind, panic.as_ref())),
            Err(_) => Err(timed_out(cx.request)),
        },
        () = cx.cancel.cancelled() => Err(cancelled()),
    }
}

fn not_a_task(component: &Component) -> TaskError {
    let name = &component.name;
    let message = match component.implementation {
        Implementation::Engine => format!("`{name}` is a step of the engine and cannot be performed as a task"),
        Implementation::Task => format!("`{name}` has no implementation in this program"),
    };
    TaskError::input("KIND_NOT_RUNNABLE", message)
}

fn invalid_params(kind: &str, problems: Vec<(String, String)>) -> TaskError {
    let message = format!("`{kind}` cannot take these parameters: {}", sentence(&problems));
    let entry = |(path, message): (String, String)| Value::object([("path", path.into()), ("message", message.into())]);
    TaskError::input("INVALID_PARAMS", message).detail(Value::array(problems.into_iter().map(entry)))
}

fn sentence(problems: &[(String, String)]) -> String {
    let one = |(path, message): &(String, String)| match path.as_str() {
        "" => message.clone(),
        path => format!("`{path}`: {message}"),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn timed_out(request: &TaskRequest) -> TaskError {
    let message = format!("`{}` did not finish within {}", request.kind, request.timeout);
    TaskError::new(Category::Timeout, "TASK_TIMEOUT", message)
}

fn cancelled() -> TaskError {
    TaskError::new(Category::Cancelled, "TASK_CANCELLED", "the step was cancelled")
}

fn panicked(kind: &str, panic: &(dyn Any + Send)) -> TaskError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the implementation of `{kind}` broke: {}", text.unwrap_or("no reason given"));
    TaskError::internal("TASK_PANICKED", message)
}

fn redacted(error: TaskError, redactor: &Redactor) -> TaskError {
    let (message, detail) = (redactor.text(&error.message).into_owned(), redactor.value(&error.detail));
    TaskError { message, detail, ..error }
}
