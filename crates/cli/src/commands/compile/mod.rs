//! A flow as code: generated, checked by the compilers, and only then written.

mod called;
mod folder;

use crate::args::compile::Compile;
use crate::args::{Data, Format};
use crate::exit::Exit;
use crate::load::{self, Loaded};
use crate::{report, show};
use folder::Folder;
use weir_base::{Diagnostic, Value, has_errors};
use weir_codegen::{Options, Project, generate};
use weir_toolchain::{Finding, Verdict, Verifier};

pub fn run(args: &Compile, data: &Data) -> anyhow::Result<Exit> {
    let catalog = load::catalog()?;
    let mut loaded = load::load(&args.file, &args.bind, &catalog)?;
    loaded.diagnostics = weir_check::for_running(loaded.diagnostics);
    let flow = loaded.flow.take().filter(|_| !has_errors(&loaded.diagnostics));
    let Some(flow) = flow else { return Ok(refused(args, &loaded, &[])) };
    let folder = Folder::open(&args.out)?;
    let library = match called::library(&flow, &loaded.files, args, &catalog)? {
        Ok(called) => {
            // A problem of theirs is shown in their own text.
            loaded.files.extend(called.files);
            called.flows
        }
        Err(called) => return Ok(refused(args, &called, &[])),
    };
    let (task_queue, worker_queue) = (args.task_queue.clone(), args.worker_queue.clone());
    let project = args.project.clone();
    let options = Options { task_queue, worker_queue, project, library, ..Options::default() };
    let project = match generate(&flow, &catalog, &options) {
        Ok(project) => project,
        Err(problems) => return Ok(refused(args, &loaded, &problems)),
    };
    // Before the compilers are asked, which takes longer.
    folder.refuse_blocked(&project.files)?;
    if !args.force {
        folder.refuse_foreign(&project.files)?;
    }
    let verdict = if args.no_verify { None } else { Some(verified(data, &project)?) };
    let passed = verdict.as_ref().is_none_or(Verdict::passed);
    if passed {
        folder.write(&project.files)?;
    }
    tell(args, &loaded, &project, verdict.as_ref());
    Ok(if passed { Exit::Success } else { Exit::Failed })
}

/// What is wrong with the flow, or what about it cannot be written as code.
fn refused(args: &Compile, loaded: &Loaded, more: &[Diagnostic]) -> Exit {
    let all: Vec<Diagnostic> = loaded.diagnostics.iter().chain(more).cloned().collect();
    match args.format {
        Format::Human => report::print(&all, &loaded.files),
        Format::Json => {
            let answer = [("success", false.into()), ("diagnostics", rows(&all, loaded))];
            show::out(Value::object(answer).to_json_pretty());
        }
    }
    Exit::Failed
}

fn rows(diagnostics: &[Diagnostic], loaded: &Loaded) -> Value {
    let places = report::Places::of(&loaded.files);
    Value::array(diagnostics.iter().map(|problem| report::to_json(problem, &places)))
}

fn verified(data: &Data, project: &Project) -> anyhow::Result<Verdict> {
    let toolchain = super::toolchain::of(data)?;
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let options = weir_toolchain::Options { processes: 1, ..Default::default() };
    let verdict = threads.block_on(async { Verifier::new(toolchain, options).verify(&project.files).await });
    verdict.map_err(|error| match error.code() {
        "TOOLCHAIN_MISSING" => {
            anyhow::Error::new(error).context("nothing was written; `--no-verify` writes it unchecked")
        }
        _ => error.into(),
    })
}

fn tell(args: &Compile, loaded: &Loaded, project: &Project, verdict: Option<&Verdict>) {
    match args.format {
        Format::Human => tell_person(args, loaded, project, verdict),
        Format::Json => show::out(answer(loaded, project, verdict).to_json_pretty()),
    }
}

fn tell_person(args: &Compile, loaded: &Loaded, project: &Project, verdict: Option<&Verdict>) {
    report::print(&loaded.diagnostics, &loaded.files);
    verdict.iter().for_each(|verdict| super::toolchain::tell(verdict));
    for proxied in &project.proxied {
        crate::errln!(
            "`{}` has no TypeScript: `weir worker --task-queue {}` performs it",
            proxied.kind,
            args.worker_queue
        );
    }
    match verdict {
        Some(verdict) if !verdict.passed() => crate::errln!("nothing was written: the compilers refuse the code"),
        _ => crate::errln!("{} files in {}; its README.md says how to go on", project.files.len(), args.out.display()),
    }
}

/// For programs: what was written, and the verdict in the words of the server's `POST /compile`.
fn answer(loaded: &Loaded, project: &Project, verdict: Option<&Verdict>) -> Value {
    let passed = |findings: fn(&Verdict) -> bool| Value::from(verdict.map(findings));
    let verification = [
        ("tscPassed", passed(|verdict| verdict.tsc.is_empty())),
        ("eslintPassed", passed(|verdict| verdict.lint.is_empty())),
        ("anyTypesFound", verdict.map(|verdict| verdict.any_types).into()),
    ];
    let names = project.files.keys().map(|name| Value::from(name.as_str()));
    let proxied = project.proxied.iter().map(|one| Value::from(one.kind.clone()));
    Value::object([
        ("success", verdict.is_none_or(Verdict::passed).into()),
        ("diagnostics", rows(&loaded.diagnostics, loaded)),
        ("files", Value::array(names)),
        ("proxied", Value::array(proxied)),
        ("verification", Value::object(verification)),
        (
            "findings",
            Value::array(verdict.iter().flat_map(|verdict| verdict.tsc.iter().chain(&verdict.lint)).map(finding)),
        ),
    ])
}

/// An error in the code, as a member of the answer.
fn finding(found: &Finding) -> Value {
    let place = format!("{}:{}:{}", found.file, found.line, found.column);
    let members = [("place", place), ("code", found.code.clone()), ("message", found.message.clone())];
    Value::object(members.map(|(name, text)| (name, Value::from(text))))
}
