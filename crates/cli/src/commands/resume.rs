use crate::args::Resume;
use crate::commands::run::exit_of;
use crate::commands::server::flows;
use crate::exit::{Exit, UsageError};
use crate::remote::{Place, place};
use crate::side::{Carrier, Here, Looking, Remote};
use crate::stop::{self, Stop};
use crate::{compose, load, report, show};
use std::path::Path;
use weir_base::{Text, Value, has_errors};
use weir_client::Client;
use weir_runs::{FlowSource, Offer, RunView, Verdict};

pub fn run(args: &Resume) -> anyhow::Result<Exit> {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = match place(&args.data)? {
        Place::Server(client) => threads.block_on(at_server(args, client)),
        Place::Folder(folder) => match source(args)? {
            Some(source) => threads.block_on(in_folder(args, &folder, &source)),
            None => Ok(Exit::FlowProblems),
        },
    };
    threads.shutdown_background();
    exit
}

/// The flow to go on with, if it can be run; its problems are printed.
fn source(args: &Resume) -> anyhow::Result<Option<FlowSource>> {
    let Some(with) = &args.with else { anyhow::bail!(UsageError("name the flow to go on with: --with FILE".into())) };
    if args.at_version.is_some() {
        anyhow::bail!(UsageError("--at-version is for a server; name the flow with --with FILE".into()));
    }
    let loaded = load::load(with, &args.bind, &load::catalog()?)?;
    let problems = weir_check::for_running(loaded.diagnostics.clone());
    report::print(&problems.iter().filter(|problem| problem.is_error()).cloned().collect::<Vec<_>>(), &loaded.files);
    let Some(flow) = loaded.flow.clone().filter(|_| !has_errors(&problems)) else { return Ok(None) };
    Ok(Some(FlowSource { flow, files: loaded.named_texts() }))
}

async fn in_folder(args: &Resume, folder: &Path, source: &FlowSource) -> anyhow::Result<Exit> {
    if args.dry_run {
        // Nothing is written, so whoever owns the data may go on with it.
        let carrier = Looking { store: compose::visit(folder).await?, source };
        return all(&carrier, args, &mut Stop::listen()?).await;
    }
    compose::require_runs(folder)?;
    let wanted = compose::Wanted {
        virtual_time: args.virtual_time,
        only_new: true,
        folder: args.with.as_ref().and_then(|with| with.parent()).map(Into::into),
        bind: args.bind.clone(),
        ..compose::Wanted::default()
    };
    let mut stop = Stop::listen()?;
    let runtime = compose::runtime(folder, wanted).await?;
    let outcome = all(&Here { runtime: &runtime, source: Some(source) }, args, &mut stop).await;
    let stopped = stop.end(&runtime).await;
    let exit = outcome?;
    stopped?;
    Ok(exit)
}

/// A file becomes the flow's draft there, and the runs go on under that.
async fn at_server(args: &Resume, client: Client) -> anyhow::Result<Exit> {
    if let Some(with) = &args.with {
        if args.dry_run {
            let message =
                "--dry-run changes nothing, so it takes no file: `weir flows push` it, then ask without --with";
            anyhow::bail!(UsageError(message.into()));
        }
        let flow = match (&args.run, &args.flow) {
            (Some(run), _) => flows::of_run(&client, run).await?,
            (None, flow) => flow.clone().unwrap_or_default(),
        };
        flows::put_draft(&client, &flow, with, &args.bind).await?;
    }
    let mut stop = Stop::listen()?;
    all(&Remote::new(client).under(args.at_version), args, &mut stop).await
}

async fn all(carrier: &dyn Carrier, args: &Resume, stop: &mut Stop) -> anyhow::Result<Exit> {
    let runs = match (&args.run, &args.flow) {
        (Some(run), _) => vec![Text::from(run.as_str())],
        (None, Some(flow)) => carrier.failed(flow).await?,
        (None, None) => anyhow::bail!(UsageError("name a run, or --failed with --flow".into())),
    };
    let mut offers = Vec::new();
    for run in &runs {
        let offer = carrier.fix(run, args.dry_run, args.force).await?;
        if !args.json {
            show::out(sentence(&offer, args));
        }
        offers.push(offer);
    }
    let mut ended = Vec::new();
    for offer in offers.iter().filter(|offer| offer.resumed) {
        tokio::select! {
            view = carrier.wait(&offer.run) => ended.push(view?),
            () = stop.asked() => {
                stop::tell();
                return Ok(Exit::Waiting);
            }
        }
    }
    told(args, &offers, &ended);
    Ok(exit(&offers, &ended))
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
