//! Commands that only a server can do something about.

use super::{Bind, Data};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Asks for e-mail and password, and for a code where an authenticator is in use. Keeps a key of its own in the user's configuration folder, readable by nobody else.\n\nExamples:\n  weir login --server https://weir.example.org\n  weir login --server http://127.0.0.1:7878 --key - < key"
)]
pub struct Login {
    #[command(flatten)]
    pub data: Data,
    /// Take this API key instead of making one; `-` reads it from standard input
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Who signs in; asked for where absent
    #[arg(long)]
    pub email: Option<String>,
    /// The organisation, by id or name, where one belongs to several
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  weir logout --server https://weir.example.org")]
pub struct Logout {
    #[command(flatten)]
    pub data: Data,
}

/// A list of a server, and how it is shown.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct Listing {
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

macro_rules! group {
    ($name:ident, $commands:ident, $example:literal) => {
        #[derive(Debug, ClapArgs)]
        #[command(after_help = $example)]
        pub struct $name {
            #[command(subcommand)]
            pub command: $commands,
            #[command(flatten)]
            pub data: Data,
        }
    };
}

group!(
    Flows,
    FlowsCommand,
    "A flow is named by its name in the project `default`, by PROJECT/NAME, or by its id.\n\nExamples:\n  weir flows push orders.yaml && weir flows start orders\n  weir flows run orders --input '{\"order\": 7}'\n  weir flows logs orders"
);
group!(Secrets, SecretsCommand, "Example:\n  weir secrets set mail-key < key");
group!(Vars, VarsCommand, "Example:\n  weir vars set total 7 --service billing");
group!(Memory, MemoryCommand, "Example:\n  weir memory ls greet && weir memory rm greet user/ada");
group!(
    Interfaces,
    InterfacesCommand,
    "Examples:\n  weir interfaces create orders --flow orders --auth key && weir interfaces add-key orders shop\n  weir interfaces create stats --spec '{\"type\": \"variables\", \"read\": [\"total\"], \"allow\": [{\"project\": \"web\"}]}'"
);
group!(Keys, KeysCommand, "Example:\n  weir keys create ci --role operator");
group!(Triggers, TriggersCommand, "Example:\n  weir triggers create orders --answer result");
group!(Members, MembersCommand, "Example:\n  weir members invite mira@example.org --role editor");
group!(Projects, ProjectsCommand, "Example:\n  weir projects create shop");
group!(Audit, AuditCommand, "Example:\n  weir audit ls --action flow.changed");

#[derive(Debug, Subcommand)]
pub enum FlowsCommand {
    /// List flows, the newest first
    Ls {
        #[arg(long)]
        project: Option<String>,
        /// Only flows with this text in their name, title, description or text
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show a flow: its state and its text
    Show {
        flow: String,
        #[arg(long)]
        json: bool,
    },
    /// Make a flow of a file
    Create(Push),
    /// Make a flow of a file, or put the file in the place of its draft
    Push(Push),
    /// Find every problem in a flow's draft
    Check {
        flow: String,
        #[arg(long)]
        json: bool,
    },
    /// Publish the draft as a version; a running flow uses it at once
    Publish {
        flow: String,
        #[arg(long, default_value = "")]
        notes: String,
        #[arg(long)]
        json: bool,
    },
    /// Switch a flow on; one that was never published is published first
    Start {
        flow: String,
        /// This version instead of the newest
        #[arg(long, value_name = "N")]
        at_version: Option<u64>,
        /// What carries its new runs: `embedded`, or `temporal:NAME` with a connection of the server; as before where
        /// nothing is said
        #[arg(long, value_name = "RUNTIME")]
        runtime: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Start a run of a flow that is switched on, and show how it goes
    Run {
        flow: String,
        /// The run's input: JSON, or @FILE
        #[arg(long, value_name = "JSON|@FILE")]
        input: Option<String>,
        /// Do not wait for its end; `weir runs show RUN` tells of it
        #[arg(long)]
        no_wait: bool,
        /// There is one run of a key, however often this is said
        #[arg(long, value_name = "KEY")]
        once: Option<String>,
        /// One JSON object on stdout and nothing else
        #[arg(long)]
        json: bool,
    },
    /// What can carry the runs of flows; with a name, whether that connection leads somewhere
    Runtimes {
        /// A connection's name
        check: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Switch a flow off; open runs go on to their end
    Stop {
        flow: String,
        #[arg(long)]
        json: bool,
    },
    /// Whether a flow is switched on, and with what
    Status {
        flow: String,
        #[arg(long)]
        json: bool,
    },
    /// Delete a stopped flow; its runs stay, and as many flows as the tier allows, 10 at least and 200 at most, can come back for 30 days
    Delete { flow: String },
    /// List deleted flows that can come back
    Deleted {
        /// Of this project alone
        #[arg(long, value_name = "NAME")]
        project: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Bring a deleted flow back as it was, switched off: by its name, by PROJECT/NAME, or by its id; with a version,
    /// make the draft of a flow that is there what that version was
    Restore {
        flow: String,
        /// The draft's text is this version's again; versions and running flows stay what they are
        #[arg(long, value_name = "N")]
        at_version: Option<u64>,
        #[arg(long)]
        json: bool,
    },
    /// List a flow's published versions
    Versions {
        flow: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Write a published version as verified TypeScript that the server keeps, for the hosts of its worker to take
    Compile {
        flow: String,
        /// This version instead of the newest
        #[arg(long, value_name = "N")]
        at_version: Option<u64>,
        /// The worker's task queue [default: the flow's own, else one after its name]
        #[arg(long, value_name = "NAME")]
        task_queue: Option<String>,
        /// The task queue of Weir's own worker, which performs kinds without TypeScript [default: that of the flow's
        /// connection to Temporal, else of the only one, else weir]
        #[arg(long, value_name = "NAME")]
        worker_queue: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// List the code that was made of a flow's versions
    Compilations {
        flow: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// List where that code runs, and which of it
    Hosts {
        flow: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Follow what happens in a flow's runs, until Ctrl-C
    Logs {
        flow: String,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub struct Push {
    pub file: PathBuf,
    /// The flow's name [default: the file's; of a file called `flow`, the folder's]
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long, default_value = "default")]
    pub project: String,
    #[command(flatten)]
    pub bind: Bind,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Names of a project's secrets
    Ls {
        #[arg(long, default_value = "default")]
        project: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Set a secret; its value is asked for, or read from standard input
    Set {
        name: String,
        #[arg(long, default_value = "default")]
        project: String,
        #[arg(long)]
        description: Option<String>,
        /// The value; better not given here, where the shell's history and other users can see it
        #[arg(long)]
        value: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Delete a secret
    Rm {
        name: String,
        #[arg(long, default_value = "default")]
        project: String,
    },
}

/// Where variables are.
#[derive(Clone, Debug, ClapArgs)]
pub struct Scope {
    #[arg(long, default_value = "default")]
    pub project: String,
    /// Of this service; of the project itself where absent
    #[arg(long)]
    pub service: Option<String>,
}

/// An interface of another project, through which a variable is reached.
#[derive(Clone, Debug, ClapArgs)]
pub struct Door {
    /// Through this interface of the project, in the name of --as
    #[arg(long, value_name = "INTERFACE", requires = "asker", conflicts_with = "service")]
    pub through: Option<String>,
    /// The project in whose name the interface is used
    #[arg(long = "as", id = "asker", value_name = "PROJECT", requires = "through")]
    pub asker: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum MemoryCommand {
    /// How much a flow remembers, and may
    Show {
        flow: String,
        #[arg(long)]
        json: bool,
    },
    /// List what a flow remembers, the newest first
    Ls {
        flow: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Print an entry's value as JSON
    Get {
        flow: String,
        key: String,
        #[arg(long)]
        json: bool,
    },
    /// Have a flow remember something
    Set {
        flow: String,
        key: String,
        /// JSON
        value: String,
        #[arg(long)]
        json: bool,
    },
    /// Have a flow forget something
    Rm { flow: String, key: String },
    /// Have a flow forget everything
    Clear { flow: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuthArg {
    /// Everybody is let in
    None,
    /// Whoever brings a key of the interface
    Key,
    /// Whoever brings a token that an issuer has signed
    Jwt,
}

#[derive(Debug, Subcommand)]
pub enum InterfacesCommand {
    /// List a project's interfaces, the newest first
    Ls {
        #[arg(long, default_value = "default")]
        project: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Print an interface as JSON
    Show {
        name: String,
        #[arg(long, default_value = "default")]
        project: String,
    },
    /// Open a flow at a path, or with --spec whatever it says
    Create(NewInterface),
    /// Close an interface
    Rm {
        name: String,
        #[arg(long, default_value = "default")]
        project: String,
    },
    /// Make a key that opens an interface; it is shown this once
    AddKey {
        name: String,
        /// Whose key it is
        key: String,
        #[arg(long, default_value = "default")]
        project: String,
        /// When it stops working, such as 2027-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key of an interface, by id or name
    RevokeKey {
        name: String,
        key: String,
        #[arg(long, default_value = "default")]
        project: String,
    },
}

#[derive(Debug, ClapArgs)]
pub struct NewInterface {
    /// The end of the path
    pub name: String,
    #[arg(long, default_value = "default")]
    pub project: String,
    /// The flow that is opened
    #[arg(long)]
    pub flow: Option<String>,
    #[arg(long, value_name = "METHOD", default_value = "post")]
    pub method: Vec<String>,
    /// Who is let in
    #[arg(long, value_enum, default_value = "key")]
    pub auth: AuthArg,
    /// Where the issuer's public keys are
    #[arg(long, value_name = "URL")]
    pub jwks_url: Option<String>,
    #[arg(long)]
    pub issuer: Option<String>,
    #[arg(long)]
    pub audience: Option<String>,
    #[arg(long, value_enum, default_value = "result")]
    pub answer: AnswerArg,
    /// How long a result is waited for, in milliseconds
    #[arg(long, value_name = "MILLISECONDS")]
    pub deadline: Option<u64>,
    /// Requests a minute, all callers together
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// Requests a minute of each caller
    #[arg(long, value_name = "N")]
    pub caller_rate: Option<u32>,
    /// JSON Schema of the body: JSON, or @FILE
    #[arg(long, value_name = "JSON")]
    pub request: Option<String>,
    /// JSON Schema of the answer: JSON, or @FILE
    #[arg(long, value_name = "JSON")]
    pub response: Option<String>,
    /// All settings, as the API takes them: JSON, or @FILE
    #[arg(long, value_name = "JSON", conflicts_with = "flow")]
    pub spec: Option<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum VarsCommand {
    /// List variables
    Ls {
        #[command(flatten)]
        scope: Scope,
        #[arg(long)]
        json: bool,
    },
    /// Print a variable's value as JSON
    Get {
        name: String,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        door: Door,
        #[arg(long)]
        json: bool,
    },
    /// Set a variable
    Set {
        name: String,
        /// JSON
        value: String,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        door: Door,
        #[arg(long)]
        json: bool,
    },
    /// Delete a variable
    Rm {
        name: String,
        #[command(flatten)]
        scope: Scope,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    Viewer,
    Operator,
    Editor,
    Admin,
    Owner,
}

impl RoleArg {
    pub fn name(self) -> &'static str {
        match self {
            RoleArg::Viewer => "viewer",
            RoleArg::Operator => "operator",
            RoleArg::Editor => "editor",
            RoleArg::Admin => "admin",
            RoleArg::Owner => "owner",
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List keys, the newest first
    Ls {
        #[command(flatten)]
        listing: Listing,
    },
    /// Make a key; it is shown this once
    Create {
        name: String,
        /// A key of nobody, for programs of the whole organisation
        #[arg(long)]
        service: bool,
        #[arg(long, value_enum)]
        role: Option<RoleArg>,
        /// What it is limited to, such as runs.start; everything its role may where absent
        #[arg(long, value_name = "PERMISSION")]
        scope: Vec<String>,
        /// When it stops working, such as 2027-01-31T12:00:00Z
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Revoke a key, by id
    Revoke { id: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerArg {
    /// As soon as the run is on disk
    AtOnce,
    /// With the run's result
    Result,
    /// With everything that happens, as it happens
    Stream,
}

#[derive(Debug, Subcommand)]
pub enum TriggersCommand {
    /// List a flow's triggers
    Ls {
        flow: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Make a trigger: a webhook, or with --cron or --every a schedule, or with --after the end of another flow
    Create {
        flow: String,
        #[arg(long)]
        name: Option<String>,
        /// When a webhook is answered
        #[arg(long, value_enum, default_value = "at-once")]
        answer: AnswerArg,
        /// How long a webhook waits for a result, in milliseconds
        #[arg(long, value_name = "MILLISECONDS")]
        deadline: Option<u64>,
        /// A cron expression, such as "0 9 * * 1-5"
        #[arg(long, conflicts_with_all = ["every", "after"])]
        cron: Option<String>,
        /// An interval, such as 15m
        #[arg(long, value_name = "DURATION", conflicts_with = "after")]
        every: Option<String>,
        /// The time zone of --cron
        #[arg(long, requires = "cron")]
        zone: Option<String>,
        /// What a scheduled run starts with: JSON, or @FILE
        #[arg(long, value_name = "JSON")]
        input: Option<String>,
        /// A flow of the same project, whose end starts this one
        #[arg(long, value_name = "FLOW")]
        after: Option<String>,
        /// Which ends of that flow: succeeded, failed, cancelled, timed_out
        #[arg(long, requires = "after")]
        on: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// Give a webhook a new address; the old one opens nothing any more
    Rotate {
        flow: String,
        trigger: String,
        #[arg(long)]
        json: bool,
    },
    /// Delete a trigger
    Rm { flow: String, trigger: String },
}

#[derive(Debug, Subcommand)]
pub enum MembersCommand {
    /// List members
    Ls {
        #[command(flatten)]
        listing: Listing,
    },
    /// Invite somebody
    Invite {
        email: String,
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleArg,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProjectsCommand {
    /// List projects
    Ls {
        #[command(flatten)]
        listing: Listing,
    },
    /// Make a project
    Create {
        name: String,
        #[arg(long, default_value = "")]
        description: String,
        #[arg(long)]
        json: bool,
    },
    /// List where the code of a project's flows runs, and which of it
    Hosts {
        name: String,
        #[command(flatten)]
        listing: Listing,
    },
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List changes, the newest first
    Ls {
        /// Only of this thing, by id
        #[arg(long)]
        target: Option<String>,
        /// Only this change, such as flow.created
        #[arg(long)]
        action: Option<String>,
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
}
