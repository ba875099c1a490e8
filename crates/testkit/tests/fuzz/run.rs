use crate::mutate;
use crate::random::Random;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

/// An input that takes more work has found something that grows too fast.
const SLOWEST: Duration = Duration::from_secs(10);

/// How long to go on, and from where: `FUZZ_CASES` (300) or `FUZZ_SECONDS`, `FUZZ_SEED` (1), `FUZZ_CASE` for a single one.
struct Plan {
    seed: u64,
    cases: u64,
    time: Option<Duration>,
    only: Option<u64>,
}

impl Plan {
    fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let time = number("FUZZ_SECONDS").map(Duration::from_secs);
        Self {
            seed: number("FUZZ_SEED").unwrap_or(1),
            cases: number("FUZZ_CASES").unwrap_or(300),
            time,
            only: number("FUZZ_CASE"),
        }
    }

    fn numbers(&self) -> Box<dyn Iterator<Item = u64>> {
        match (self.only, self.time) {
            (Some(only), _) => Box::new(only..=only),
            (None, None) => Box::new(0..self.cases),
            (None, Some(time)) => {
                let begun = Instant::now();
                Box::new((0..).take_while(move |_| begun.elapsed() < time))
            }
        }
    }
}

/// Gives `check` the seeds and then changed ones. It must neither panic nor take long; it returns what law was broken.
pub fn fuzz(target: &str, seeds: &[String], check: impl Fn(&str) -> Result<(), String>) {
    fuzz_by(&Plan::from_environment(), target, seeds, check);
}

fn fuzz_by(plan: &Plan, target: &str, seeds: &[String], check: impl Fn(&str) -> Result<(), String>) {
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds {
        check(seed).unwrap_or_else(|law| panic!("{target}: a seed breaks a law: {law}\n{seed}"));
    }
    let mut count = 0;
    for case in plan.numbers() {
        let input = mutate::input(seeds, &mut Random::of_case(plan.seed, target, case));
        if let Err(what) = one(&input, &check) {
            let kept = keep(target, plan.seed, case, &input);
            let again =
                format!("FUZZ_SEED={} FUZZ_CASE={case} cargo test -p weir-testkit --test fuzz {target}", plan.seed);
            panic!("{target}: {what}\nthe input is in {}\nto repeat: {again}", kept.display());
        }
        count += 1;
    }
    println!("fuzz: {target}: {count} cases from {} seeds, FUZZ_SEED={}", seeds.len(), plan.seed);
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic; a panic that is expected is not printed.
pub fn quietly<T>(work: impl FnOnce() -> T) -> std::thread::Result<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    result
}

fn one(input: &str, check: &impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    let begun = (Instant::now(), worked());
    let result = catch_unwind(AssertUnwindSafe(|| check(input)));
    let time = worked().zip(begun.1).map_or_else(|| begun.0.elapsed(), |(now, before)| now.saturating_sub(before));
    match result {
        Err(panic) => Err(format!("it panics: {}", said(&*panic))),
        Ok(Err(law)) => Err(law),
        Ok(Ok(())) if time > SLOWEST => Err(format!("it takes {:.0} s of work", time.as_secs_f64())),
        Ok(Ok(())) => Ok(()),
    }
}

/// How long this thread has been on a processor, where the system tells; on a busy machine the clock says too much.
fn worked() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

fn keep(target: &str, seed: u64, case: u64, input: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    let file = folder.join(format!("{target}-{seed}-{case}.txt"));
    // The panic that follows tells how to make the input again, so a full disk loses nothing.
    let _ = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, input));
    file
}

#[test]
fn what_is_found_is_told() {
    let seeds = ["hello".to_owned()];
    let plan = Plan { seed: 1, cases: 5, time: None, only: None };
    let found = |check: fn(&str) -> Result<(), String>| quietly(|| fuzz_by(&plan, "self", &seeds, check)).err();
    let told = |check| found(check).map(|panic| said(&*panic).to_owned()).unwrap_or_default();
    assert!(told(|text| if text == "hello" { Ok(()) } else { panic!("{}", "oh") }).contains("it panics: oh"));
    assert!(told(|text| if text == "hello" { Ok(()) } else { Err("a law".into()) }).contains("self: a law"));
    assert!(told(|_| Err("a law".into())).contains("a seed breaks a law"));
    assert!(found(|_| Ok(())).is_none());
}

#[test]
fn a_case_is_always_the_same() {
    let seeds = ["a: 1\nb: [2, 3]\n".to_owned(), "{{ input.x }}".to_owned()];
    let input = |case| mutate::input(&seeds, &mut Random::of_case(7, "x", case));
    assert_eq!(input(12), input(12));
    assert!((0..50).map(input).collect::<std::collections::BTreeSet<_>>().len() > 40);
}
