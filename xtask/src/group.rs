use crate::cpu;
use crate::{disk, project};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A part of the checks, run and timed on its own, as a process of its own.
pub struct Group {
    pub name: &'static str,
    pub takes: Takes,
    pub run: fn() -> Result<()>,
}

/// How much of the machine a group keeps busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// All of it, or the place where others build: nothing runs beside it.
    All,
    /// A part: two such groups run beside each other.
    Part,
}

/// How many groups run beside each other.
const LANES: usize = 2;

struct Ended {
    name: &'static str,
    time: Duration,
    cpu: Option<Duration>,
    succeeded: bool,
    /// What it printed, where that was kept.
    output: String,
}

/// How much of what a failed group printed is said again at the end, where somebody looks first.
const LAST_LINES: usize = 30;

/// Runs every group, also after one has failed, and prints what each came to and how long it took.
pub fn run_all(groups: &[Group]) -> Result<()> {
    disk::check_room()?;
    let begun = Instant::now();
    let mut ended = Vec::new();
    for stretch in groups.chunk_by(|one, next| one.takes == next.takes) {
        match stretch[0].takes {
            Takes::All => ended.extend(stretch.iter().map(in_terminal)),
            Takes::Part => ended.extend(in_lanes(stretch)),
        }
    }
    println!("\n{}", table(&ended, begun.elapsed()));
    let failed: Vec<&Ended> = ended.iter().filter(|group| !group.succeeded).collect();
    if failed.is_empty() {
        return Ok(());
    }
    failed.iter().for_each(|group| print!("{}", last_words(group)));
    disk::say_if_full();
    bail!("failed: {}", failed.iter().map(|group| group.name).collect::<Vec<_>>().join(", "))
}

/// Runs one group in this process; what it prints is the terminal's or its caller's.
pub fn run_one(groups: &[Group], name: &str) -> Result<()> {
    let names = || groups.iter().map(|group| group.name).collect::<Vec<_>>().join(", ");
    let group = groups.iter().find(|group| group.name == name);
    (group.with_context(|| format!("there is no group `{name}`, but: {}", names()))?.run)()
}

/// One that is shown as it goes.
fn in_terminal(group: &Group) -> Ended {
    println!("\n== {}", group.name);
    let ended = carry(group, Stdio::inherit(), Stdio::inherit());
    println!("{}", line(&ended));
    ended
}

/// Several beside each other. What one prints is kept, and shown whole once it has ended.
fn in_lanes(groups: &[Group]) -> Vec<Ended> {
    let (left, ended) = (Mutex::new(groups.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some(group) = next(&left) {
                    println!("-- {} has begun", group.name);
                    let one = kept(group);
                    let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                    println!("\n== {}\n{}\n{}", one.name, one.output.trim_end(), line(&one));
                    ended.push(one);
                }
            });
        }
    });
    ended.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn next<'a>(left: &Mutex<std::slice::Iter<'a, Group>>) -> Option<&'a Group> {
    left.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// Runs a group with its output in a file of the target folder.
fn kept(group: &Group) -> Ended {
    let opened = output_file(group.name).and_then(|path| {
        let (file, path) = (File::create(&path)?, path);
        Ok((file.try_clone()?, file, path))
    });
    match opened {
        Ok((out, err, path)) => {
            let ended = carry(group, out.into(), err.into());
            Ended { output: String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned(), ..ended }
        }
        Err(error) => {
            Ended { output: format!("its output cannot be kept: {error:#}"), ..failed(group, Duration::ZERO) }
        }
    }
}

fn output_file(name: &str) -> Result<PathBuf> {
    let folder = project::target()?.join("test");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.txt")))
}

fn carry(group: &Group, out: Stdio, err: Stdio) -> Ended {
    let begun = Instant::now();
    let started = project::program().map(|program| {
        Command::new(program).args(["group", group.name]).stdin(Stdio::null()).stdout(out).stderr(err).spawn()
    });
    let Ok(Ok(mut child)) = started else { return failed(group, begun.elapsed()) };
    let (succeeded, cpu) = cpu::wait(&mut child);
    Ended { name: group.name, time: begun.elapsed(), cpu, succeeded, output: String::new() }
}

fn failed(group: &Group, time: Duration) -> Ended {
    Ended { name: group.name, time, cpu: None, succeeded: false, output: String::new() }
}

fn line(ended: &Ended) -> String {
    let verdict = if ended.succeeded { "" } else { "failed after " };
    format!("== {}: {verdict}{:.1} s{}", ended.name, ended.time.as_secs_f64(), of_cpu(ended.cpu, ", "))
}

fn of_cpu(cpu: Option<Duration>, before: &str) -> String {
    cpu.map(|cpu| format!("{before}{:.1} s of CPU", cpu.as_secs_f64())).unwrap_or_default()
}

/// The end of what a group printed, without its empty lines.
fn last_words(ended: &Ended) -> String {
    let lines: Vec<&str> = ended.output.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    last.iter().map(|line| format!("{}: {line}\n", ended.name)).collect()
}

/// Every group with its time, and the time of all, in which some ran beside each other.
fn table(ended: &[Ended], total: Duration) -> String {
    let row = |group: &Ended| {
        let verdict = if group.succeeded { "ok" } else { "FAILED" };
        let cpu = group.cpu.map(|cpu| format!("{:>8.1} s", cpu.as_secs_f64())).unwrap_or_default();
        format!("{:<12} {:>8.1} s {cpu:>10}  {verdict}\n", group.name, group.time.as_secs_f64())
    };
    let cpu: Duration = ended.iter().filter_map(|group| group.cpu).sum();
    let rows: String = ended.iter().map(row).collect();
    let head = format!("{:<12} {:>10} {:>10}\n", "", "time", "CPU");
    format!("{head}{rows}{:<12} {:>8.1} s {:>8.1} s", "total", total.as_secs_f64(), cpu.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_group_and_who_failed() {
        let group = |name, succeeded| Ended {
            name,
            time: Duration::from_millis(1_540),
            cpu: Some(Duration::from_secs(2)),
            succeeded,
            output: String::new(),
        };
        let table = table(&[group("one", true), group("two", false)], Duration::from_secs(2));
        assert!(table.contains("one               1.5 s      2.0 s  ok\n"), "{table}");
        assert!(table.contains("two               1.5 s      2.0 s  FAILED\n"), "{table}");
        assert!(table.ends_with("total             2.0 s      4.0 s"), "{table}");
    }

    #[test]
    fn what_a_group_printed_last_is_said_with_its_name() {
        let output = (1..=LAST_LINES + 8).map(|line| format!("line {line}\n\n")).collect();
        let group = Ended { name: "one", time: Duration::ZERO, cpu: None, succeeded: false, output };
        let said = last_words(&group);
        assert_eq!(said.lines().count(), LAST_LINES);
        assert!(
            said.starts_with("one: line 9\n") && said.ends_with(&format!("one: line {}\n", LAST_LINES + 8)),
            "{said}"
        );
    }
}
