use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "They are put into the data folder, once, from npm's registry; exactly the versions this program pins. It needs Node 20.19 or newer.\n\nExamples:\n  weir toolchain install\n  weir toolchain status"
)]
pub struct Toolchain {
    #[command(subcommand)]
    pub command: ToolchainCommand,
}

#[derive(Debug, Subcommand)]
pub enum ToolchainCommand {
    /// Fetch the compilers; nothing is done where they are there
    Install,
    /// Say which compilers there are, and where; exit with 1 where they are missing
    Status,
    /// Check a folder of TypeScript as generated code is checked; exit with 1 where something is wrong
    Verify(VerifyFolder),
}

#[derive(Debug, ClapArgs)]
pub struct VerifyFolder {
    /// The folder with the .ts files and their tsconfig.json
    pub folder: std::path::PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}
