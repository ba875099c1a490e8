use crate::args::Resume;
use crate::commands::run::exit_of;
use crate::exit::{Exit, UsageError};
use crate::stop::{self, Stop};
use crate::{compose, data, load, report, show};
use weir_base::{Text, Value, has_errors};
use weir_engine::Status;
use weir_runs::{FlowSource, Offer, RunView, RunsPort, Until, Verdict};
use weir_runtime::Runtime;
use weir_store::{PageRequest, RunFilter};

const PAGE: u32 = 500;

pub fn run(args: &Resume) -> anyhow::Result<Exit> {
    let loaded = load::load(&args.with, &args.bind, &load::catalog()?)?;
    let problems = weir_check::for_running(loaded.diagnostics.clone());
    report::print(&problems.iter().filter(|problem| problem.is_error()).cloned().collect::<Vec<_>>(), &loaded.files);
    let Some(flow) = loaded.flow.clone().filter(|_| !has_errors(&problems)) else { return Ok(Exit::FlowProblems) };
    let source = FlowSource { flow, files: loaded.named_texts() };
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(perform(args, &source));
    threads.shutdown_background();
    exit
}

async fn perform(args: &Resume, source: &FlowSource) -> anyhow::Result<Exit> {
    let folder = data::directory(args.data.data.as_ref())?;
    let wanted = compose::Wanted {
        virtual_time: args.virtual_time,
        only_new: true,
        folder: args.with.parent().map(Into::into),
        bind: args.bind.clone(),
        ..compose::Wanted::default()
    };
    let mut stop = Stop::listen()?;
    let runtime = compose::runtime(&folder, wanted).await?;
    let outcome = all(&runtime, args, source, &mut stop).await;
    let stopped = stop.end(&runtime).await;
    let exit = outcome?;
    stopped?;
    Ok(exit)
}

async fn all(runtime: &Runtime, args: &Resume, source: &FlowSource, stop: &mut Stop) -> anyhow::Result<Exit> {
    let runs = match (&args.run, &args.flow) {
        (Some(run), _) => vec![Text::from(run.as_str())],
        (None, Some(flow)) => failed_runs(runtime, flow).await?,
        (None, None) => anyhow::bail!(UsageError("name a run, or --failed with --flow".into())),
    };
    let mut offers = Vec::new();
    for run in &runs {
        let offer = runtime.fix_forward(run, source, args.dry_run, args.force).await?;
        if !args.json {
            show::out(sentence(&offer, args));
        }
        offers.push(offer);
    }
    let mut ended = Vec::new();
    for offer in offers.iter().filter(|offer| offer.resumed) {
        tokio::select! {
            view = runtime.wait(&offer.run, Until::Ended) => ended.push(view?),
            () = stop.asked() => {
                stop::tell();
                return Ok(Exit::Waiting);
            }
        }
    }
    told(args, &offers, &ended);
    Ok(exit(&offers, &ended))
}

async fn failed_runs(runtime: &Runtime, flow: &str) -> anyhow::Result<Vec<Text>> {
    let statuses = vec![Status::Failed, Status::TimedOut];
    let filter = RunFilter { flow: Some(flow.into()), statuses, ..RunFilter::default() };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = runtime.store().list_runs(&filter, PageRequest { before, limit: PAGE }).await?;
        found.extend(page.items.iter().map(|run| run.id.clone()));
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    found.reverse();
    if found.is_empty() {
        let any = RunFilter { flow: Some(flow.into()), ..RunFilter::default() };
        let page = runtime.store().list_runs(&any, PageRequest { before: None, limit: 1 }).await?;
        if page.items.is_empty() {
            anyhow::bail!(UsageError(format!("there is no run of a flow called `{flow}`; `weir runs ls` lists them")));
        }
    }
    Ok(found)
}

fn sentence(offer: &Offer, args: &Resume) -> String {
    let verdict = match &offer.verdict {
        Verdict::Compatible { resume } if resume.is_empty() => "compatible".to_owned(),
        Verdict::Compatible { resume } => format!("compatible, resumes at {}", list(resume)),
        Verdict::Diverges { why, .. } => why.clone(),
        Verdict::EndsAgain { status, path, why } => {
            format!("under this flow it is {} again at {path}: {why}", status.as_str())
        }
        Verdict::Refused { why } => format!("not asked: {why}"),
    };
    let compensated = match offer.compensated.is_empty() {
        true => String::new(),
        false => format!("; {} ran because of the failure", list(&offer.compensated)),
    };
    let held = matches!(offer.verdict, Verdict::Compatible { .. }) && !offer.resumed && !args.dry_run;
    let held = if held { "; say --force to go on all the same" } else { "" };
    format!("{}  {verdict}{compensated}{held}", offer.run)
}

fn list(paths: &[Text]) -> String {
    paths.iter().map(|path| path.as_ref()).collect::<Vec<_>>().join(", ")
}

fn told(args: &Resume, offers: &[Offer], ended: &[RunView]) {
    if args.json {
        let rows = offers.iter().map(|offer| {
            let view = ended.iter().find(|view| view.run == offer.run);
            Value::object([
                ("run", offer.run.clone().into()),
                ("compatible", matches!(offer.verdict, Verdict::Compatible { .. }).into()),
                ("verdict", sentence(offer, args).into()),
                ("compensated", Value::array(offer.compensated.iter().map(|path| Value::from(path.clone())))),
                ("resumed", offer.resumed.into()),
                ("status", view.map(|view| view.status.as_str()).into()),
                ("output", view.map(|view| view.output.clone()).into()),
            ])
        });
        return show::out(Value::object([("runs", Value::array(rows))]).to_json());
    }
    for view in ended {
        show::out(format_args!("{}  {}", view.run, show::word(view.status)));
    }
    if offers.is_empty() {
        crate::errln!("no failed run of this flow");
    }
}

/// 0 where every run could go on and ended well; 1 where one could not.
fn exit(offers: &[Offer], ended: &[RunView]) -> Exit {
    let compatible = offers.iter().all(|offer| matches!(offer.verdict, Verdict::Compatible { .. }));
    match ended.iter().map(|view| exit_of(view.status)).find(|exit| *exit != Exit::Success) {
        Some(worst) => worst,
        None if compatible => Exit::Success,
        None => Exit::Failed,
    }
}
