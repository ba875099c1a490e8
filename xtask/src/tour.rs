use crate::{process, project, stock};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// One flow of the tour: its folder in `examples/`, and what to say about it.
struct Stop {
    example: &'static str,
    about: &'static str,
}

const STOPS: [Stop; 3] = [
    Stop { example: "order-process", about: "a tree: an order with retries, timeouts and steps in parallel" },
    Stop { example: "support-triage", about: "an organism: an agent with tools, on a scripted model" },
    Stop {
        example: "stock-check",
        about: "a graph: a condition, a loop, and an HTTP call to a server on this machine",
    },
];

/// Runs three real flows, one per dialect, with the terminal's own output.
pub fn run() -> Result<()> {
    let weir = project::release_weir();
    let data = tempfolder()?;
    let server = stock::Server::start().context("cannot listen on loopback")?;
    for (number, stop) in STOPS.iter().enumerate() {
        println!("\n{}. examples/{}, {}\n", number + 1, stop.example, stop.about);
        visit(&weir, stop, &server, &data)?;
    }
    println!("{}", next_steps(&data));
    Ok(())
}

fn visit(weir: &Path, stop: &Stop, server: &stock::Server, data: &str) -> Result<()> {
    let folder = project::root().join("examples").join(stop.example);
    let flow = ["flow.yaml", "flow.json"].into_iter().find(|name| folder.join(name).is_file());
    let Some(flow) = flow else { bail!("examples/{} has no flow", stop.example) };
    let file = format!("examples/{}/{flow}", stop.example);
    let mut args = vec!["run".to_owned(), file, "--data".to_owned(), data.to_owned()];
    if let Some(input) = input(&folder, server)? {
        args.extend(["--input".to_owned(), input]);
    }
    println!("$ weir {}\n", args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" "));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    process::run(&mut process::command(weir, &args))
}

/// The example's own input; where it names a `baseUrl`, that of the server that was started.
fn input(folder: &Path, server: &stock::Server) -> Result<Option<String>> {
    let Ok(text) = std::fs::read_to_string(folder.join("input.json")) else { return Ok(None) };
    let mut input: serde_json::Value = serde_json::from_str(&text).context("input.json")?;
    if let Some(base) = input.get_mut("baseUrl") {
        *base = server.base_url().into();
    }
    Ok(Some(input.to_string()))
}

/// The runs of the tour are kept, so that they can be looked at afterwards.
fn tempfolder() -> Result<String> {
    let folder = project::root().join(".weir").join("tour");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.strip_prefix(project::root()).unwrap_or(&folder).to_string_lossy().into_owned())
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@".contains(c);
    if arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', "'\\''")) }
}

fn next_steps(data: &str) -> String {
    let weir = project::release_weir();
    let weir = weir.strip_prefix(project::root()).unwrap_or(&weir).display();
    format!(
        "
These runs are kept in {data}. What to try next:

  {weir} runs ls --data {data}             the runs
  {weir} runs show RUN --data {data}       every step of one, with what came of it
  {weir} replay RUN --data {data}          the same run again from its journal, calling nothing
  {weir} check examples/*/flow.*             find problems without running anything
  {weir} kinds ls                            the steps there are
  {weir} --help

examples/README.md tells what each example shows; docs/ describes the dialects."
    )
}
