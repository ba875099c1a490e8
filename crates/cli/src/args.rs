pub mod compile;
pub mod server;
pub mod temporal;
pub mod toolchain;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use weir_base::Duration;

/// Weir runs AI workflows durably: draw a flow or write it down, check it, run it, and look at any run again.
#[derive(Debug, Parser)]
#[command(name = "weir", version, arg_required_else_help = true, propagate_version = true)]
#[command(
    after_help = "Examples:\n  weir check flow.yaml\n  weir run flow.yaml --input '{\"order\": 7}'\n  weir runs ls\n  weir runs show RUN"
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// Every command takes it, wherever it stands; those that keep no runs have no use for it.
    #[command(flatten)]
    pub data: Data,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find every problem in flows without running anything
    Check(Check),
    /// Tidy flow files in place; comments, order and layout stay
    Fmt(Fmt),
    /// Write a flow in another dialect
    Convert(Convert),
    /// Write a flow as a project in TypeScript for Temporal, checked by the compilers
    Compile(compile::Compile),
    /// Run a flow, durably, and show how it goes
    Run(Run),
    /// Serve flows, triggers and runs over HTTP, and carry every unfinished run on, until stopped
    Serve(Serve),
    /// The TypeScript compilers that generated code is checked with
    Toolchain(toolchain::Toolchain),
    /// Work for a Temporal cluster: carry runs and perform their steps
    Worker(temporal::Worker),
    /// Look at runs and speak to them
    Runs(Runs),
    /// Show a run as it was after any of its records; nothing outside is called
    Replay(Replay),
    /// Start a new run from any record of another, with changes
    Fork(Fork),
    /// Keep a run as a test: its flow, its journal, and what it came to
    SaveTest(SaveTest),
    /// Run tests: saved runs, answered from their journals, and examples
    Test(Test),
    /// Go on with failed runs under a fixed flow; finished steps are not executed again
    Resume(Resume),
    /// Sign in to a server; other commands then reach it
    Login(server::Login),
    /// Forget a server, and revoke the key that was made for it
    Logout(server::Logout),
    /// Flows of a server: make, change, publish and switch them
    Flows(server::Flows),
    /// Secrets of a server's projects
    Secrets(server::Secrets),
    /// Variables of a server's projects and services
    Vars(server::Vars),
    /// What a server's flows remember from one run to the next
    Memory(server::Memory),
    /// What a server's projects open to others: flows at paths, and variables
    Interfaces(server::Interfaces),
    /// API keys of a server
    Keys(server::Keys),
    /// What starts a server's flows from outside
    Triggers(server::Triggers),
    /// Who belongs to the organisation
    Members(server::Members),
    /// Projects of a server
    Projects(server::Projects),
    /// Who changed what at a server
    Audit(server::Audit),
    /// The kinds of steps there are
    Kinds(Kinds),
    /// Measure how fast this machine runs flows, beside its own yardsticks
    Bench(Bench),
    /// Print a completion script for a shell
    Completions(Completions),
}

impl Command {
    /// The name of a command that has no use for a server.
    pub fn needs_folder(&self) -> Option<&'static str> {
        Some(match self {
            Command::Check(_) => "check",
            Command::Fmt(_) => "fmt",
            Command::Convert(_) => "convert",
            Command::Compile(_) => "compile",
            Command::Serve(_) => "serve",
            Command::Worker(_) => "worker",
            Command::Toolchain(_) => "toolchain",
            Command::Test(_) => "test",
            Command::Kinds(_) => "kinds",
            Command::Bench(_) => "bench",
            Command::Completions(_) => "completions",
            _ => return None,
        })
    }
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exits with 0 if there is nothing but warnings, 1 if there are problems, 2 on wrong usage.\n\nExample:\n  weir check flows/*.yaml --format json"
)]
pub struct Check {
    /// Flow files: YAML or JSON, in any dialect
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    #[command(flatten)]
    pub bind: Bind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with the place in the text
    Human,
    /// One JSON array on stdout
    Json,
}

#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Bind {
    /// What a handler name stands for: a kind, `flow:NAME`, or a JSON binding
    #[arg(long = "bind", value_name = "NAME=MEANING")]
    pub bind: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Prints the names of the files it changes.\n\nExamples:\n  weir fmt flows/*.yaml\n  weir fmt --ids flow.yaml"
)]
pub struct Fmt {
    /// Flow files: YAML or JSON
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write derived ids down, so that later edits do not move step paths
    #[arg(long)]
    pub ids: bool,
    /// Change nothing; exit with 1 if something would change
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Nothing is lost on the way: what the other dialect cannot express is named, with exit code 1.\n\nExample:\n  weir convert flow.yaml --to ir > flow.json"
)]
pub struct Convert {
    /// The flow to read
    pub file: PathBuf,
    /// The dialect to write, to stdout
    #[arg(long, value_enum, value_name = "DIALECT")]
    pub to: Target,
    #[command(flatten)]
    pub bind: Bind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    Tree,
    Organism,
    Graph,
    Ir,
}

impl Target {
    pub fn name(self) -> &'static str {
        match self {
            Target::Tree => "tree",
            Target::Organism => "organism",
            Target::Graph => "graph",
            Target::Ir => "ir",
        }
    }
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  weir kinds ls\n  weir kinds docs http.request")]
pub struct Kinds {
    #[command(subcommand)]
    pub command: KindsCommand,
}

#[derive(Debug, Subcommand)]
pub enum KindsCommand {
    /// List every kind
    #[command(after_help = "Example:\n  weir kinds ls --json")]
    Ls {
        /// One JSON array on stdout
        #[arg(long)]
        json: bool,
    },
    /// Show a kind's whole record as JSON
    #[command(after_help = "Example:\n  weir kinds show http.request")]
    Show { kind: String },
    /// A kind's documentation as Markdown
    #[command(after_help = "Example:\n  weir kinds docs http.request")]
    Docs { kind: String },
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Works in a folder of its own below --data, else below the folder for temporary files, and in schemas of its own in the database of --database-url; nothing else is touched.\n\nExample:\n  weir bench w1 w2 --json"
)]
pub struct Bench {
    /// What to measure [default: everything]
    #[arg(value_enum, ignore_case = true, value_name = "WORK")]
    pub works: Vec<BenchWork>,
    #[command(flatten)]
    pub data: Data,
    /// A database of PostgreSQL in which schemas may be made: servers are measured on it too
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// One JSON object on stdout; the table goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Measures nothing, but copies the oldest run in the folder so often, for others to measure with
    #[arg(long, hide = true, value_name = "COUNT", requires = "data", conflicts_with_all = ["works", "database_url"])]
    pub copies: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchWork {
    /// Start, one step, end
    W1,
    /// Ten steps in sequence
    W2,
    /// A hundred steps at once
    W3,
    /// A webhook that starts three steps and answers
    W4,
    /// One run of many looped steps
    W5,
    /// The engine without store and kinds
    Engine,
    /// Reading and checking a flow
    Parse,
    /// Writing flows as TypeScript, and having it checked by the compilers of $WEIR_DATA or the user's data folder
    Code,
    /// Rows a step leaves in the store
    Rows,
    /// Starting the program
    Start,
    /// Starting a server with much in it, and its memory
    Ready,
    /// Memory of a server with ten thousand waiting runs
    Waiting,
    /// Lists of a million runs
    List,
    /// A thousand who follow one run
    Live,
    /// Ten thousand schedules in a minute
    Schedules,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  weir completions bash > ~/.local/share/bash-completion/completions/weir")]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Where runs are kept: a folder of this machine, or a server.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Data {
    /// The folder runs are kept in [default: $WEIR_DATA, else the user's data folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// The server that is asked instead of a folder [default: $WEIR_SERVER]; the key is that of `weir login`, or $WEIR_KEY
    #[arg(long, value_name = "URL", global = true, conflicts_with = "data")]
    pub server: Option<String>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Where {
    /// The project the run belongs to; its variables are `project.NAME`
    #[arg(long, default_value = "local", value_parser = place_name)]
    pub project: String,
    /// The service within the project; its variables are `service.NAME`
    #[arg(long, default_value = "default", value_parser = place_name)]
    pub service: String,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exits with 0 if the run succeeded, 1 failed, 2 wrong usage, 3 problems in the flow, 4 cancelled or timed out, 5 waiting (--no-wait).\nWith --server the file becomes the draft of the flow it is named after, and that draft is run there.\n\nExamples:\n  weir run flow.yaml --input '{\"order\": 7}'\n  weir run flow.yaml --input @order.json --json\n  weir run --recover\n  weir run flow.yaml --on temporal --temporal 127.0.0.1:7233"
)]
pub struct Run {
    /// The flow to run; without one, --recover carries on what a crash cut off
    #[arg(required_unless_present = "recover")]
    pub file: Option<PathBuf>,
    /// The run's input: JSON, or @FILE
    #[arg(long, value_name = "JSON|@FILE")]
    pub input: Option<String>,
    #[command(flatten)]
    pub bind: Bind,
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub place: Where,
    /// One JSON object on stdout and nothing else
    #[arg(long)]
    pub json: bool,
    /// Timers fire at once, in order
    #[arg(long)]
    pub virtual_time: bool,
    /// When a result counts as kept [default: the flow's own, else sync]
    #[arg(long, value_enum)]
    pub durability: Option<DurabilityArg>,
    /// Take up runs that a crash or a stop cut off, and carry them to their end; other runs are left alone without it
    #[arg(long)]
    pub recover: bool,
    /// Stop as soon as the run only waits; it goes on with --recover
    #[arg(long)]
    pub no_wait: bool,
    /// What carries the run
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["recover", "virtual_time", "durability"])]
    pub on: temporal::On,
    #[command(flatten)]
    pub cluster: temporal::Cluster,
    /// Kinds with workers of their own, on Temporal: the kind, or a beginning and `*`, and their queue
    #[arg(long, value_name = "KIND=QUEUE")]
    pub kind_queue: Vec<String>,
    /// The run waits in the queue of its project, on Temporal
    #[arg(long)]
    pub own_queue: bool,
    /// A secret flows may use: an environment variable, under its own or another name
    #[arg(long, value_name = "NAME[=VARIABLE]")]
    pub secret: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DurabilityArg {
    /// A result is on disk before anything that follows from it starts
    Sync,
    /// Results reach the disk soon
    Async,
    /// Results reach the disk when the run ends or parks
    Exit,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The first start makes an account and prints its password. Runs that a crash or a stop cut off go on, and\n`weir runs signal|cancel|pause|resume|decide` reach them too. Ctrl-C ends it; runs that are not over are kept.\n\nExamples:\n  weir serve --data /var/lib/weir --keep-runs 30d\n  weir serve --sample-config > weir.yaml\n  weir serve --config weir.yaml"
)]
pub struct Serve {
    /// Address and port [default: 127.0.0.1:7878, or the next free port after it]
    #[arg(long, value_name = "ADDRESS", value_parser = crate::serve::config::address)]
    pub listen: Option<std::net::SocketAddr>,
    /// A PostgreSQL database instead of SQLite in the data folder
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// A file with settings
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print a file with every setting, and stop
    #[arg(long)]
    pub sample_config: bool,
    /// Print the description of the API as OpenAPI, and stop
    #[arg(long)]
    pub openapi: bool,
    /// How lines of the log look [default: human on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    pub log: Option<crate::serve::log::Form>,
    /// What is logged: error, warn, info, debug or trace, or by part, such as `info,weir::http=warn` [default: info]
    #[arg(long, value_name = "LEVEL", env = "WEIR_LOG")]
    pub log_level: Option<String>,
    /// The folder whose flows may be called by name
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub flows: PathBuf,
    /// A secret flows may use: an environment variable, under its own or another name
    #[arg(long, value_name = "NAME[=VARIABLE]")]
    pub secret: Vec<String>,
    /// Forget runs so long after their end, and give their disk space back, such as 30d [default: keep all]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub keep_runs: Option<Duration>,
    /// Forget logs and failed attempts after so long [default: keep all]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub keep_logs: Option<Duration>,
    #[command(flatten)]
    pub bind: Bind,
    #[command(flatten)]
    pub data: Data,
    /// Something else than serving
    #[command(subcommand)]
    pub command: Option<ServeCommand>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ServeCommand {
    /// Seal all secrets, webhook tokens and authenticators' keys under a new master key; no server may run meanwhile
    #[command(
        after_help = "Adds a new key to the file with the master key. The old ones stay there, since backups need them; take them out by\nhand once no backup does. --config and --database-url stand before `rotate-keys`.\n\nExample:\n  weir serve rotate-keys --data /var/lib/weir"
    )]
    RotateKeys {
        /// Make no new key: seal under the last one of the file, or of WEIR_MASTER_KEY
        #[arg(long)]
        keep_key: bool,
        /// One JSON object on stdout
        #[arg(long)]
        json: bool,
    },
}

/// A project or a service as a server would take it, so that its runs and variables can go there.
fn place_name(text: &str) -> Result<String, String> {
    weir_control::check_name(text).map(|name| name.to_string()).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|error| error.to_string())
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  weir runs ls --status failed\n  weir runs show RUN\n  weir runs signal RUN paid '{\"by\": \"Mira\"}'"
)]
pub struct Runs {
    #[command(subcommand)]
    pub command: RunsCommand,
    #[command(flatten)]
    pub data: Data,
}

#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, the newest first
    #[command(after_help = "Example:\n  weir runs ls --flow orders --status failed")]
    Ls {
        /// Only runs of this flow
        #[arg(long)]
        flow: Option<String>,
        /// Only runs in this state: pending, running, waiting, paused, succeeded, failed, cancelled, timed_out
        #[arg(long)]
        status: Vec<String>,
        /// Only runs with this text in their id, flow or error
        #[arg(long)]
        text: Option<String>,
        /// Only runs started by this: webhook, schedule, event, email, manual, trial, fork, system; or one trigger, by id
        #[arg(long)]
        trigger: Option<String>,
        /// The runs Weir has made by itself, such as those that send letters
        #[arg(long)]
        system: bool,
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Go on after this run of an earlier list; at a server, the `next` it was given
        #[arg(long, value_name = "RUN")]
        before: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Show a run: its state, steps, output and logs
    #[command(after_help = "Example:\n  weir runs show RUN --json")]
    Show {
        run: String,
        #[arg(long)]
        json: bool,
    },
    /// The journal of a run, one record a line
    #[command(after_help = "Example:\n  weir runs journal RUN --json")]
    Journal {
        run: String,
        #[arg(long)]
        json: bool,
    },
    /// Send a signal to a run
    #[command(
        after_help = "A step that waits for a person takes {\"approved\": true}; anything else is a no.\n\nExamples:\n  weir runs signal RUN paid '{\"by\": \"Mira\"}' --id payment-7\n  weir runs signal RUN approve:checkout/sign '{\"approved\": true, \"by\": \"Mira\"}'"
    )]
    Signal {
        run: String,
        name: String,
        /// JSON
        #[arg(default_value = "null")]
        payload: String,
        /// Delivered once per id
        #[arg(long)]
        id: Option<String>,
    },
    /// Cancel a run
    #[command(after_help = "Example:\n  weir runs cancel RUN --reason \"ordered twice\"")]
    Cancel {
        run: String,
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Hold a run: nothing new is started
    #[command(after_help = "Example:\n  weir runs pause RUN")]
    Pause { run: String },
    /// Let a paused run go on
    #[command(after_help = "Example:\n  weir runs resume RUN")]
    Resume { run: String },
    /// Decide about a step whose outcome a crash made unknown
    #[command(after_help = "Example:\n  weir runs decide RUN orders/pay retry")]
    Decide {
        run: String,
        path: String,
        #[arg(value_enum)]
        decision: DecisionArg,
    },
    /// Do the same to many runs of a server: those named, or all that are described
    #[command(
        after_help = "Examples:\n  weir runs bulk cancel --flow orders --status waiting --dry-run\n  weir runs bulk retry --flow orders --since 2027-01-31T12:00:00Z"
    )]
    Bulk(BulkArgs),
}

#[derive(Debug, ClapArgs)]
pub struct BulkArgs {
    #[arg(value_enum)]
    pub action: BulkAction,
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
    /// Only say how many runs it would be about
    #[arg(long)]
    pub dry_run: bool,
    /// Of this flow
    #[arg(long)]
    pub flow: Option<String>,
    #[arg(long)]
    pub project: Option<String>,
    /// In this state
    #[arg(long)]
    pub status: Vec<String>,
    /// With this text in their id, flow, error or output
    #[arg(long)]
    pub text: Option<String>,
    /// Started by this: webhook, schedule, event, email, manual, trial, fork; or one trigger, by id
    #[arg(long)]
    pub trigger: Option<String>,
    /// Created then or later, such as 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Created before
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Why they are cancelled
    #[arg(long)]
    pub reason: Option<String>,
    /// With fix: under this published version of --flow instead of its draft
    #[arg(long, value_name = "N", requires = "flow")]
    pub at_version: Option<u64>,
    /// With fix and retry: also where steps ran because of the failure
    #[arg(long)]
    pub force: bool,
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BulkAction {
    Cancel,
    Pause,
    Resume,
    /// Go on with failed runs under the newest draft of their flow
    Fix,
    /// Do the failed steps of failed runs again, under the version they ran under
    Retry,
}

impl BulkAction {
    pub fn name(self) -> &'static str {
        match self {
            BulkAction::Cancel => "cancel",
            BulkAction::Pause => "pause",
            BulkAction::Resume => "resume",
            BulkAction::Fix => "fix",
            BulkAction::Retry => "retry",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecisionArg {
    /// Do it again, with the same idempotency key
    Retry,
    /// Count it as failed
    Fail,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  weir replay RUN --to 7 --json")]
pub struct Replay {
    pub run: String,
    /// The number of the last record that counts [default: the newest]
    #[arg(long, value_name = "N")]
    pub to: Option<u64>,
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub data: Data,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  weir fork RUN --at 7 --set vars.total=5\n  weir fork RUN --at 7 --event '{\"type\":\"task_finished\",\"path\":\"s/a\",\"output\":1}'"
)]
pub struct Fork {
    pub run: String,
    /// The number of the last record that the new run shares
    #[arg(long, value_name = "N")]
    pub at: u64,
    /// A variable or a part of the input, and its new value: vars.NAME=JSON, input.NAME=JSON. Steps that were
    /// already open after record N keep what they were given
    #[arg(long, value_name = "PATH=JSON")]
    pub set: Vec<String>,
    /// Something that happens at once: a journal event with its `type`, `path` and payload
    #[arg(long, value_name = "JSON")]
    pub event: Vec<String>,
    /// Only say which steps would run again
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long)]
    pub json: bool,
    #[arg(long)]
    pub virtual_time: bool,
    #[command(flatten)]
    pub data: Data,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  weir save-test RUN --out tests/too-heavy && weir test tests")]
pub struct SaveTest {
    pub run: String,
    /// The folder to write; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub data: Data,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "A folder with expected.json is a test; other folders are searched for such.\nExits with 0 if all pass, 1 if one fails.\n\nExamples:\n  weir test tests/\n  weir test tests/too-heavy --with fixed.yaml"
)]
pub struct Test {
    /// Folders [default: .]
    #[arg(value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Rehearse saved runs with this flow instead of the one beside them
    #[arg(long, value_name = "FILE")]
    pub with: Option<PathBuf>,
    /// Keep the journal of every example that is carried out as a saved test below this folder
    #[arg(long, value_name = "DIR")]
    pub save: Option<PathBuf>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  weir resume RUN --with fixed.yaml --dry-run\n  weir resume --failed --flow orders --with fixed.yaml"
)]
pub struct Resume {
    /// The run; or --failed for all failed runs of a flow
    #[arg(required_unless_present = "failed", conflicts_with = "failed")]
    pub run: Option<String>,
    /// The flow to go on with. At a server it becomes the flow's draft first; without it the draft there counts
    #[arg(long, value_name = "FILE")]
    pub with: Option<PathBuf>,
    /// At a server: under this published version instead of the draft
    #[arg(long, value_name = "N", conflicts_with = "with")]
    pub at_version: Option<u64>,
    /// Every failed run of the flow named with --flow
    #[arg(long, requires = "flow")]
    pub failed: bool,
    /// The flow whose failed runs are meant: its name, at a server also PROJECT/NAME or its id
    #[arg(long, value_name = "NAME")]
    pub flow: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,
    /// Also go on with runs whose failure was already compensated by a catch or finally
    #[arg(long)]
    pub force: bool,
    #[arg(long)]
    pub json: bool,
    #[arg(long)]
    pub virtual_time: bool,
    #[command(flatten)]
    pub bind: Bind,
    #[command(flatten)]
    pub data: Data,
}
