//! What is in `ops/`, tried: rules by promtool, and every query of the dashboard against a Prometheus that scrapes a
//! Weir that has something to do. Beside them a receiver of traces, which reads them as any collector would.

use crate::{process, programs, project, tools};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use weir_base::Value;

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(90);

/// What stands for `$__rate_interval`, where everything is scraped every second.
const INTERVAL: &str = "20s";

pub fn run() -> Result<()> {
    let prometheus = tools::prometheus()?;
    check_rules(&prometheus)?;
    let python = tools::python()?;
    let weir = programs::weir()?;
    let folder = project::target()?.join("ops");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let collector = Collector::start(&python)?;
    let server = Server::start(&weir, &folder, &collector.url)?;
    let webhook = server.webhook()?;
    let watcher = Watcher::start(&prometheus, &folder, &server.address)?;
    let queries = queries()?;
    watcher.wait_for_all(&queries, || fire(&webhook))?;
    watcher.check_alerts()?;
    println!("ops: {} queries of the dashboard have data", queries.len());
    server.stop()?;
    collector.check()
}

fn check_rules(prometheus: &Path) -> Result<()> {
    let rules = project::root().join("ops/prometheus");
    for args in
        [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"], ["check", "config", "prometheus.yml"]]
    {
        process::run(process::command(prometheus.join("promtool"), &args).current_dir(&rules))?;
    }
    Ok(())
}

/// Ended with this value, at the latest.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A `weir serve` on a free port.
struct Server {
    running: Running,
    address: String,
    sign_in: String,
}

impl Server {
    fn start(weir: &Path, folder: &Path, collector: &str) -> Result<Self> {
        let mut command = process::command(weir, &["serve", "--listen", "127.0.0.1:0", "--log", "json", "--data"]);
        command.arg(folder.join("data")).env("WEIR_OTLP_URL", collector).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running(command.spawn().context("cannot start weir serve")?);
        let lines = lines(running.0.stderr.take().context("weir has no stderr")?);
        let mut address = None;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = lines.recv_timeout(left).context("weir serve did not say where it serves")?;
            let word = |part: &str| line.split_whitespace().find(|word| word.contains(part)).map(str::to_owned);
            if line.starts_with("serving ") {
                address = word("http://").map(|url| url.trim_start_matches("http://").to_owned());
            }
            if let (Some(address), Some(url)) = (&address, word("/sign-in/")) {
                let path = url.trim_start_matches("http://").trim_start_matches(address.as_str()).to_owned();
                // What it says later is read, so that it never waits for a reader.
                std::thread::spawn(move || lines.into_iter().for_each(drop));
                return Ok(Self { running, address: address.clone(), sign_in: path });
            }
        }
    }

    /// Makes a flow, switches it on, and gives its webhook.
    fn webhook(&self) -> Result<Webhook> {
        let signed_in = ask(&self.address, "GET", &self.sign_in, &[], "")?;
        let cookie = signed_in.header("set-cookie").and_then(|text| text.split(';').next()).context("no cookie")?;
        let cookie = ("cookie", cookie.to_owned());
        let session = ask(&self.address, "GET", "/api/session", std::slice::from_ref(&cookie), "")?.json()?;
        let headers = [cookie, ("x-csrf-token", text(&session, "csrf")?), ("if-match", "*".to_owned())];
        let post = |path: &str, body: &str| ask(&self.address, "POST", path, &headers, body)?.json();
        let source = "type: Sequence\nid: greet\nchildren:\n  - {type: PrintAction, props: {message: \"Hello {{ input.body.name }}\"}}\n";
        let flow = post("/api/flows", &Value::object([("source", source.into())]).to_json())?;
        let flow = text(&flow, "id")?;
        post(&format!("/api/flows/{flow}/versions"), "{}")?;
        post(&format!("/api/flows/{flow}/start"), "{}")?;
        let trigger = r#"{"name": "hook", "spec": {"type": "webhook", "answer": "result"}}"#;
        let url = text(&post(&format!("/api/flows/{flow}/triggers"), trigger)?, "url")?;
        let path = url.split_once("/api/").map(|(_, rest)| format!("/api/{rest}")).context("a webhook has a path")?;
        Ok(Webhook { address: self.address.clone(), path })
    }

    /// As an operator would; what waits to be sent is sent then.
    fn stop(mut self) -> Result<()> {
        process::run(&mut process::command("kill", &["-TERM", &self.running.0.id().to_string()]))?;
        let status = self.running.0.wait()?;
        ensure!(status.success(), "weir serve ended with {status}");
        Ok(())
    }
}

struct Webhook {
    address: String,
    path: String,
}

/// One run that succeeds, and a few requests besides.
fn fire(webhook: &Webhook) -> Result<()> {
    let answer = ask(
        &webhook.address,
        "POST",
        &webhook.path,
        &[("content-type", "application/json".to_owned())],
        r#"{"name": "Ada"}"#,
    )?;
    ensure!(answer.status == 200, "the webhook answered {}: {}", answer.status, answer.body);
    ensure!(answer.header("x-request-id").is_some(), "an answer has no x-request-id");
    ask(&webhook.address, "GET", "/ready", &[], "").map(drop)
}

/// A Prometheus that scrapes the server every second.
struct Watcher {
    _running: Running,
    address: String,
}

impl Watcher {
    fn start(prometheus: &Path, folder: &Path, server: &str) -> Result<Self> {
        let rules = project::root().join("ops/prometheus/alerts.yml");
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\nscrape_configs:\n  - job_name: weir\n    static_configs: [{{targets: [\"{server}\"]}}]\n",
            rules.display()
        );
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config)?;
        let address = free_address()?;
        let mut command = Command::new(prometheus.join("prometheus"));
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("prometheus.log"))?);
        let running = Running(command.spawn().context("cannot start prometheus")?);
        Ok(Self { _running: running, address })
    }

    /// Asks until every query has a number, and sees to it that there is something to count.
    fn wait_for_all(&self, queries: &[(String, String)], busy: impl Fn() -> Result<()>) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        let mut open: BTreeSet<usize> = (0..queries.len()).collect();
        while !open.is_empty() {
            busy()?;
            open.retain(|at| !self.has_data(&queries[*at].1).unwrap_or(false));
            if Instant::now() > until {
                let named = open.iter().map(|at| format!("{}: {}", queries[*at].0, queries[*at].1));
                bail!("queries of the dashboard without data:\n  {}", named.collect::<Vec<_>>().join("\n  "));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn has_data(&self, query: &str) -> Result<bool> {
        let answer = ask(&self.address, "GET", &format!("/api/v1/query?query={}", escaped(query)), &[], "")?;
        ensure!(answer.status != 400, "Prometheus does not take {query}: {}", answer.body);
        let found = answer.json()?;
        let rows = found.get("data").and_then(|data| data.get("result")).and_then(Value::as_array).unwrap_or_default();
        let number = |row: &Value| {
            let pair = row.get("value").and_then(Value::as_array)?;
            pair.get(1)?.as_str().map(|text| text != "NaN")
        };
        Ok(rows.iter().any(|row| number(row) == Some(true)))
    }

    /// The rules work on real series, and nothing is wrong with a healthy server.
    fn check_alerts(&self) -> Result<()> {
        let found = ask(&self.address, "GET", "/api/v1/rules", &[], "")?.json()?;
        let groups =
            found.get("data").and_then(|data| data.get("groups")).and_then(Value::as_array).unwrap_or_default();
        let rules: Vec<&Value> =
            groups.iter().flat_map(|group| group.get("rules").and_then(Value::as_array).unwrap_or_default()).collect();
        ensure!(!rules.is_empty(), "Prometheus has no rules");
        for rule in rules {
            let (name, health, state) = (text(rule, "name")?, text(rule, "health")?, text(rule, "state")?);
            ensure!(health == "ok", "the rule {name} is {health}");
            // How full this machine is does not concern us.
            let machine = ["DiskAlmostFull", "MemoryPressure", "CommitLatency"].contains(&&*name);
            ensure!(state != "firing" || machine, "{name} fires for a healthy server");
        }
        Ok(())
    }
}

/// Every query of every panel, as its title and what Prometheus is asked.
fn queries() -> Result<Vec<(String, String)>> {
    let file = project::root().join("ops/grafana/weir.json");
    let dashboard = Value::from_json(&std::fs::read_to_string(&file)?).context("ops/grafana/weir.json")?;
    let mut found = Vec::new();
    for panel in dashboard.get("panels").and_then(Value::as_array).unwrap_or_default() {
        for target in panel.get("targets").and_then(Value::as_array).unwrap_or_default() {
            let query = text(target, "expr")?.replace("$__rate_interval", INTERVAL).replace("$instance", ".*");
            ensure!(!query.contains('$'), "a variable nobody fills in: {query}");
            found.push((text(panel, "title")?, query));
        }
    }
    ensure!(!found.is_empty(), "the dashboard asks nothing");
    Ok(found)
}

/// A receiver of traces that decodes them with the standard's own package.
struct Collector {
    _running: Running,
    url: String,
    lines: Receiver<String>,
}

impl Collector {
    fn start(python: &Path) -> Result<Self> {
        let script = project::root().join("xtask/src/collector.py");
        let mut command = Command::new(python);
        let mut running = Running(command.arg(script).stdout(Stdio::piped()).spawn().context("cannot start python")?);
        let lines = lines(running.0.stdout.take().context("python has no stdout")?);
        let url = lines.recv_timeout(PATIENCE).context("the receiver of traces did not start")?;
        Ok(Self { _running: running, url, lines })
    }

    /// A request, the run it started and a step of that run came, and they belong together.
    fn check(self) -> Result<()> {
        let mut spans = Vec::new();
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                bail!("of {} spans none are a request, its run and the run's step", spans.len());
            };
            spans.push(Value::from_json(&line).context("a span")?);
            if let Some(trace) = belong_together(&spans) {
                println!("ops: traces: a request, its run and its step came over OTLP, the run as trace {trace}");
                return Ok(());
            }
        }
    }
}

fn belong_together(spans: &[Value]) -> Option<String> {
    let of = |span: &Value, key: &str| span.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let attribute = |span: &Value, key: &str| {
        span.get("attributes").and_then(|all| all.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let whole = |span: &&Value| !attribute(span, "weir.run").is_empty() && !attribute(span, "weir.tenant").is_empty();
    let runs = spans.iter().filter(|span| of(span, "name").starts_with("run ")).filter(whole);
    runs.filter_map(|run| {
        let (trace, id) = (of(run, "trace"), of(run, "span"));
        let step = spans.iter().find(|span| of(span, "trace") == trace && of(span, "parent") == id).filter(whole)?;
        let request = spans.iter().find(|span| of(span, "link") == id && of(span, "linkedTrace") == trace)?;
        let same = |span| attribute(span, "weir.run") == attribute(run, "weir.run");
        let route = attribute(request, "http.route") == "/api/triggers/{flow_id}/webhook/{token}";
        (same(step) && same(request) && route).then_some(trace)
    })
    .next()
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    std::thread::spawn(move || {
        let all = BufReader::new(from).lines().map_while(Result::ok);
        all.for_each(|line| drop(to.send(line)));
    });
    lines
}

/// One that was free a moment ago.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn text(value: &Value, key: &str) -> Result<String> {
    let found = value.get(key).and_then(Value::as_str).map(str::to_owned);
    found.with_context(|| format!("there is no `{key}` in {}", value.to_json()))
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Result<Value> {
        ensure!(self.status < 400, "answered with {}: {}", self.status, self.body);
        Value::from_json(&self.body).with_context(|| format!("no JSON: {}", self.body))
    }
}

/// One request to a server of this machine. By HTTP 1.0, so that the answer ends where the connection does.
fn ask(address: &str, method: &str, path: &str, headers: &[(&str, String)], body: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).with_context(|| address.to_owned())?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let own: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{own}content-length: {length}\r\n\r\n{body}")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let whole = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = whole.split_once("\r\n\r\n").context("an answer without an end of its head")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Ok(Answer { status: status.context("an answer without a status")?, headers, body: body.to_owned() })
}

fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}
