use crate::args::Serve;
use crate::commands::run::secrets;
use crate::exit::Exit;
use crate::stop::Stop;
use crate::{compose, data};
use weir_runtime::RetentionOptions;

pub fn run(args: &Serve) -> anyhow::Result<Exit> {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let exit = threads.block_on(serve(args));
    threads.shutdown_background();
    exit
}

/// Everything happens in the runtime; this waits for the word to stop, and stops it in good order.
async fn serve(args: &Serve) -> anyhow::Result<Exit> {
    let folder = data::directory(args.data.data.as_ref())?;
    let (flows, bind) = (Some(args.flows.clone()), args.bind.clone());
    let retention =
        RetentionOptions { runs: args.keep_runs, observations: args.keep_logs, ..RetentionOptions::default() };
    let secrets = secrets(&args.secret)?;
    let wanted = compose::Wanted { secrets, retention, folder: flows, bind, ..compose::Wanted::default() };
    let mut stop = Stop::listen()?;
    let runtime = compose::runtime(&folder, wanted).await?;
    runtime.recovered().await;
    let open = runtime.unfinished(None, 10_000).await?.len();
    let runs = if open == 1 { "1 run goes on".to_owned() } else { format!("{open} runs go on") };
    crate::errln!("serving {}: {runs}; Ctrl-C stops", folder.display());
    stop.asked().await;
    stop.end(runtime).await?;
    crate::errln!("stopped; what is not over is kept");
    Ok(Exit::Success)
}
