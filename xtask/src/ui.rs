use crate::{process, programs, project, tools};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const FOLDER: &str = "ui";

/// What the built interface is made from, besides the examples that it offers as templates.
const SOURCES: [&str; 8] =
    ["src", "public", "scripts", "index.html", "package-lock.json", "vite.config.ts", "openapi.json", "tsconfig.json"];

/// Builds the interface where its sources are newer than what is built. Without Node the server goes without.
pub fn build_if_changed() -> Result<()> {
    let built = project::root().join(FOLDER).join("dist/index.html.br");
    if modified(&built).is_some_and(|built| newest_source().is_none_or(|source| source <= built)) {
        return Ok(());
    }
    if let Err(error) = tools::node() {
        println!("the interface is not built: {error:#}");
        return Ok(());
    }
    println!("building the interface in the browser, as its sources have changed");
    tools::npm(FOLDER)?;
    npm(&["run", "--silent", "build"])
}

/// `make ui`: builds it in any case.
pub fn build() -> Result<()> {
    tools::npm(FOLDER)?;
    npm(&["run", "--silent", "build"])
}

/// Flows that are kept outside this repository, drawn and written back.
pub fn corpus() -> Result<()> {
    tools::npm(FOLDER)?;
    npm(&["run", "--silent", "corpus"])
}

/// Style, types and the build, which servers of other groups give to browsers.
pub fn interface() -> Result<()> {
    tools::npm(FOLDER)?;
    ["lint", "types", "build"].iter().try_for_each(|script| npm(&["run", "--silent", script]))
}

/// The tests that need no browser.
pub fn check() -> Result<()> {
    tools::npm(FOLDER)?;
    npm(&["run", "--silent", "test"])
}

/// A browser drives the interface of a server that is started for it.
pub fn browser() -> Result<()> {
    build_if_changed()?;
    in_browser("e2e")
}

/// All but the crawl of most pages, which `make browser` runs too.
pub fn browser_sample() -> Result<()> {
    build_if_changed()?;
    in_browser("e2e:short")
}

/// `make screenshots`: every page in both themes, into `ui/screenshots/`.
pub fn screenshots() -> Result<()> {
    build_if_changed()?;
    in_browser("screenshots")
}

/// `make bench-ui`: measures the interface, and writes what it found into `docs/ui-quality.md`.
pub fn bench() -> Result<()> {
    build_if_changed()?;
    let (chromium, weir) = (tools::chromium()?, project::weir()?);
    tools::npm(FOLDER)?;
    let mut command = command(&["run", "--silent", "bench"])?;
    process::run(command.env("WEIR_CHROMIUM", chromium).env("WEIR_BIN", weir))
}

fn in_browser(script: &str) -> Result<()> {
    let (chromium, weir) = (tools::chromium()?, programs::weir()?);
    tools::npm(FOLDER)?;
    let mut command = command(&["run", "--silent", script])?;
    process::run(command.env("WEIR_CHROMIUM", chromium).env("WEIR_BIN", weir))
}

fn npm(args: &[&str]) -> Result<()> {
    process::run(&mut command(args)?)
}

/// npm in the interface's folder, with a Node that is new enough in front of others.
fn command(args: &[&str]) -> Result<std::process::Command> {
    let mut command = process::command("npm", args);
    command.current_dir(project::root().join(FOLDER));
    if let Some(folder) = tools::node()? {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).context("a PATH that cannot be")?);
    }
    Ok(command)
}

fn newest_source() -> Option<SystemTime> {
    let root = project::root();
    let own = SOURCES.iter().map(|name| root.join(FOLDER).join(name));
    own.chain([root.join("examples")]).filter_map(|path| newest(&path)).max()
}

fn newest(path: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    // This file is written by every build; it follows from the others.
    let inside = entries.map(|entry| entry.path()).filter(|path| !path.ends_with("routes.gen.ts"));
    let inside = inside.filter_map(|path: PathBuf| if path.is_dir() { newest(&path) } else { modified(&path) }).max();
    match path.is_dir() {
        true => inside,
        false => modified(path),
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}
