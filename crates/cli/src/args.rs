use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Weir runs AI workflows durably: draw a flow or write it down, check it, run it, and look at any run again.
#[derive(Debug, Parser)]
#[command(name = "weir", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "Examples:\n  weir check flow.yaml\n  weir run flow.yaml --input '{\"order\": 7}'\n  weir runs ls\n  weir runs show RUN")]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find every problem in flows without running anything
    Check(Check),
    /// Tidy flow files in place; comments, order and layout stay
    Fmt(Fmt),
    /// Write a flow in another dialect
    Convert(Convert),
    /// The kinds of steps there are
    Kinds(Kinds),
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Exits with 0 if there is nothing but warnings, 1 if there are problems, 2 on wrong usage.\n\nExample:\n  weir check flows/*.yaml --format json")]
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
pub struct Fmt {
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
pub struct Convert {
    pub file: PathBuf,
    #[arg(long, value_enum)]
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
pub struct Kinds {
    #[command(subcommand)]
    pub command: KindsCommand,
}

#[derive(Debug, Subcommand)]
pub enum KindsCommand {
    /// List every kind
    Ls {
        /// One JSON array on stdout
        #[arg(long)]
        json: bool,
    },
    /// Show a kind's whole record as JSON
    Show { kind: String },
    /// A kind's documentation as Markdown
    Docs { kind: String },
}

#[derive(Debug, ClapArgs)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
