use crate::args::Data;
use crate::args::toolchain::{Toolchain as Args, ToolchainCommand, VerifyFolder};
use crate::exit::{Exit, UsageError};
use crate::show;
use anyhow::Context;
use std::collections::BTreeMap;
use std::path::Path;
use weir_toolchain::{Options, Toolchain, Verdict, Verifier};

pub fn run(args: &Args, data: &Data) -> anyhow::Result<Exit> {
    let toolchain = of(data)?;
    match &args.command {
        ToolchainCommand::Install => install(&toolchain),
        ToolchainCommand::Status => Ok(status(&toolchain)),
        ToolchainCommand::Verify(args) => verify(toolchain, args),
    }
}

/// The compilers of a data folder.
pub fn of(data: &Data) -> anyhow::Result<Toolchain> {
    let toolchain = in_folder(&crate::data::directory(data.data.as_ref())?)?;
    Ok(match &data.data {
        Some(given) => toolchain.installed_by(format!("weir toolchain install --data {}", given.display())),
        None => toolchain,
    })
}

/// As [`of`], where the folder is known.
pub fn in_folder(folder: &Path) -> anyhow::Result<Toolchain> {
    let folder = std::path::absolute(folder).with_context(|| folder.display().to_string())?;
    Ok(Toolchain::new(folder.join("toolchain")))
}

fn install(toolchain: &Toolchain) -> anyhow::Result<Exit> {
    if !toolchain.is_installed() {
        crate::errln!("fetching the TypeScript compilers into {}; this takes a minute", toolchain.folder().display());
    }
    toolchain.install()?;
    Ok(status(toolchain))
}

fn status(toolchain: &Toolchain) -> Exit {
    let status = toolchain.status();
    let state = match status.installed {
        true => "installed in".to_owned(),
        false => format!("not installed; `{}` puts them into", toolchain.command()),
    };
    crate::outln!("TypeScript compilers {state} {}", status.folder.display());
    for (name, version) in &status.packages {
        crate::outln!("  {name:<22} {version}");
    }
    crate::outln!(
        "  {:<22} {}",
        "node",
        status.node.as_deref().unwrap_or("not on this machine; 20.19 or newer is needed")
    );
    if status.installed && status.node.is_some() { Exit::Success } else { Exit::Failed }
}

fn verify(toolchain: Toolchain, args: &VerifyFolder) -> anyhow::Result<Exit> {
    let files = files_of(&args.folder)?;
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let verdict = threads.block_on(async {
        let verifier = Verifier::new(toolchain, Options { processes: 1, ..Options::default() });
        verifier.verify(&files).await
    })?;
    if args.json {
        show::out(serde_json::to_string_pretty(&verdict)?)
    } else {
        tell(&verdict)
    }
    Ok(if verdict.passed() { Exit::Success } else { Exit::Failed })
}

/// What the compilers say, one line each.
pub fn tell(verdict: &Verdict) {
    for one in verdict.tsc.iter().chain(&verdict.lint) {
        crate::errln!("{}:{}:{}: {} {}", one.file, one.line, one.column, one.code, one.message);
    }
    let (tsc, lint) = (verdict.tsc.len(), verdict.lint.len());
    crate::errln!("tsc: {tsc} errors; eslint: {lint} errors; `any` is written {} times", verdict.any_types);
}

/// The TypeScript of a folder, without that of folders in it, and its tsconfig.json.
fn files_of(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let entries = std::fs::read_dir(folder).map_err(|error| UsageError(format!("{}: {error}", folder.display())))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && (name.ends_with(".ts") || name == "tsconfig.json") {
            let text =
                std::fs::read_to_string(&path).map_err(|error| UsageError(format!("{}: {error}", path.display())))?;
            files.insert(name, text);
        }
    }
    if files.keys().any(|name| name.ends_with(".ts")) {
        return Ok(files);
    }
    anyhow::bail!(UsageError(format!("{}: there is no .ts file in it", folder.display())))
}
