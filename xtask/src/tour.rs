use crate::server::Server;
use crate::{process, project};
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use weir_base::Value;

/// One flow of the tour: its folder in `examples/`, and what to say about it.
struct Stop {
    example: &'static str,
    about: &'static str,
}

const STOPS: [Stop; 3] = [
    Stop { example: "order-process", about: "a tree: an order with retries, timeouts and steps in parallel" },
    Stop { example: "support-desk", about: "an organism: an agent with peers and a tool, on a scripted model" },
    Stop {
        example: "stock-check",
        about: "a graph: a condition, a loop, and an HTTP call to a server on this machine",
    },
];

/// Runs three real flows, one per dialect, with the terminal's own output.
pub fn run() -> Result<()> {
    let weir = project::weir()?;
    let data = tempfolder()?;
    for (number, stop) in STOPS.iter().enumerate() {
        println!("\n{}. examples/{}, {}\n", number + 1, stop.example, stop.about);
        visit(&weir, stop, &data)?;
    }
    println!("{}", next_steps(&weir, &data));
    Ok(())
}

fn visit(weir: &Path, stop: &Stop, data: &str) -> Result<()> {
    let folder = project::root().join("examples").join(stop.example);
    let flow = ["flow.yaml", "flow.json"].into_iter().find(|name| folder.join(name).is_file());
    let Some(flow) = flow else { bail!("examples/{} has no flow", stop.example) };
    let server = server(&folder)?;
    let mut args =
        vec!["run".to_owned(), format!("examples/{}/{flow}", stop.example), "--data".to_owned(), data.to_owned()];
    if let Some(input) = input(&folder, stop.example, server.as_ref())? {
        args.extend(["--input".to_owned(), input]);
    }
    println!("$ weir {}\n", args.iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(" "));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    process::run(&mut process::command(weir, &args))?;
    let problems = server.map(|server| server.problems()).unwrap_or_default();
    ensure!(problems.is_empty(), "the server was asked for what the example does not describe: {problems:?}");
    Ok(())
}

/// The server the example describes, where it needs one.
fn server(folder: &Path) -> Result<Option<Server>> {
    let expected = read_json(&folder.join("expected.json"))?;
    expected.as_ref().and_then(|expected| expected.get("server")).map(Server::start).transpose()
}

/// The example's own file; where there is a server, its text with the server's address.
fn input(folder: &Path, example: &str, server: Option<&Server>) -> Result<Option<String>> {
    let Some(input) = read_json(&folder.join("input.json"))? else { return Ok(None) };
    let Some(server) = server else { return Ok(Some(format!("@examples/{example}/input.json"))) };
    let mut members = input.as_object().context("an input with a server is an object")?.clone();
    members.insert("baseUrl".into(), server.url.as_str().into());
    Ok(Some(Value::from(members).to_json()))
}

fn read_json(file: &Path) -> Result<Option<Value>> {
    let Ok(text) = std::fs::read_to_string(file) else { return Ok(None) };
    Value::from_json(&text).with_context(|| file.display().to_string()).map(Some)
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

fn next_steps(weir: &Path, data: &str) -> String {
    let weir = weir.strip_prefix(project::root()).unwrap_or(weir).display();
    let steps = [
        (format!("runs ls --data {data}"), "the runs"),
        (format!("runs show RUN --data {data}"), "every step of one, with what came of it"),
        (format!("replay RUN --data {data}"), "the same run again from its journal, calling nothing"),
        ("check examples/*/flow.*".to_owned(), "find problems without running anything"),
        ("test examples".to_owned(), "run every example and compare it with what is expected"),
        ("kinds ls".to_owned(), "the steps there are"),
    ];
    let lines: String = steps.iter().map(|(command, about)| format!("  {weir} {command:<36}  {about}\n")).collect();
    format!(
        "\nThese runs are kept in {data}. What to try next:\n\n{lines}\nexamples/README.md tells what each example shows; docs/ describes the dialects."
    )
}
