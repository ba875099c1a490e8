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
    let mut failed = 0;
    for seed in first..first + seeds {
        let mut random = Random(seed);
        let (case, ready) = &subjects[random.below(subjects.len() as u64) as usize];
        let kill = if random.below(2) == 0 { Kill::Worker } else { Kill::Server };
        let at = Duration::from_micros(random.below(WITHIN.as_micros() as u64));
        let undisturbed = embedded::run(case, ready).await;
        let killed = killed(&mut lab, case, ready, seed, kill, at).await;
        let problems = differences(&without_attempts(undisturbed), &without_attempts(killed.clone()));
        println!("seed {seed}: {} {kill:?} after {} ms: {}", case.name, at.as_millis(), outcome(&killed));
        problems.iter().for_each(|line| println!("    {line}"));
        failed += usize::from(!problems.is_empty());
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "crash: temporal: {seeds} cases, {seeds} kills, {failed} failed, seeds {first} to {}, {took:.0} s",
        first + seeds - 1
    );
    if failed == 0 { Ok(()) } else { bail!("{failed} of {seeds} runs came to another end") }
}

async fn killed(lab: &mut Lab, case: &Case, ready: &Ready, seed: u64, kill: Kill, at: Duration) -> Found {
    let run = format!("{}-{seed}", case.slug());
    let all = async {
        let (input, _server) = input(case)?;
        lab.begin(case, ready, &run, input).await?;
        let moment = tokio::time::Instant::now() + at;
        // What is sent before the kill is sent once; the rest afterwards.
        let acted = tokio::time::timeout_at(moment, lab.act(case, &run)).await;
        tokio::time::sleep_until(moment).await;
        lab.kill(kill)?;
        match acted {
            Ok(done) => done?,
            Err(_) => lab.act(case, &run).await?,
        }
        lab.end(ready, &run).await
    };
    match tokio::time::timeout(PATIENCE * 2, all).await {
        Ok(Ok(ended)) => Found::Ended(Box::new(ended)),
        Ok(Err(error)) => Found::Broken(format!("{error:#}")),
        Err(_) => Found::Broken("it came to no end".to_owned()),
    }
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
