//! One life of a server: it opens the data, serves, and at the end waits for every run.

use crate::probe::Outside;
use crate::site::{Opened, Site, open};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use weir_runs::{RunsPort, Until};
use weir_runtime::Faults;
use weir_server::{App, Options};

/// What is not over by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves until `stop`, tells its address first, and stops in good order once every run is over.
pub async fn serve(
    opened: Opened,
    outside: &Arc<dyn Outside>,
    faults: Arc<dyn Faults>,
    seed: u64,
    told: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), String> {
    let site = open(opened, outside, faults, seed).await?;
    let options = Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Options::default() };
    let listening = weir_server::listen(&options).await.map_err(|error| error.to_string())?;
    told(listening.address);
    let app = Arc::new(App::new(site.control.clone(), options));
    let router = weir_server::router(app.clone());
    listening.serve(app, router, stop).await;
    match tokio::time::timeout(PATIENCE, all_over(&site)).await {
        Ok(result) => result?,
        Err(_) => return Err("some run goes on for ever".to_owned()),
    }
    site.runtime.stop().await.map_err(|error| error.to_string())?;
    site.store.close().await.map_err(|error| error.to_string())
}

async fn all_over(site: &Site) -> Result<(), String> {
    site.runtime.recovered().await;
    let mut again = tokio::time::interval(Duration::from_millis(20));
    let unfinished = loop {
        match site.runtime.unfinished(None, 10_000).await {
            Err(error) if error.may_pass() => drop(again.tick().await),
            done => break done.map_err(|error| error.to_string())?,
        }
    };
    for run in unfinished {
        let ended = site.runtime.wait(&run.id, Until::Ended).await;
        ended.map_err(|error| format!("{}: {error}", run.id))?;
    }
    Ok(())
}
