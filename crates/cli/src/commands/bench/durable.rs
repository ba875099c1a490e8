use super::lab::{Cost, Lab};
use super::machine::Machine;
use super::row::{Row, Target};
use super::{flows, process, raw};
use std::path::Path;
use weir_base::Micros;

const AT_ONCE: usize = 32;

/// How often a work and its yardsticks take turns. Disks have bad seconds; a yardstick from another second is none.
const ROUNDS: usize = 9;

/// One round: what was measured, and the machine while it was.
struct Round<T> {
    machine: Machine,
    done: T,
}

/// Does the work again and again, each time between two measurements of the machine.
fn rounds<T>(folder: &Path, mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<Vec<Round<T>>> {
    let (mut before, mut rounds) = (Machine::measure(folder)?, Vec::new());
    for _ in 0..ROUNDS {
        let done = work()?;
        let after = Machine::measure(folder)?;
        rounds.push(Round { machine: before.middle(&after), done });
        before = after;
    }
    Ok(rounds)
}

/// The row of the round that is in the middle, by how near it comes to its own scaled target.
fn middle_row<T>(rounds: &[Round<T>], row: impl Fn(&Round<T>) -> Row) -> Row {
    let mut rows: Vec<Row> = rounds.iter().map(row).collect();
    rows.sort_by(|a, b| a.share().total_cmp(&b.share()));
    let shares: Vec<f64> = rows.iter().map(Row::share).collect();
    let holding = rows.iter().filter(|row| row.holds()).count();
    let middle = rows.swap_remove(rows.len() / 2);
    let (least, most) = (shares.first().copied().unwrap_or_default(), shares.last().copied().unwrap_or_default());
    middle.with("rounds", ROUNDS).with("roundsThatHold", holding).with("leastShareOfTarget", least).with("mostShareOfTarget", most)
}

/// W1: start, one step, end.
pub fn one_step(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W1 start, 1 step, end";
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(1))?;
    lab.run(&flow, AT_ONCE, 2_000)?;
    let alone = rounds(folder, || lab.run(&flow, 1, 300))?;
    let many = rounds(folder, || lab.run(&flow, AT_ONCE, 6_000))?;
    let alone = middle_row(&alone, |round| {
        let median = raw::median(&mut round.done.each.clone());
        Row::new(WORK, "one at a time, median", Target::AtMost(0.5), median, "ms")
            .scaled(round.machine.slower())
            .with("cpuMsPerRun", cpu_ms(&round.done, 300))
            .with("yardstick", round.machine.to_value())
    });
    let rate = middle_row(&many, |round| {
        Row::new(WORK, "32 at once", Target::AtLeast(10_000.0), per_second(&round.done, 6_000), "runs/s")
            .scaled(round.machine.faster_in_batches())
            .with("medianMs", raw::median(&mut round.done.each.clone()))
            .with("yardstick", round.machine.to_value())
    });
    let cpu = middle_row(&many, |round| Row::new(WORK, "32 at once, CPU", Target::AtMost(0.1), cpu_ms(&round.done, 6_000), "ms/run"));
    Ok(vec![alone, rate, cpu])
}

/// W2: ten steps in sequence.
pub fn ten_steps(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W2 10 steps in sequence";
    const RUNS: usize = 2_000;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::sequence(10))?;
    lab.run(&flow, AT_ONCE, 500)?;
    let (_, bytes) = lab.journal(&lab.run_one(&flow)?)?;
    let many = beside_raw(folder, AT_ONCE, bytes, || lab.run(&flow, AT_ONCE, RUNS))?;
    let alone = beside_raw(folder, 1, bytes, || median_step(&lab, &flow, 40))?;
    let cpu = Row::new(WORK, "32 at once, CPU", Target::AtMost(0.03), median_of(&many, |one| cpu_ms(&one.done, RUNS * 10)), "ms/step");
    let share = |one: &BesideRaw<Cost>| per_second(&one.done, RUNS * 10) / one.raw.rows_per_second;
    let many_row = Row::new(WORK, "32 at once, in raw SQLite rows in batches of 32", Target::AtLeast(0.4), median_of(&many, share), "×")
        .with("stepsPerSecond", median_of(&many, |one| per_second(&one.done, RUNS * 10)))
        .with("rawRowsPerSecond", median_of(&many, |one| one.raw.rows_per_second))
        .with("rowBytes", bytes);
    let length = |one: &BesideRaw<f64>| one.done / one.raw.commit_ms;
    let alone_row = Row::new(WORK, "one run alone, median step, in single-row commits", Target::AtMost(1.5), median_of(&alone, length), "×")
        .with("stepMs", median_of(&alone, |one| one.done))
        .with("commitMs", median_of(&alone, |one| one.raw.commit_ms));
    Ok(vec![cpu, many_row, alone_row])
}

/// One round, and what raw SQLite did just before and after it.
struct BesideRaw<T> {
    raw: raw::Commits,
    done: T,
}

fn beside_raw<T>(folder: &Path, batch: usize, bytes: usize, mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<Vec<BesideRaw<T>>> {
    let (mut before, mut rounds) = (raw::sqlite(folder, batch, bytes)?, Vec::new());
    for _ in 0..ROUNDS {
        let done = work()?;
        let after = raw::sqlite(folder, batch, bytes)?;
        rounds.push(BesideRaw { raw: before.middle(&after), done });
        before = after;
    }
    Ok(rounds)
}

fn median_of<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    raw::median(&mut rounds.iter().map(figure).collect::<Vec<_>>())
}

/// Milliseconds from one result to the next in runs of ten steps, one run at a time.
fn median_step(lab: &Lab, flow: &weir_runs::FlowRef, runs: usize) -> anyhow::Result<f64> {
    let mut gaps = Vec::new();
    for _ in 0..runs {
        gaps.extend(gaps_ms(&lab.journal(&lab.run_one(flow)?)?.0));
    }
    Ok(raw::median(&mut gaps))
}

/// W3: a hundred steps at once, joined.
pub fn hundred_at_once(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const WORK: &str = "W3 100 parallel steps, joined";
    const RUNS: usize = 300;
    let lab = Lab::open(folder)?;
    let flow = lab.publish_root(&flows::parallel(100))?;
    lab.run(&flow, AT_ONCE, 64)?;
    let all = rounds(folder, || Ok((lab.run(&flow, AT_ONCE, RUNS)?, lab.run(&flow, 1, 50)?)))?;
    let rate = middle_row(&all, |round| {
        let (many, one) = &round.done;
        Row::new(WORK, "32 at once", Target::AtLeast(60_000.0), per_second(many, RUNS * 100), "steps/s")
            .scaled(round.machine.faster_in_batches())
            .with("oneAtATimeStepsPerSecond", per_second(one, 50 * 100))
            .with("yardstick", round.machine.to_value())
    });
    let cpu = middle_row(&all, |round| {
        Row::new(WORK, "32 at once, CPU", Target::AtMost(0.03), cpu_ms(&round.done.0, RUNS * 100), "ms/step")
    });
    Ok(vec![rate, cpu])
}

/// W5: one run that loops.
pub fn long_loop(folder: &Path) -> anyhow::Result<Vec<Row>> {
    const SHORT: usize = 10_000;
    const LONG: usize = 100_000;
    let lab = Lab::open(folder)?;
    let (short, long) = (lab.publish_root(&flows::repeat(SHORT))?, lab.publish_root(&flows::repeat(LONG))?);
    let first = lab.run(&short, 1, 1)?;
    let before = process::resident();
    let second = lab.run(&long, 1, 1)?;
    let grown = process::resident().saturating_sub(before) as f64 / f64::from(1 << 20);
    let newest = lab.newest(1)?;
    let times = lab.journal(newest.first().map_or("", |run| run))?.0;
    let mut early = gaps_ms(&times[..SHORT.min(times.len())]);
    let mut late = gaps_ms(&times[times.len().saturating_sub(SHORT)..]);
    let (early, late) = (raw::median(&mut early), raw::median(&mut late));
    Ok(vec![
        Row::new("W5 one run, 100,000 looped steps", "median step at the end, in median steps at the beginning", Target::AtMost(1.2), late / early, "×")
            .with("earlyMs", early)
            .with("lateMs", late)
            .with("meanMs10k", per_step(first.wall, SHORT))
            .with("meanMs100k", per_step(second.wall, LONG)),
        Row::new("W5 one run, 100,000 looped steps", "CPU of a step, in CPU of a step of 10,000", Target::AtMost(1.2), cpu_ms(&second, LONG) / cpu_ms(&first, SHORT), "×")
            .with("cpuMs10k", cpu_ms(&first, SHORT))
            .with("cpuMs100k", cpu_ms(&second, LONG)),
        Row::new("W5 one run, 100,000 looped steps", "memory growth", Target::AtMost(5.0), grown, "MiB"),
    ])
}

fn per_second(cost: &Cost, count: usize) -> f64 {
    count as f64 / cost.wall.as_secs_f64()
}

fn cpu_ms(cost: &Cost, count: usize) -> f64 {
    per_step(cost.cpu, count)
}

fn per_step(time: std::time::Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e3 / count as f64
}

/// Milliseconds between one record and the next.
fn gaps_ms(times: &[Micros]) -> Vec<f64> {
    times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e3).collect()
}
