//! Examples whose worker or server is killed at a seeded moment, and which must come to the same end all the same.

use crate::case::{self, Case, Kill, Prepared, Ready};
use crate::compose;
use crate::found::{Ended, Found, differences, outcome};
use crate::runtimes::temporal::Lab;
use crate::runtimes::{PATIENCE, embedded, input};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// The latest moment after the start at which something is killed.
const WITHIN: Duration = Duration::from_millis(1_500);

/// How often a run is begun to find it in the middle.
const TRIES: u32 = 8;

/// Attempts of a task that was cut off differ, and nothing else may.
pub async fn run(seeds: u64, first: u64) -> Result<()> {
    let begun = Instant::now();
    let catalog = compose::catalog()?;
    let mut subjects = Vec::new();
    for case in case::all()?.into_iter().filter(|case| case.name.starts_with("example/") && case.server.is_null()) {
        if let Prepared::Flow(ready) = case.prepare(&catalog)? {
            subjects.push((case, ready));
        }
    }
    let mut lab = Lab::start().await?;
    let (mut failed, mut kills) = (0, [0, 0]);
    for seed in first..first + seeds {
        let mut random = Random(seed);
        let (case, ready) = &subjects[random.below(subjects.len() as u64) as usize];
        let kill = if random.below(2) == 0 { Kill::Worker } else { Kill::Server };
        let at = Duration::from_micros(random.below(WITHIN.as_micros() as u64));
        let undisturbed = without_attempts(embedded::run(case, ready).await);
        let (killed, at) = in_the_middle(&mut lab, case, ready, seed, kill, at).await;
        kills[usize::from(kill == Kill::Server)] += 1;
        println!("seed {seed}: {} {kill:?} after {} ms: {}", case.name, at.as_millis(), outcome(&killed));
        let problems = differences(&undisturbed, &without_attempts(killed));
        problems.iter().for_each(|line| println!("    {line}"));
        failed += usize::from(!problems.is_empty());
    }
    let (last, version) = (first + seeds - 1, env!("CARGO_PKG_VERSION"));
    let [workers, servers] = kills;
    println!("{seeds} kills in {:.0} s", begun.elapsed().as_secs_f64());
    println!(
        "crash: temporal: failed {failed}, cases {seeds}, kills of the server {servers}, kills of the worker {workers}, \
         seeds {first}..={last}, weir {version}"
    );
    if failed == 0 { Ok(()) } else { bail!("{failed} of {seeds} runs came to another end") }
}

/// A run that was over when something was killed shows nothing: then it is killed sooner.
async fn in_the_middle(
    lab: &mut Lab,
    case: &Case,
    ready: &Ready,
    seed: u64,
    kill: Kill,
    mut at: Duration,
) -> (Found, Duration) {
    for attempt in 0..TRIES {
        let run = format!("{}-{seed}-{attempt}", case.slug());
        match tokio::time::timeout(PATIENCE * 2, killed(lab, case, ready, &run, kill, at)).await {
            Ok(Ok(Some(ended))) => return (Found::Ended(Box::new(ended)), at),
            Ok(Ok(None)) => at /= 2,
            Ok(Err(error)) => return (Found::Broken(format!("{error:#}")), at),
            Err(_) => return (Found::Broken("it came to no end".to_owned()), at),
        }
    }
    (Found::Broken(format!("it was over {TRIES} times before anything was killed")), at)
}

/// None where the run was over by then.
async fn killed(
    lab: &mut Lab,
    case: &Case,
    ready: &Ready,
    run: &str,
    kill: Kill,
    at: Duration,
) -> Result<Option<Ended>> {
    let (input, _server) = input(case)?;
    lab.begin(ready, run, input).await?;
    let moment = tokio::time::Instant::now() + at;
    // What is sent before the kill is sent once; the rest afterwards.
    let acted = tokio::time::timeout_at(moment, lab.act(case, run)).await;
    tokio::time::sleep_until(moment).await;
    if lab.is_over(run).await {
        return Ok(None);
    }
    lab.kill(kill)?;
    match acted {
        Ok(done) => done?,
        Err(_) => lab.act(case, run).await?,
    }
    lab.end(ready, run).await.map(Some)
}

fn without_attempts(found: Found) -> Found {
    let Found::Ended(ended) = found else { return found };
    let Ended { mut steps, .. } = *ended.clone();
    steps.values_mut().for_each(|step| step.attempts = 0);
    Found::Ended(Box::new(Ended { steps, ..*ended }))
}

/// Numbers that follow from a seed alone (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}
