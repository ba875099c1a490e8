//! `weir serve`: the server and all it stands on, put together.

mod coder;
pub mod config;
pub mod connections;
mod demo;
mod house;
mod imap;
pub mod log;
mod machine;
mod mail;
mod otlp;
pub mod parts;
mod rotate;
mod sign_in;
mod start;
mod timer;
mod verification;
mod web;

use crate::args::{Serve, ServeCommand};
use crate::exit::Exit;
use crate::stop::Stop;
#[cfg(not(feature = "temporal"))]
use crate::temporal::Hosts;
use config::Config;
use std::sync::Arc;
use weir_server::{App, Options, Phase, Requests};

pub fn run(args: &Serve) -> anyhow::Result<Exit> {
    if args.sample_config {
        crate::show::out(config::sample().trim_end());
        return Ok(Exit::Success);
    }
    if args.openapi {
        crate::show::out(weir_server::openapi());
        return Ok(Exit::Success);
    }
    let config = Config::read(args)?;
    let log = log::begin(args.log, args.log_level.as_deref())?;
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = match args.command {
        Some(ServeCommand::RotateKeys { keep_key, json }) => {
            threads.block_on(rotate::rotate(args, &config, keep_key, json))
        }
        None => threads.block_on(serve(args, &config)),
    };
    threads.shutdown_background();
    drop(log);
    exit
}

async fn serve(args: &Serve, config: &Config) -> anyhow::Result<Exit> {
    let mut stop = Stop::listen()?;
    let folder = crate::data::directory(args.data.data.as_ref())?;
    let options = Options {
        listen: config.listen,
        other_ports: if args.listen.is_some() { 0 } else { Options::default().other_ports },
        body_bytes: config.body_bytes,
        webhook_bytes: config.webhook_bytes,
        connections: config.connections,
        secure_cookies: config.public_url.as_deref().is_some_and(|url| url.starts_with("https://")),
        proxies: config.proxies,
        drain: std::time::Duration::from_millis(config.drain.millis),
        metrics_token: config.metrics_token.as_deref().map(weir_vault::Secret::new),
        ..Options::default()
    };
    let listening = weir_server::listen(&options).await?;
    if listening.address.port() != config.listen.port() && config.listen.port() != 0 {
        crate::errln!("{} is taken; this is the next free port", config.listen);
    }
    let url = format!("http://{}", listening.address);
    let built = parts::build(args, config, &folder, &url).await?;
    let mut app = App::new(built.control.clone(), options);
    (app.dependencies, app.readings) = (built.dependencies, built.readings);
    app.requests = built.traces.clone().map(|traces| traces as Arc<dyn Requests>);
    app.enter(Phase::Starting);
    let app = Arc::new(app);
    let router = weir_server::router(app.clone());
    let (to_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listening.serve(app.clone(), router, async { drop(stopped.await) }));
    built.runtime.recovered().await;
    let hosts = built.connections.begin(&built.hosting);
    start::first(&built.control, config, &folder).await?;
    let open = built.runtime.unfinished(None, 10_000).await?.len();
    app.enter(Phase::Serving);
    start::greet(&built.control, &url, &folder, open, config.listen.ip().is_loopback()).await?;
    let background = tokio::spawn(start::background(built.control.clone()));
    let triggers = start::triggers(built.control.clone());
    let post = start::post(built.outbox.clone());
    let mailboxes = start::mailboxes(built.control.clone(), parts::mailboxes(config)?);
    stop.asked().await;
    app.enter(Phase::Stopping);
    crate::errln!("stopping; once more stops at once");
    drop(to_stop);
    serving.await?;
    background.abort();
    post.abort();
    mailboxes.abort();
    triggers.stop().await;
    built.connections.stop(hosts).await;
    stop.end(&built.runtime).await?;
    if let Some(traces) = &built.traces {
        traces.flush().await;
    }
    crate::errln!("stopped; what is not over is kept");
    Ok(Exit::Success)
}
