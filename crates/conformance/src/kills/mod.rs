//! Examples whose worker or server is killed at a seeded moment, and which must come to the same end all the same.
//!
//! What is broken is behind [`Broken`]: the Rust worker in `rust.rs`, the generated TypeScript in `typescript.rs`.

mod rust;
mod typescript;

use crate::case::{self, Case, Kill, Prepared, Ready};
use crate::compose;
use crate::found::{Ended, Found, differences, outcome};
use crate::runtimes::{PATIENCE, embedded};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// The latest moment after the start at which something is killed.
const WITHIN: Duration = Duration::from_millis(1_500);

/// How often a run is begun to find it in the middle.
const TRIES: u32 = 24;

/// Runs under way on a cluster that can be broken.
trait Broken {
    /// As it is called in the line that sums up.
    const NAME: &'static str;

    async fn begin(&mut self, subject: &Subject, run: &str) -> Result<()>;
    /// Does to the run what its case says, until `moment`.
    async fn act_until(&self, case: &Case, run: &str, moment: tokio::time::Instant) -> Result<()>;
    async fn is_over(&self, run: &str) -> Result<bool>;
    async fn kill(&mut self, kill: Kill) -> Result<()>;
    /// Does what is left to do, and waits for the end.
    async fn finish(&self, subject: &Subject, run: &str) -> Result<Ended>;
}

/// An example, and its flow.
type Subject = (Case, Box<Ready>);

/// What happens for one seed.
struct Plan {
    seed: u64,
    subject: usize,
    kill: Kill,
    at: Duration,
}

impl Plan {
    fn of(seed: u64, subjects: u64) -> Self {
        let mut random = Random(seed);
        let subject = random.below(subjects) as usize;
        let kill = if random.below(2) == 0 { Kill::Worker } else { Kill::Server };
        Self { seed, subject, kill, at: Duration::from_micros(random.below(WITHIN.as_micros() as u64)) }
    }
}

/// As many seeds from `first` on, with the Rust worker or with generated code.
pub async fn run(seeds: u64, first: u64, typescript: bool) -> Result<()> {
    let subjects = subjects()?;
    let plans: Vec<Plan> = (first..first + seeds).map(|seed| Plan::of(seed, subjects.len() as u64)).collect();
    match typescript {
        false => break_all(rust::Rust::start().await?, &subjects, &plans).await,
        true => {
            let chosen = plans.iter().map(|plan| &subjects[plan.subject]);
            break_all(typescript::TypeScript::start(chosen).await?, &subjects, &plans).await
        }
    }
}

/// The examples that need no server beside them.
fn subjects() -> Result<Vec<Subject>> {
    let catalog = compose::catalog()?;
    let mut subjects = Vec::new();
    for case in case::all()?.into_iter().filter(|case| case.name.starts_with("example/") && case.server.is_null()) {
        if let Prepared::Flow(ready) = case.prepare(&catalog)? {
            subjects.push((case, ready));
        }
    }
    Ok(subjects)
}

/// Attempts of a task that was cut off differ, and nothing else may.
async fn break_all<B: Broken>(mut broken: B, subjects: &[Subject], plans: &[Plan]) -> Result<()> {
    let begun = Instant::now();
    let mut failed = 0;
    for plan in plans {
        let (case, ready) = &subjects[plan.subject];
        let undisturbed = without_attempts(embedded::run(case, ready).await);
        let (killed, at) = in_the_middle(&mut broken, &subjects[plan.subject], plan).await;
        let Plan { seed, kill, .. } = plan;
        println!("seed {seed}: {} {kill:?} after {} ms: {}", case.name, at.as_millis(), outcome(&killed));
        let problems = differences(&undisturbed, &without_attempts(killed));
        problems.iter().for_each(|line| println!("    {line}"));
        failed += usize::from(!problems.is_empty());
    }
    println!("{} kills in {:.0} s", plans.len(), begun.elapsed().as_secs_f64());
    println!("{}", summary(B::NAME, failed, plans));
    if failed == 0 { Ok(()) } else { bail!("{failed} of {} runs came to another end", plans.len()) }
}

fn summary(name: &str, failed: usize, plans: &[Plan]) -> String {
    let servers = plans.iter().filter(|plan| plan.kill == Kill::Server).count();
    let (first, last) = (plans.first().map_or(0, |plan| plan.seed), plans.last().map_or(0, |plan| plan.seed));
    format!(
        "crash: {name}: failed {failed}, cases {}, kills of the server {servers}, kills of the worker {}, seeds \
         {first}..={last}, weir {}",
        plans.len(),
        plans.len() - servers,
        env!("CARGO_PKG_VERSION")
    )
}

/// A run that was over when something was killed shows nothing: then it is killed sooner.
async fn in_the_middle<B: Broken>(broken: &mut B, subject: &Subject, plan: &Plan) -> (Found, Duration) {
    let mut at = plan.at;
    for attempt in 0..TRIES {
        let run = format!("{}-{}-{attempt}", subject.0.slug(), plan.seed);
        match tokio::time::timeout(PATIENCE * 2, killed(broken, subject, &run, plan.kill, at)).await {
            Ok(Ok(Some(ended))) => return (Found::Ended(Box::new(ended)), at),
            Ok(Ok(None)) => at /= 2,
            Ok(Err(error)) => return (Found::Broken(format!("{error:#}")), at),
            Err(_) => return (Found::Broken("it came to no end".to_owned()), at),
        }
    }
    (Found::Broken(format!("it was over {TRIES} times before anything was killed")), at)
}

/// None where the run was over by then.
async fn killed<B: Broken>(
    broken: &mut B,
    subject: &Subject,
    run: &str,
    kill: Kill,
    at: Duration,
) -> Result<Option<Ended>> {
    broken.begin(subject, run).await?;
    let moment = tokio::time::Instant::now() + at;
    broken.act_until(&subject.0, run, moment).await?;
    tokio::time::sleep_until(moment).await;
    if broken.is_over(run).await? {
        return Ok(None);
    }
    broken.kill(kill).await?;
    broken.finish(subject, run).await.map(Some)
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
