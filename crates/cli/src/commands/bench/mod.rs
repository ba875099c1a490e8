//! Measures the work Weir is made for, each beside a yardstick of the machine taken in the same minute.
//!
//! A target holds on the quiet machine whose yardsticks are in `machine.rs`; elsewhere it is scaled by how much
//! slower or faster the disk is. What only needs a processor is not scaled.

mod code;
mod database;
mod durable;
mod engine;
mod flows;
mod http;
mod lab;
mod listing;
mod live;
mod machine;
mod parse;
mod process;
mod raw;
mod ready;
mod row;
mod rows_per_step;
mod schedules;
mod seed;
mod serve;
mod start;
mod table;
mod webhook;

use crate::args::{Bench, BenchWork};
use crate::exit::Exit;
use clap::ValueEnum;
use database::Databases;
use machine::Machine;
use row::Row;
use weir_base::Value;

pub fn run(args: &Bench) -> anyhow::Result<Exit> {
    let folder = match &args.data.data {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir(),
    };
    if let Some(count) = args.copies {
        seed::copy_runs(&database::Data::found(&folder)?, count, false)?;
        return Ok(Exit::Success);
    }
    std::fs::create_dir_all(&folder)?;
    let databases = Databases { folder: &folder, url: args.database_url.as_deref() };
    let (mut machines, mut rows, mut failed) = (vec![Machine::measure(&folder)?], Vec::new(), Vec::new());
    for work in works(&args.works) {
        eprintln!("measuring {work:?}");
        match measure(work, &databases) {
            Ok(measured) => rows.extend(measured),
            // The others are measured all the same.
            Err(error) => failed.push(format!("{work:?}: {error:#}")),
        }
        machines.push(Machine::measure(&folder)?);
    }
    let machine = Machine::best(&machines);
    failed.iter().for_each(|error| eprintln!("not measured: {error}"));
    let table = table::text(&machine, &rows);
    match args.json {
        true => {
            eprint!("{table}");
            let rows = Value::array(rows.iter().map(Row::to_value));
            crate::show::out(Value::object([("machine", machine.to_value()), ("rows", rows)]).to_json_pretty());
        }
        false => crate::show::out(table.trim_end()),
    }
    anyhow::ensure!(failed.is_empty(), "{} of the works could not be measured", failed.len());
    Ok(Exit::Success)
}

/// Everything where nothing is named.
fn works(named: &[BenchWork]) -> Vec<BenchWork> {
    let mut works = if named.is_empty() { BenchWork::value_variants().to_vec() } else { named.to_vec() };
    works.dedup();
    works
}

fn measure(work: BenchWork, databases: &Databases) -> anyhow::Result<Vec<Row>> {
    let folder = databases.folder;
    match work {
        BenchWork::W1 => durable::one_step(folder),
        BenchWork::W2 => durable::ten_steps(folder),
        BenchWork::W3 => durable::hundred_at_once(folder),
        BenchWork::W4 => webhook::three_steps(databases),
        BenchWork::Ready => ready::with_much(databases),
        BenchWork::Waiting => ready::waiting(databases),
        BenchWork::List => listing::of_a_million(databases),
        BenchWork::Live => live::thousand_subscribers(databases),
        BenchWork::Schedules => schedules::in_a_minute(databases),
        BenchWork::W5 => durable::long_loop(folder),
        BenchWork::Engine => engine::steps(),
        BenchWork::Parse => parse::tree(),
        BenchWork::Code => code::written(),
        BenchWork::Rows => rows_per_step::count(folder),
        BenchWork::Start => start::measure(folder),
    }
}
