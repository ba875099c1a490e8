//! `weir serve`: the server and all it stands on, put together.

mod config;
mod demo;
mod parts;
mod start;

use crate::args::Serve;
use crate::exit::Exit;
use crate::stop::Stop;
use config::Config;
use std::sync::Arc;
use weir_server::{App, Options};

pub fn run(args: &Serve) -> anyhow::Result<Exit> {
    if args.sample_config {
        crate::show::out(config::sample().trim_end());
        return Ok(Exit::Success);
    }
    let config = Config::read(args)?;
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = threads.block_on(serve(args, &config));
    threads.shutdown_background();
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
        ..Options::default()
    };
    let listening = weir_server::listen(&options).await?;
    let url = format!("http://{}", listening.address);
    let built = parts::build(args, config, &folder, &url).await?;
    built.runtime.recovered().await;
    start::first(&built.control, config, &folder).await?;
    let open = built.runtime.unfinished(None, 10_000).await?.len();
    start::greet(&built.control, &url, &folder, open, config.listen.ip().is_loopback()).await?;
    let mut app = App::new(built.control.clone(), options);
    app.dependencies = built.dependencies;
    let app = Arc::new(app);
    let router = weir_server::router(app.clone());
    let background = tokio::spawn(start::background(built.control.clone()));
    listening.serve(app, router, stop.asked()).await;
    crate::errln!("stopping; once more stops at once");
    background.abort();
    stop.end(&built.runtime).await?;
    crate::errln!("stopped; what is not over is kept");
    Ok(Exit::Success)
}
