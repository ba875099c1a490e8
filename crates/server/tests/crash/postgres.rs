//! The kills of `kills.rs` on PostgreSQL; in a quarter of the cases the database itself is killed too, and recovers.

use crate::kills::{Case, Meanwhile, each, threads};
use crate::load::Promises;
use crate::random::Random;
use crate::report::{Outcome, Seeds};
use crate::site::{Data, found};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use weir_testkit::postgres::{Database, Server};

/// Everywhere the process may die under this load; files are the database's.
const POINTS: [&str; 4] = ["commit.before", "commit.after", "effect.before", "effect.after"];

pub fn run(seeds: &Seeds) -> Outcome {
    each(seeds, |seed, outcome| threads().block_on(cut(seed, outcome)))
}

async fn cut(seed: u64, outcome: &mut Outcome) -> Result<Vec<String>, String> {
    let mut random = Random::of_case(4, "webhooks-postgres", seed);
    let crashes = if random.one_in(4) { 1 + random.below(3) } else { 0 };
    let database = Arc::new(match crashes {
        0 => Database::fresh().await,
        _ => Database::on(Server::own()).await,
    });
    let case = Case {
        suite: "webhooks-postgres",
        data: Data::Database(database.url()),
        told: database.url(),
        points: &POINTS,
    };
    let path = found(&case.data, seed).await?;
    let (kills, waits) = (random.below(4) as u64, (0..crashes).map(|_| random.below(12)).collect::<Vec<_>>());
    let (promises, (tell, address)) = (Promises::default(), watch::channel(None));
    let trouble = match crashes {
        0 => Meanwhile::Nothing,
        _ => Meanwhile::Trouble(Box::pin(trouble(&database, &promises, waits))),
    };
    let wrong =
        case.load(seed, (&path, kills), (&promises, tell, address), (&mut *outcome, &mut random), trouble).await?;
    outcome.count("kills of the database", crashes as u64);
    outcome.count("refused", promises.refused.lock().unwrap().len() as u64);
    Ok(wrong)
}

/// Kills the database each time so many more requests were acknowledged, or all of them were.
async fn trouble(database: &Arc<Database>, promises: &Promises, waits: Vec<usize>) -> Result<(), String> {
    let acknowledged = || promises.keyed.lock().unwrap().len() + promises.once.lock().unwrap().len();
    let mut look = tokio::time::interval(Duration::from_millis(2));
    for more in waits {
        let enough = acknowledged() + more;
        while acknowledged() < enough && !promises.all_settled() {
            look.tick().await;
        }
        let database = database.clone();
        let killed = tokio::task::spawn_blocking(move || {
            database.server().kill();
            database.server().start_again();
        });
        killed.await.map_err(|error| error.to_string())?;
    }
    Ok(())
}
