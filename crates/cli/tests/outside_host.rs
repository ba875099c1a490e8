//! A generated worker that takes its code from a server: the whole way from a flow's draft to a run on Temporal.
//!
//! Needs Node, `.tools/toolchain` and Temporal's development server, which `make test` installs.

mod support;

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::asking::Asked;
use support::compilers::{lend, lend_packages};
use support::process::{Place, text};
use weir_base::Value;
use weir_testkit::temporal;

/// No change takes so long, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(240);

/// Waits for a signal, and says which version it is.
fn flow(name: &str, says: &str) -> String {
    format!(
        r#"{{"ir": 1, "name": "{name}", "dialect": "ir", "root": {{"id": "all", "sequence": {{"children": [
        {{"id": "go", "wait": {{"signal": {{"name": "go"}}}}}}, {{"id": "say", "return": {{"value": "{says}"}}}}]}}}}}}"#
    )
}

/// A host at work; it ends with the value.
struct Hosting {
    child: Child,
    place: Option<Place>,
}

impl Hosting {
    /// `what` is the variable that says what it runs, and its value.
    fn start(place: Place, url: &str, key: &str, what: (&str, &str), temporal: &temporal::Server) -> Self {
        let said = File::create(place.path("said")).unwrap();
        let mut command = Command::new("node");
        command.arg("dist/hosting.js").current_dir(place.path("made"));
        command.env("WEIR_SERVER", url).env("WEIR_KEY", key).env(what.0, what.1).env("WEIR_HOST", "one");
        command.env("TEMPORAL_ADDRESS", temporal.address()).stdin(Stdio::null());
        command.stdout(said.try_clone().unwrap()).stderr(said);
        Self { child: command.spawn().unwrap(), place: Some(place) }
    }

    fn said(&self) -> String {
        let place = self.place.as_ref().unwrap();
        String::from_utf8_lossy(&std::fs::read(place.path("said")).unwrap()).into_owned()
    }

    /// kill -9 for the host alone; its workers end because it is gone.
    fn kill(mut self) -> Place {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.place.take().unwrap()
    }
}

impl Drop for Hosting {
    fn drop(&mut self) {
        if self.place.is_none() {
            return;
        }
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// What the server knows at this path of the host, which runs this flow, once it is so.
#[track_caller]
fn until(server: &Asked, flow: &str, path: &str, host: &Hosting, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (status, told) = server.ask("GET", path, None);
        if status == 200 && is_so(&told) {
            return told;
        }
        assert!(begun.elapsed() < DEADLINE, "{}\n{}", told.to_json(), host.said());
        // No code has such a number: this is answered after a second.
        server.ask("GET", &format!("/api/flows/{flow}/code?after=99&wait=1"), None);
    }
}

fn runs(number: u64) -> impl Fn(&Value) -> bool {
    move |told| {
        told.get("compilation").and_then(Value::as_u64) == Some(number)
            && told.get("healthy") == Some(&Value::Bool(true))
    }
}

/// Whether a host of a project runs this code of a flow.
fn runs_of(flow: &str, number: u64) -> impl Fn(&Value) -> bool {
    let flow = flow.to_owned();
    move |told| on(told, &flow).is_some_and(runs(number))
}

/// Whether a host of a project is well, and only runs of this flow that had begun go on there.
fn ends(flow: &str) -> impl Fn(&Value) -> bool {
    let flow = flow.to_owned();
    move |told| {
        let well = told.get("healthy") == Some(&Value::Bool(true)) && told.get("silent") == Some(&Value::Bool(false));
        let part = on(told, &flow);
        let running = part.and_then(|part| part.get("state")) == Some(&"running".into());
        let none = part.is_some_and(|part| part.get("compilation").is_none());
        well && running && none && finishing(part).as_deref() == Some("[1]")
    }
}

/// What a host of a project tells of a flow.
fn on<'a>(told: &'a Value, flow: &str) -> Option<&'a Value> {
    let flows = told.get("flows").and_then(Value::as_array).unwrap_or_default();
    flows.iter().find(|one| one.get("flow").and_then(Value::as_str) == Some(flow))
}

/// The project as somebody has it on a machine: written, with its packages, and built.
fn project() -> Place {
    let place = Place::new(&[("flow.json", &flow("greet", "none"))]);
    place.weir(&["compile", "flow.json", "--out", "made", "--no-verify"]).says(0, "its README.md says how to go on");
    lend_packages(&place, "made");
    let mut tsc = Command::new("node");
    let built = tsc.arg("node_modules/typescript/bin/tsc").current_dir(place.path("made")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    place
}

/// Makes a flow; its id.
fn made(server: &Asked, name: &str) -> String {
    let new = Value::object([("name", Value::from(name)), ("source", Value::from(flow(name, "none")))]);
    text(&server.ask("POST", "/api/flows", Some(&new)).1, "id")
}

/// Writes a version, publishes and compiles it; its number.
fn compiled(server: &Asked, (id, name): (&str, &str), says: &str) -> u64 {
    let source = Value::object([("source", Value::from(flow(name, says)))]);
    let path = format!("/api/flows/{id}");
    assert_eq!(server.ask("PUT", &path, Some(&source)).0, 200);
    assert_eq!(server.ask("POST", &format!("{path}/versions"), None).0, 201);
    let asked = Value::object([("taskQueue", Value::from(queue(name)))]);
    let (status, made) = server.ask("POST", &format!("{path}/compilations"), Some(&asked));
    assert_eq!(status, 201, "{}", made.to_json());
    made.get("number").and_then(Value::as_u64).unwrap()
}

fn queue(name: &str) -> String {
    format!("{name}-queue")
}

fn begin(temporal: &temporal::Server, name: &str, id: &str) {
    let (kind, queue) = (format!("{name}Workflow"), queue(name));
    let start = ["workflow", "start", "--type", &kind, "--task-queue", &queue, "--input", "null"];
    temporal.ask(&[&start[..], &["--workflow-id", id]].concat()).unwrap();
    // Answered once it has begun, on the code that then is the current one.
    temporal.ask(&["workflow", "query", "--type", "trace", "--workflow-id", id, "--command-timeout", "60s"]).unwrap();
}

/// Lets a run go on, and waits for what it says.
fn ended(temporal: &temporal::Server, id: &str) -> String {
    temporal.ask(&["workflow", "signal", "--name", "go", "--input", "null", "--workflow-id", id]).unwrap();
    temporal.ask(&["workflow", "result", "--workflow-id", id, "--output", "json", "--command-timeout", "120s"]).unwrap()
}

fn finishing(told: Option<&Value>) -> Option<String> {
    told?.get("finishing").map(Value::to_json)
}

#[test]
fn a_host_changes_to_newer_code_by_itself_and_runs_end_on_the_code_they_began_with() {
    let (place, temporal) = (Place::new(&[]), temporal::Server::start());
    lend(&place, "srv");
    let server = Asked::start(&place, "srv");
    let id = made(&server, "greet");
    let (status, refused) = server.ask("POST", &format!("/api/flows/{id}/compilations"), None);
    assert_eq!((status, &*text(&refused, "code")), (409, "NOT_PUBLISHED"));

    let greet = (id.as_str(), "greet");
    assert_eq!(compiled(&server, greet, "first"), 1);
    assert_eq!(compiled(&server, greet, "first"), 1, "the same code is the same compilation");
    let ((url, key), what) = (server.place(), ("WEIR_FLOW", id.as_str()));
    let host = Hosting::start(project(), url, key, what, &temporal);
    let one = format!("/api/flows/{id}/hosts/one");
    until(&server, &id, &one, &host, runs(1));
    begin(&temporal, "greet", "a");

    assert_eq!(compiled(&server, greet, "second"), 2);
    let told = until(&server, &id, &one, &host, runs(2));
    assert_eq!(finishing(Some(&told)).as_deref(), Some("[1]"), "a run stays with it");
    begin(&temporal, "greet", "b");
    assert!(ended(&temporal, "b").contains("second"));

    // One that was killed finds again which code has runs.
    let host = Hosting::start(host.kill(), url, key, what, &temporal);
    assert!(ended(&temporal, "a").contains("first"), "{}", host.said());
    until(&server, &id, &one, &host, runs(2));

    let listed = server.get(&format!("/api/flows/{id}/compilations"));
    let hashes: Vec<String> =
        listed.get("items").and_then(Value::as_array).unwrap().iter().map(|one| text(one, "hash")).collect();
    assert_eq!(hashes.len(), 2);
    assert_ne!(hashes[0], hashes[1]);
    drop(host);
    let (_, told) = server.ask("GET", &one, None);
    assert_eq!((text(&told, "state"), told.get("healthy")), ("stopped".to_owned(), Some(&Value::Bool(false))));
    server.stop();
}

/// A key that may do what a host has to, and nothing else.
fn hosts_key(server: &Asked) -> String {
    let scopes = Value::array([Value::from("hosts.serve")]);
    let new = [("name", "host".into()), ("service", true.into()), ("role", "operator".into()), ("scopes", scopes)];
    text(&server.ask("POST", "/api/keys", Some(&Value::object(new))).1, "key")
}

#[test]
fn a_host_of_a_project_runs_every_flow_that_is_compiled_and_each_changes_by_itself() {
    let (place, temporal) = (Place::new(&[]), temporal::Server::start());
    lend(&place, "srv");
    let server = Asked::start(&place, "srv");
    let (greet, part) = (made(&server, "greet"), made(&server, "part"));
    assert_eq!(compiled(&server, (&greet, "greet"), "first"), 1);
    let ((url, _), key, what) = (server.place(), hosts_key(&server), ("WEIR_PROJECT", "default"));
    let host = Hosting::start(project(), url, &key, what, &temporal);
    let one = "/api/projects/default/hosts/one";
    until(&server, &greet, one, &host, runs_of(&greet, 1));
    begin(&temporal, "greet", "a");

    // What is compiled later is taken up, and disturbs nothing else.
    assert_eq!(compiled(&server, (&part, "part"), "farewell"), 1);
    until(&server, &greet, one, &host, runs_of(&part, 1));
    assert_eq!(compiled(&server, (&greet, "greet"), "second"), 2);
    let told = until(&server, &greet, one, &host, runs_of(&greet, 2));
    assert_eq!(finishing(on(&told, &greet)).as_deref(), Some("[1]"), "a run stays with it");
    assert!(runs_of(&part, 1)(&told), "{}", told.to_json());
    begin(&temporal, "greet", "b");
    begin(&temporal, "part", "c");
    assert!(ended(&temporal, "b").contains("second"));

    // One that was killed finds again which code has runs, of every flow.
    let host = Hosting::start(host.kill(), url, &key, what, &temporal);
    assert!(ended(&temporal, "a").contains("first"), "{}", host.said());
    assert!(ended(&temporal, "c").contains("farewell"), "{}", host.said());
    until(&server, &greet, one, &host, runs_of(&greet, 2));
    let told = until(&server, &greet, &format!("/api/flows/{part}/hosts/one"), &host, runs(1));
    assert_eq!(told.get("wholeProject"), Some(&Value::Bool(true)));
    let listed = place.weir(&["projects", "hosts", "default"]);
    let cells = |line: &str| line.split_whitespace().take(5).map(str::to_owned).collect::<Vec<_>>();
    let is_told = listed.out.lines().any(|line| cells(line) == ["one", "part", "running", "true", "1"]);
    assert!(listed.code == 0 && is_told, "{listed:?}");

    // A flow that is deleted gets no new runs here, and those it has go on, on a host that is begun later, too.
    begin(&temporal, "part", "d");
    assert_eq!(server.ask("DELETE", &format!("/api/flows/{part}"), None).0, 204);
    until(&server, &greet, one, &host, ends(&part));
    let host = Hosting::start(host.kill(), url, &key, what, &temporal);
    until(&server, &greet, one, &host, |told| ends(&part)(told) && runs_of(&greet, 2)(told));
    assert!(ended(&temporal, "d").contains("farewell"), "{}", host.said());

    // Once it has come back, what is compiled then runs, whatever the host still has of the code before.
    assert_eq!(server.ask("POST", &format!("/api/deleted-flows/{part}/restore"), None).0, 200);
    assert_eq!(compiled(&server, (&part, "part"), "again"), 2, "numbers go on");
    let told = until(&server, &greet, one, &host, runs_of(&part, 2));
    let newest = server.get(&format!("/api/flows/{part}/compilations"));
    let newest = &newest.get("items").and_then(Value::as_array).unwrap()[0];
    assert_eq!(text(on(&told, &part).unwrap(), "hash"), text(newest, "hash"));
    begin(&temporal, "part", "e");
    assert!(ended(&temporal, "e").contains("again"), "{}", host.said());
    drop(host);
    let (_, told) = server.ask("GET", one, None);
    assert_eq!((text(&told, "state"), told.get("healthy")), ("stopped".to_owned(), Some(&Value::Bool(false))));
    server.stop();
}
