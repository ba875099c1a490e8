//! What the server says of its API, tried against the server by Schemathesis, which makes requests from the OpenAPI
//! document: good ones, bad ones, and several that belong together.

use crate::serve::{Served, empty};
use crate::{process, programs, tools};
use anyhow::{Context, Result, ensure};
use weir_base::Value;

/// The same requests every time, for about a minute.
const LIMITS: [&str; 6] = ["--seed", "20261128", "--max-examples", "12", "--max-time", "60"];

/// What is a fault: a 5xx, and whatever the document does not say.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance";

/// Streams have no end; and whoever revokes keys may find that it was his own.
const LEFT_OUT: &str = "^(.*Events|flowLogs|revokeKey)$";

pub fn run() -> Result<()> {
    let python = tools::python()?;
    let weir = programs::weir()?;
    let folder = empty("api")?;
    let served = Served::start(&weir, &folder.join("data"))?;
    let key = key(&served)?;
    let program = python.with_file_name("schemathesis");
    let (document, header) = (format!("{}/api/openapi.json", served.url), format!("Authorization: Bearer {key}"));
    let mut command = process::command(program, &["run", &document, "--header", &header, "--no-color"]);
    command.args(LIMITS).args(["--checks", CHECKS, "--exclude-operation-id-regex", LEFT_OUT]);
    command.args(["--request-timeout", "70", "--generation-database", "none", "--warnings", "off"]);
    process::run(command.current_dir(&folder)).context("the server does not do what its document says")?;
    served.stop()
}

/// A key of the owner, who signs in by the link that the server prints.
fn key(served: &Served) -> Result<String> {
    let link = served.address("sign in").context("the server prints no sign-in link")?;
    let signed_in = curl(&["--include", &link])?;
    let cookie = signed_in.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("no cookie")?;
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap_or_default());
    let session = Value::from_json(&curl(&["--header", &cookie, &format!("{}/api/session", served.url)])?)?;
    let token = session.get("csrf").and_then(Value::as_str).context("no token against forgery")?;
    let token = format!("X-CSRF-Token: {token}");
    let keys = format!("{}/api/keys", served.url);
    let made = curl(&["--header", &cookie, "--header", &token, "--data", r#"{"name": "schemathesis"}"#, &keys])?;
    let key = Value::from_json(&made)?.get("key").and_then(Value::as_str).map(str::to_owned);
    key.with_context(|| format!("no key: {made}"))
}

fn curl(args: &[&str]) -> Result<String> {
    let output = process::output(process::command("curl", &["--silent", "--show-error"]).args(args))?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
