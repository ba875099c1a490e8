use super::{Bind, Format};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The code is checked by `tsc --strict` and ESLint before anything is written; `weir toolchain install` fetches them, once.\nExits with 0 if the project was written, 1 if there are problems, 2 on wrong usage.\n\nExamples:\n  weir compile flow.yaml --out project\n  weir compile flow.yaml --out project --no-verify"
)]
pub struct Compile {
    /// The flow: YAML or JSON, in any dialect
    pub file: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = CodeTarget::TemporalTs, value_name = "TARGET")]
    pub target: CodeTarget,
    /// The folder the project is written into; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The task queue its worker listens on [default: the flow's own, else one after its name]
    #[arg(long, value_name = "QUEUE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub task_queue: Option<String>,
    /// The task queue of the `weir worker` that performs kinds without TypeScript
    #[arg(long, value_name = "QUEUE", default_value = "weir", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub worker_queue: String,
    /// Whose service and project variables, and whose memory, its steps use
    #[arg(long, value_name = "PROJECT", default_value = "default", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub project: String,
    /// Write the code without having it checked by the compilers
    #[arg(long)]
    pub no_verify: bool,
    /// Write over files that were changed since, or that another hand put there
    #[arg(long)]
    pub force: bool,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    #[command(flatten)]
    pub bind: Bind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CodeTarget {
    /// A project in TypeScript for Temporal: workflow, activities, worker and client
    TemporalTs,
}
