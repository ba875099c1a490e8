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
fn flow(says: &str) -> String {
    format!(
        r#"{{"ir": 1, "name": "greet", "dialect": "ir", "root": {{"id": "all", "sequence": {{"children": [
        {{"id": "go", "wait": {{"signal": {{"name": "go"}}}}}}, {{"id": "say", "return": {{"value": "{says}"}}}}]}}}}}}"#
    )
}

/// A host at work; it ends with the value.
struct Hosting {
    child: Child,
    place: Option<Place>,
}

impl Hosting {
    fn start(place: Place, server: &Asked, flow: &str, temporal: &temporal::Server) -> Self {
        let (url, key) = server.place();
        let said = File::create(place.path("said")).unwrap();
        let mut command = Command::new("node");
        command.arg("dist/hosting.js").current_dir(place.path("made"));
        command.env("WEIR_SERVER", url).env("WEIR_KEY", key).env("WEIR_FLOW", flow).env("WEIR_HOST", "one");
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

/// What the server knows of the host, once it is so.
#[track_caller]
fn until(server: &Asked, flow: &str, host: &Hosting, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (status, told) = server.ask("GET", &format!("/api/flows/{flow}/hosts/one"), None);
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

/// The project as somebody has it on a machine: written, with its packages, and built.
fn project() -> Place {
    let place = Place::new(&[("flow.json", &flow("none"))]);
    place.weir(&["compile", "flow.json", "--out", "made", "--no-verify"]).says(0, "its README.md says how to go on");
    lend_packages(&place, "made");
    let mut tsc = Command::new("node");
    let built = tsc.arg("node_modules/typescript/bin/tsc").current_dir(place.path("made")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    place
}

/// Writes a version, publishes and compiles it; its number.
fn compiled(server: &Asked, flow_id: &str, says: &str) -> u64 {
    let source = Value::object([("source", Value::from(flow(says)))]);
    let path = format!("/api/flows/{flow_id}");
    assert_eq!(server.ask("PUT", &path, Some(&source)).0, 200);
    assert_eq!(server.ask("POST", &format!("{path}/versions"), None).0, 201);
    let asked = Value::object([("taskQueue", Value::from("greetings"))]);
    let (status, made) = server.ask("POST", &format!("{path}/compilations"), Some(&asked));
    assert_eq!(status, 201, "{}", made.to_json());
    made.get("number").and_then(Value::as_u64).unwrap()
}

fn begin(temporal: &temporal::Server, id: &str) {
    let start = ["workflow", "start", "--type", "greetWorkflow", "--task-queue", "greetings", "--input", "null"];
    temporal.ask(&[&start[..], &["--workflow-id", id]].concat()).unwrap();
    // Answered once it has begun, on the code that then is the current one.
    temporal.ask(&["workflow", "query", "--type", "trace", "--workflow-id", id, "--command-timeout", "60s"]).unwrap();
}

/// Lets a run go on, and waits for what it says.
fn ended(temporal: &temporal::Server, id: &str) -> String {
    temporal.ask(&["workflow", "signal", "--name", "go", "--input", "null", "--workflow-id", id]).unwrap();
    temporal.ask(&["workflow", "result", "--workflow-id", id, "--output", "json", "--command-timeout", "120s"]).unwrap()
}

#[test]
fn a_host_changes_to_newer_code_by_itself_and_runs_end_on_the_code_they_began_with() {
    let (place, temporal) = (Place::new(&[]), temporal::Server::start());
    lend(&place, "srv");
    let server = Asked::start(&place, "srv");
    let made = Value::object([("name", Value::from("greet")), ("source", Value::from(flow("none")))]);
    let id = text(&server.ask("POST", "/api/flows", Some(&made)).1, "id");
    let (status, refused) = server.ask("POST", &format!("/api/flows/{id}/compilations"), None);
    assert_eq!((status, &*text(&refused, "code")), (409, "NOT_PUBLISHED"));

    assert_eq!(compiled(&server, &id, "first"), 1);
    assert_eq!(compiled(&server, &id, "first"), 1, "the same code is the same compilation");
    let host = Hosting::start(project(), &server, &id, &temporal);
    until(&server, &id, &host, runs(1));
    begin(&temporal, "a");

    assert_eq!(compiled(&server, &id, "second"), 2);
    let told = until(&server, &id, &host, runs(2));
    assert_eq!(told.get("finishing").map(Value::to_json).as_deref(), Some("[1]"), "a run stays with it");
    begin(&temporal, "b");
    assert!(ended(&temporal, "b").contains("second"));

    // One that was killed finds again which code has runs.
    let host = Hosting::start(host.kill(), &server, &id, &temporal);
    assert!(ended(&temporal, "a").contains("first"), "{}", host.said());
    until(&server, &id, &host, runs(2));

    let listed = server.get(&format!("/api/flows/{id}/compilations"));
    let hashes: Vec<String> =
        listed.get("items").and_then(Value::as_array).unwrap().iter().map(|one| text(one, "hash")).collect();
    assert_eq!(hashes.len(), 2);
    assert_ne!(hashes[0], hashes[1]);
    drop(host);
    let (_, told) = server.ask("GET", &format!("/api/flows/{id}/hosts/one"), None);
    assert_eq!((text(&told, "state"), told.get("healthy")), ("stopped".to_owned(), Some(&Value::Bool(false))));
    server.stop();
}
