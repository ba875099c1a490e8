//! The command against a server, as a person uses it: sign in, push, run, look, mend, sign out.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::process::{Ended, Going, Place, text};
use weir_base::Value;
use weir_vault::totp::{Totp, step_at};

const GREET: &str = "type: Sequence
id: greet
children:
  - {type: LogMessage, id: heard, props: {message: \"somebody came\"}}
  - {type: PrintAction, id: hello, props: {message: \"Hello {{ input.name.toUpperCase() }}\"}}
";

/// A server with its data beside the flows.
struct Served {
    going: Going,
    url: String,
    password: Option<String>,
}

fn serve(place: &Place) -> Served {
    let first = !place.path("srv").exists();
    let mut going = place.start(&["serve", "--listen", "127.0.0.1:0", "--data", "srv"]);
    let password = first.then(|| going.until("  password  ").split_whitespace().nth(1).unwrap().to_owned());
    let url = going.until("serving ").split_whitespace().nth(1).unwrap().to_owned();
    going.until("  sign in ");
    Served { going, url, password }
}

impl Served {
    fn stop(self) {
        self.going.terminate();
        let ended = self.going.end();
        assert_eq!(ended.code, 0, "{ended:?}");
    }
}

/// A command that reads this from standard input.
#[track_caller]
fn piped(place: &Place, args: &[&str], input: &str) -> Ended {
    let folder = place.path("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(&folder).args(args).env("HOME", folder.join("home")).env_remove("XDG_CONFIG_HOME");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let own = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap_or(-1), out: own(output.stdout), err: own(output.stderr) }
}

#[track_caller]
fn well(ended: Ended) -> Ended {
    assert_eq!(ended.code, 0, "{ended:?}");
    ended
}

fn sign_in(place: &Place, served: &Served) {
    let args = ["login", "--server", &served.url, "--email", "owner@localhost"];
    well(piped(place, &args, &format!("{}\n", served.password.as_ref().unwrap())));
}

#[test]
fn a_flow_is_pushed_run_looked_at_and_mended() {
    let place = Place::new(&[("greet.yaml", GREET)]);
    let served = serve(&place);
    let url = served.url.clone();
    place.weir(&["flows", "ls", "--server", &url]).says(2, "there is no key for");
    piped(&place, &["login", "--server", &url, "--email", "owner@localhost"], "wrong\n").says(1, "UNAUTHENTICATED");
    sign_in(&place, &served);
    let kept = place.path("home/.config/weir/servers.json");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);

    // The flow, named after its file.
    assert!(well(place.weir(&["flows", "push", "greet.yaml"])).out.starts_with("made default/greet, revision 1"));
    assert!(well(place.weir(&["flows", "push", "greet.yaml"])).out.starts_with("changed default/greet"));
    place.weir(&["flows", "create", "greet.yaml"]).says(1, "NAME_TAKEN");
    well(place.weir(&["flows", "check", "greet"]));
    let broken = "type: Sequence\nid: s\nchildren:\n- {type: LogMesage, id: w}\n";
    std::fs::write(place.path("broken.yaml"), broken).unwrap();
    well(place.weir(&["flows", "push", "broken.yaml"]));
    let found = place.weir(&["flows", "check", "broken"]);
    assert!(found.err.contains("broken.yaml:4:10") && found.err.contains("did you mean `LogMessage`?"), "{found:?}");
    found.says(1, "it cannot run");
    well(place.weir(&["flows", "publish", "default/greet", "--notes", "first"]));
    assert_eq!(text(&well(place.weir(&["flows", "start", "greet", "--json"])).json(), "status"), "running");
    let versions = well(place.weir(&["flows", "versions", "greet", "--json"])).json();
    assert_eq!(versions.get("items").and_then(Value::as_array).unwrap().len(), 1);
    place.weir(&["flows", "status", "nothing"]).says(2, "there is no flow `nothing`");
    place.weir(&["flows", "status", "quote"]).says(2, "did you mean demo/quote?");
    place
        .weir(&["flows", "runtimes", "main"])
        .says(2, "no connection to Temporal is called `main`; the server has none");
    place.weir(&["flows", "compile", "greet"]).says(1, "TOOLCHAIN_MISSING");
    for what in ["compilations", "hosts"] {
        let none = well(place.weir(&["flows", what, "greet", "--json"])).json();
        assert_eq!(none.get("items").and_then(Value::as_array), Some(&[][..]), "{what}");
    }

    // A run of the version that is switched on; one of a key, however often it is asked for.
    std::fs::write(place.path("ada.json"), "{\"name\":\"Ada\"}").unwrap();
    let ran = well(place.weir(&["flows", "run", "greet", "--input", "@ada.json"]));
    assert!(ran.out.contains("Hello ADA") && ran.err.contains("greet/hello"), "{ran:?}");
    let [first, second] = [1, 2].map(|_| {
        let args = ["flows", "run", "greet", "--input", "{\"name\":\"Bo\"}", "--once", "k", "--json"];
        text(&well(place.weir(&args)).json(), "run")
    });
    assert_eq!(first, second);
    place.weir(&["flows", "run", "greet", "--input", "{"]).says(2, "--input");
    place.weir(&["flows", "run", "greet", "--input", "@none.json"]).says(2, "none.json");
    place.weir(&["flows", "run", "nothing"]).says(2, "there is no flow `nothing`");

    // A run that succeeds, and one that fails; both shown as those of this machine.
    let ran = place.weir(&["run", "greet.yaml", "--server", &url, "--json", "--input", "{\"name\":\"Ada\"}"]);
    assert_eq!(well(ran).json().get("output").and_then(Value::as_str), Some("Hello ADA"));
    let temporal = ["run", "greet.yaml", "--on", "temporal", "--temporal", "127.0.0.1:1"];
    place.weir(&[&temporal[..], &["--server", &url]].concat()).says(2, "--on temporal (`weir flows start");
    let ended = place.start_with(&temporal, &[("WEIR_SERVER", &url)]).end();
    assert!(ended.err.contains("TEMPORAL_") && ended.out.is_empty(), "what is said counts: {ended:?}");
    let failed = place.weir(&["run", "greet.yaml", "--server", &url, "--input", "{}"]);
    failed.says(1, "EXPRESSION_TYPE");
    assert!(failed.err.contains("│           somebody came"), "{failed:?}");
    let listed = well(place.weir(&["runs", "ls", "--server", &url, "--status", "failed", "--json"])).json();
    let run = text(&listed.get("runs").and_then(Value::as_array).unwrap()[0], "run");
    let shown = well(place.weir(&["runs", "show", &run, "--server", &url, "--json"])).json();
    assert_eq!(text(&shown, "status"), "failed");
    let journal = well(place.weir(&["runs", "journal", &run, "--server", &url, "--json"]));
    let first = Value::from_json(journal.out.lines().next().unwrap()).unwrap();
    assert_eq!((text(&first, "type"), first.get("seq").and_then(Value::as_u64)), ("started".to_owned(), Some(1)));
    let replayed = well(place.weir(&["replay", &run, "--to", "1", "--server", &url, "--json"])).json();
    assert_eq!(text(&replayed, "status"), "running");
    let again = well(place.weir(&["fork", &run, "--at", "1", "--dry-run", "--json", "--server", &url])).json();
    assert_eq!(again.to_json(), r#"{"again":["greet/heard"]}"#);
    let forked = place.weir(&["fork", &run, "--at", "1", "--set", "input.name=\"Eve\"", "--json", "--server", &url]);
    assert_eq!(text(&well(forked).json(), "output"), "Hello EVE");
    place.weir(&["runs", "show", "nothing", "--server", &url]).says(2, "there is no run `nothing`");
    place.weir(&["runs", "cancel", &run, "--server", &url]).says(1, "RUN_ENDED");

    // What would come of a fixed flow can be asked for while the server owns the data.
    place.file("fixed.yaml", GREET.replace("input.name.toUpperCase()", "input.name ?? 'stranger'"));
    let asked = well(place.weir(&["resume", &run, "--with", "fixed.yaml", "--dry-run", "--data", "srv"]));
    assert!(asked.out.contains("compatible, resumes at greet/hello"), "{asked:?}");
    place.weir(&["resume", "nothing", "--with", "fixed.yaml", "--dry-run", "--data", "srv"]).says(2, "there is no run");
    assert_eq!(text(&well(place.weir(&["runs", "show", &run, "--server", &url, "--json"])).json(), "status"), "failed");

    // Kept as a test, here as there, and run from its journal.
    for (out, at) in [("kept", ["--server", &url]), ("own", ["--data", "srv"])] {
        well(place.weir(&[&["save-test", &run, "--out", out][..], &at[..]].concat()));
        well(place.weir(&["test", out]));
    }
    for name in ["journal.jsonl", "expected.json"] {
        let read = |folder: &str| std::fs::read_to_string(place.path(&format!("{folder}/{name}"))).unwrap();
        assert_eq!(read("kept"), read("own"), "{name}");
    }
    place.weir(&["save-test", "nothing", "--out", "none", "--server", &url]).says(2, "there is no run `nothing`");
    place.weir(&["save-test", &run, "--out", "kept", "--server", &url]).says(2, "is not empty");

    // Many at once, and what started them.
    let trials = ["runs", "ls", "--trigger", "trial", "--json", "--server", &url];
    let trials = well(place.weir(&trials)).json();
    let trials = trials.get("runs").and_then(Value::as_array).unwrap();
    assert!(trials.iter().all(|run| text(run, "trigger") == "trial") && trials.len() == 2, "{trials:?}");
    let dry = ["runs", "bulk", "retry", "--flow", "greet", "--status", "failed", "--dry-run", "--server", &url];
    assert_eq!(well(place.weir(&dry)).out.trim(), "1 runs");
    // What fails by itself fails again; a fixed flow is what helps.
    place
        .weir(&["runs", "bulk", "retry", &run, "--server", &url])
        .says(1, "NOT_RESUMED: it is failed again at greet/hello");
    place.weir(&["runs", "bulk", "cancel", &run, "--server", &url]).says(1, "RUN_ENDED");
    place.weir(&["runs", "bulk", "cancel", "--server", &url]).says(2, "say which runs");

    // Mended: what was finished is not done again.
    let resume = ["resume", &run, "--with", "fixed.yaml", "--server", &url, "--json"];
    let mended = well(place.weir(&resume)).json();
    let mended = &mended.get("runs").and_then(Value::as_array).unwrap()[0];
    assert_eq!((text(mended, "status"), text(mended, "output")), ("succeeded".into(), "Hello stranger".into()));
    let rest = well(place.weir(&["resume", "--failed", "--flow", "greet", "--server", &url]));
    assert!(rest.err.contains("no failed run"), "{rest:?}");

    // Signed out, the key opens nothing.
    let key = text(
        &Value::from_json(&std::fs::read_to_string(&kept).unwrap())
            .unwrap()
            .get("servers")
            .unwrap()
            .as_array()
            .unwrap()[0],
        "key",
    );
    well(place.weir(&["logout"]));
    piped(&place, &["login", "--server", &url, "--key", "-"], &key).says(1, "UNAUTHENTICATED");
    place.weir(&["flows", "ls"]).says(2, "which server?");
    served.stop();
}

#[test]
fn secrets_variables_keys_and_the_rest() {
    let place = Place::new(&[("greet.yaml", GREET)]);
    let served = serve(&place);
    sign_in(&place, &served);
    let listed = |args: &[&str]| {
        let found = well(place.weir(&[args, &["--json"]].concat())).json();
        found.get("items").and_then(Value::as_array).unwrap().to_vec()
    };
    well(piped(&place, &["secrets", "set", "mail", "--server", &served.url], "canary-7313\n"));
    let secrets = well(place.weir(&["secrets", "ls", "--json"]));
    assert!(secrets.out.contains("\"mail\"") && !secrets.out.contains("canary"), "{secrets:?}");
    well(place.weir(&["secrets", "rm", "mail"]));
    assert!(listed(&["secrets", "ls"]).is_empty());
    well(place.weir(&["vars", "set", "total", "{\"a\": 7}"]));
    assert_eq!(
        well(place.weir(&["vars", "get", "total", "--json"])).json().get("value").unwrap().to_json(),
        "{\"a\":7}"
    );
    well(place.weir(&["vars", "rm", "total"]));
    place.weir(&["vars", "get", "total"]).says(2, "NOT_FOUND");
    let key = well(place.weir(&["keys", "create", "ci", "--role", "viewer", "--json"])).json();
    assert!(listed(&["keys", "ls"]).iter().any(|one| text(one, "name") == "ci"));
    well(place.weir(&["keys", "revoke", &text(&key, "id")]));
    well(place.weir(&["projects", "create", "shop"]));
    assert!(listed(&["projects", "ls"]).iter().any(|one| text(one, "name") == "shop"));
    assert_eq!(text(&listed(&["members", "ls"])[0], "email"), "owner@localhost");
    well(place.weir(&["members", "invite", "mira@example.org", "--role", "editor"]));
    well(place.weir(&["flows", "push", "greet.yaml", "--project", "shop"]));
    let hook = well(place.weir(&["triggers", "create", "shop/greet", "--answer", "result"])).out;
    let rotated = well(place.weir(&["triggers", "rotate", "shop/greet", "webhook"])).out;
    assert!(hook.starts_with(&served.url) && hook != rotated, "{hook} {rotated}");
    well(place.weir(&["triggers", "create", "shop/greet", "--cron", "0 9 * * *", "--zone", "Europe/Berlin"]));
    assert_eq!(listed(&["triggers", "ls", "shop/greet"]).len(), 2);
    well(place.weir(&["triggers", "rm", "shop/greet", "schedule"]));
    well(place.weir(&["flows", "delete", "shop/greet"]));
    assert!(!listed(&["audit", "ls", "--action", "flow.deleted"]).is_empty());
    place.weir(&["check", "greet.yaml", "--server", &served.url]).says(2, "works on a data folder");
    served.stop();
}

/// One run at a time.
const ONE: &str = "type: Sequence
id: one
settings: {concurrency: {limit: 1}}
children:
  - {type: WaitAction, id: hold, props: {waitMs: 1h}}
";

#[test]
fn a_run_that_waits_for_its_turn_has_begun_nothing() {
    let place = Place::new(&[("one.yaml", ONE)]);
    let served = serve(&place);
    sign_in(&place, &served);
    well(place.weir(&["flows", "push", "one.yaml"]));
    well(place.weir(&["flows", "publish", "one"]));
    well(place.weir(&["flows", "start", "one"]));
    let run = || text(&place.weir(&["flows", "run", "one", "--no-wait", "--json"]).json(), "run");
    let (first, second) = (run(), run());
    let show =
        |run: &str, more: &[&str]| well(place.weir(&[&["runs", "show", run, "--server", &served.url], more].concat()));
    let steps = |run: &str| show(run, &["--json"]).json().get("steps").and_then(Value::as_array).unwrap().len();
    assert_eq!((steps(&first), steps(&second)), (2, 0));
    assert_eq!(text(&show(&second, &["--json"]).json(), "status"), "pending");
    let shown = show(&second, &[]).out;
    assert!(shown.starts_with(&format!("{second}  one  pending\n")) && !shown.contains("hold"), "{shown}");
    served.stop();
}

/// A command whose lines are heard as they come.
fn follower(place: &Place, args: &[&str]) -> (Child, Receiver<String>) {
    let folder = place.path("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(&folder).args(args).env("HOME", folder.join("home")).env_remove("XDG_CONFIG_HOME");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (send, lines) = channel();
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
    (child, lines)
}

#[test]
fn a_flows_events_are_followed_until_one_has_seen_enough() {
    let place = Place::new(&[("greet.yaml", GREET)]);
    let served = serve(&place);
    sign_in(&place, &served);
    well(place.weir(&["flows", "push", "greet.yaml"]));
    well(place.weir(&["flows", "start", "greet"]));
    place.weir(&["flows", "logs", "nothing"]).says(2, "there is no flow `nothing`");
    for json in [false, true] {
        let follow = ["flows", "logs", "greet", "--server", &served.url, "--json"];
        let (mut child, lines) = follower(&place, &follow[..if json { 6 } else { 5 }]);
        // Whoever follows hears of what happens once the server has heard of him: a run now and then, until it has.
        let run = ["run", "greet.yaml", "--server", &served.url, "--input", "{\"name\":\"Ada\"}"];
        let heard = (0..50).find_map(|_| {
            well(place.weir(&run));
            std::iter::from_fn(|| lines.recv_timeout(Duration::from_millis(500)).ok())
                .find(|line| line.contains("succeeded"))
        });
        let line = heard.expect("the end of a run is heard of");
        match json {
            true => {
                let event = Value::from_json(&line).unwrap();
                assert_eq!(text(&event, "event"), "state");
                assert_eq!(event.get("data").map(|data| text(data, "flow")), Some("greet".to_owned()));
            }
            false => assert!(line.contains("  state "), "{line}"),
        }
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "it ends well when it is asked to");
    }
    served.stop();
}

#[test]
fn a_key_made_elsewhere_is_kept_with_its_organisation() {
    let place = Place::new(&[]);
    let served = serve(&place);
    sign_in(&place, &served);
    let made = well(place.weir(&["keys", "create", "ci", "--role", "viewer", "--scope", "runs.read", "--json"])).json();
    let tenant = |place: &Place| {
        let kept = std::fs::read_to_string(place.path("home/.config/weir/servers.json")).unwrap();
        text(&Value::from_json(&kept).unwrap().get("servers").unwrap().as_array().unwrap()[0], "tenant")
    };
    let own = tenant(&place);
    well(place.weir(&["logout"]));
    let key = text(&made, "key");
    let login = ["login", "--server", &served.url, "--key", "-"];
    piped(&place, &[&login[..], &["--tenant", "another"]].concat(), &key).says(2, "not of `another`");
    well(piped(&place, &login, &key));
    assert_eq!((tenant(&place), own.is_empty()), (own, false), "a key that may look at runs alone is enough");
    well(place.weir(&["runs", "ls", "--server", &served.url]));
    served.stop();
}

/// A request in the way of a browser: its status, its cookie, and the JSON that came back.
#[track_caller]
fn browse(url: &str, line: &str, session: (&str, &str), body: &Value) -> (u16, String, Value) {
    let (host, (cookie, csrf)) = (url.strip_prefix("http://").unwrap(), session);
    let (body, mut stream) = (body.to_json(), TcpStream::connect(host).unwrap());
    let head = format!("{line} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nx-csrf-token: {csrf}\r\n");
    let rest = format!("content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all([head, rest, body].concat().as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, cookie.unwrap_or_default().to_owned(), Value::from_json(body).unwrap_or_default())
}

fn credentials(password: &str, code: Option<&str>) -> Value {
    let given = [("email", Some("owner@localhost")), ("password", Some(password)), ("code", code)];
    Value::object(given.into_iter().filter_map(|(name, value)| Some((name, value?.into()))))
}

/// Sets an authenticator up for the owner.
fn two_factor(served: &Served) -> Totp {
    let body = credentials(served.password.as_ref().unwrap(), None);
    let (_, cookie, session) = browse(&served.url, "POST /api/session", ("", ""), &body);
    let csrf = text(&session, "csrf");
    let (_, _, offered) = browse(&served.url, "POST /api/two-factor", (&cookie, &csrf), &Value::object([]));
    let totp = Totp::parse(&text(&offered, "secret")).unwrap();
    let code = Value::object([("code", totp.code(step()).into())]);
    let (status, ..) = browse(&served.url, "PUT /api/two-factor", (&cookie, &csrf), &code);
    assert_eq!(status, 200);
    totp
}

/// The time step of one-time codes.
fn step() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    step_at(i64::try_from(now.as_micros()).unwrap())
}

#[test]
fn a_new_master_key_opens_everything_and_the_old_one_can_go() {
    let place = Place::new(&[("greet.yaml", GREET)]);
    let served = serve(&place);
    sign_in(&place, &served);
    well(piped(&place, &["secrets", "set", "mail"], "canary-7313"));
    let address = |served: &Served| {
        let args = ["triggers", "ls", "demo/welcome", "--json", "--server", &served.url];
        let found = well(place.weir(&args)).json();
        let url = text(&found.get("items").and_then(Value::as_array).unwrap()[0], "url");
        url.strip_prefix(&served.url).unwrap().to_owned()
    };
    let (before, totp) = (address(&served), two_factor(&served));
    let password = served.password.clone().unwrap();
    place.weir(&["serve", "rotate-keys", "--data", "srv"]).says(1, "is in use by");
    served.stop();

    let key_file = place.path("srv/master.key");
    let rotated = well(place.weir(&["serve", "--data", "srv", "rotate-keys", "--json"])).json();
    // Three webhooks of the demo, the secret, and the authenticator's key.
    assert_eq!(
        (rotated.get("rewrapped").and_then(Value::as_u64), rotated.get("already").and_then(Value::as_u64)),
        (Some(5), Some(0))
    );
    let again = well(place.weir(&["serve", "--data", "srv", "rotate-keys", "--keep-key", "--json"])).json();
    assert_eq!(again.get("already").and_then(Value::as_u64), Some(5));
    let keys = std::fs::read_to_string(&key_file).unwrap();
    assert_eq!(keys.lines().count(), 2);
    assert_eq!(std::fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&key_file, keys.lines().last().unwrap()).unwrap();

    let served = serve(&place);
    let login: String = std::fs::read_to_string(place.path("home/.config/weir/servers.json")).unwrap();
    let key = text(&Value::from_json(&login).unwrap().get("servers").unwrap().as_array().unwrap()[0], "key");
    well(piped(&place, &["login", "--server", &served.url, "--key", "-"], &key));
    assert_eq!(address(&served), before, "the address is opened with the new key alone");
    let knock = |code: Option<&str>| browse(&served.url, "POST /api/session", ("", ""), &credentials(&password, code));
    let (status, _, problem) = knock(None);
    assert_eq!((status, &*text(&problem, "code")), (401, "TOTP_NEEDED"));
    // No code counts twice: the next one, which is taken a little early.
    assert_eq!(knock(Some(&totp.code(step() + 1))).0, 200, "the authenticator's key is opened with the new key alone");
    served.stop();
}

/// Remembers who came, and says how often.
const GUESTS: &str = "type: Sequence
id: guests
settings: {memory: {}}
children:
  - {type: Memory, id: count, props: {op: increment, key: \"visits/{{ input.body.name }}\", outputKey: visits}}
";

#[test]
fn flows_are_opened_at_paths_and_remember() {
    let place = Place::new(&[("guests.yaml", GUESTS)]);
    let served = serve(&place);
    sign_in(&place, &served);
    well(place.weir(&["flows", "push", "guests.yaml", "--server", &served.url]));
    well(place.weir(&["flows", "start", "guests"]));

    // A flow at a path, for whoever has a key of it.
    let opened = well(place.weir(&["interfaces", "create", "door", "--flow", "guests", "--rate", "100"]));
    let path = opened.out.trim().strip_prefix(&served.url).expect("an address here").to_owned();
    let key = well(place.weir(&["interfaces", "add-key", "door", "shop"])).out.trim().to_owned();
    assert!(key.starts_with("weirp_"), "{key}");
    let call = |key: &str| {
        let headers = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
        let body = r#"{"name": "ada"}"#;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(served.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = call(&key);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("ratelimit-limit: 100"), "{answer}");
    assert!(call("nobody").starts_with("HTTP/1.1 401"));
    assert!(well(place.weir(&["interfaces", "ls"])).out.contains("door"));
    assert!(well(place.weir(&["interfaces", "show", "door"])).out.contains("\"shop\""));
    place.weir(&["interfaces", "create", "more", "--flow", "guests", "--auth", "jwt"]).says(2, "--jwks-url");
    place.weir(&["interfaces", "create", "more"]).says(2, "--flow");
    place.weir(&["interfaces", "revoke-key", "door", "other"]).says(2, "has no key `other`");
    well(place.weir(&["interfaces", "revoke-key", "door", "shop"]));
    assert!(call(&key).starts_with("HTTP/1.1 401"));
    well(place.weir(&["interfaces", "rm", "door"]));
    assert!(call(&key).starts_with("HTTP/1.1 404"));

    // What the flow remembers.
    assert_eq!(well(place.weir(&["memory", "get", "guests", "visits/ada"])).out.trim(), "1");
    well(place.weir(&["memory", "set", "guests", "visits/bo", "7"]));
    assert!(well(place.weir(&["memory", "show", "guests"])).out.starts_with("2 entries, 21 of 10485760 bytes"));
    assert!(well(place.weir(&["memory", "ls", "guests"])).out.contains("visits/bo"));
    well(place.weir(&["memory", "rm", "guests", "visits/bo"]));
    place.weir(&["memory", "get", "guests", "visits/bo"]).says(2, "NOT_FOUND");
    well(place.weir(&["memory", "clear", "guests"]));
    assert!(well(place.weir(&["memory", "show", "guests"])).out.starts_with("0 entries"));

    // Variables of another project, through an interface.
    for project in ["alpha", "beta"] {
        well(place.weir(&["projects", "create", project]));
    }
    well(place.weir(&["vars", "set", "total", "5", "--project", "beta"]));
    let through = ["--project", "beta", "--through", "stats", "--as", "alpha"];
    place.weir(&[&["vars", "get", "total"], &through[..]].concat()).says(2, "NOT_FOUND");
    place.file(
        "stats.json",
        r#"{"type": "variables", "read": ["total"], "write": ["total"], "allow": [{"project": "alpha"}]}"#,
    );
    well(place.weir(&["interfaces", "create", "stats", "--project", "beta", "--spec", "@stats.json"]));
    assert_eq!(well(place.weir(&[&["vars", "get", "total"], &through[..]].concat())).out.trim(), "5");
    well(place.weir(&[&["vars", "set", "total", "6"], &through[..]].concat()));
    assert_eq!(well(place.weir(&["vars", "get", "total", "--project", "beta"])).out.trim(), "6");
    assert!(well(place.weir(&["audit", "ls", "--action", "interface.written"])).out.contains("interface.written"));
    served.stop();
}

/// A draft becomes again what a version was; versions, and what runs, stay what they are.
#[test]
fn a_draft_becomes_what_a_version_was() {
    let place = Place::new(&[("greet.yaml", GREET)]);
    let served = serve(&place);
    sign_in(&place, &served);
    well(place.weir(&["flows", "push", "greet.yaml"]));
    well(place.weir(&["flows", "publish", "greet"]));
    place.file("greet.yaml", GREET.replace("somebody came", "somebody left"));
    well(place.weir(&["flows", "push", "greet.yaml"]));
    well(place.weir(&["flows", "publish", "greet"]));
    well(place.weir(&["flows", "start", "greet"]));
    let shown = || well(place.weir(&["flows", "show", "greet", "--json"])).json();
    let says = |flow: &Value, what: &str| flow.to_json().contains(what);
    let before = shown();
    let restore = |more: &[&str]| place.weir(&[&["flows", "restore", "greet", "--server", &served.url], more].concat());

    restore(&["--at-version", "3"]).says(2, "there is no version 3 of `greet`; `weir flows versions greet` lists them");
    restore(&["--at-version", "one"]).says(2, "--at-version");
    place.weir(&["flows", "restore", "nothing", "--at-version", "1"]).says(2, "there is no flow `nothing`");
    restore(&[]).says(2, "no deleted flow is called `greet`");
    assert_eq!(shown(), before, "none of these has changed it");

    let back = well(restore(&["--at-version", "1"]));
    assert!(back.out.contains("the draft of default/greet is version 1 again, revision 3"), "{back:?}");
    let first = shown();
    assert!(says(&first, "somebody came") && !says(&first, "somebody left"), "{}", first.to_json());
    let status = |flow: &Value, member: &str| flow.get("status").and_then(|status| status.get(member)).cloned();
    assert_eq!((status(&first, "version"), status(&first, "published")), (Some(2.into()), Some(2.into())));
    // Once more is one more save of the same.
    let again = well(restore(&["--at-version", "1", "--json"])).json();
    assert_eq!((again.get("files"), again.get("revision")), (first.get("files"), Some(&Value::from(4))));
    assert!(says(&well(restore(&["--at-version", "2", "--json"])).json(), "somebody left"));
    served.stop();
}
