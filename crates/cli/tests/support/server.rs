//! A server as a process of its own, asked over HTTP; it can be killed and started again on the same data.

use super::process::{Going, Place, text};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use weir_base::Value;

/// However busy the machine is, an answer comes within this.
pub const PATIENCE: Duration = Duration::from_secs(120);

const CONFIG: &str = "ownerEmail: me@localhost\nownerPassword: correct horse battery\ndemo: false\n";

/// The server, and a key for it.
pub struct Server {
    going: Going,
    address: String,
    key: String,
}

impl Server {
    /// The first of this place, which has nothing to serve yet.
    pub fn first(place: &Place) -> Self {
        Self::configured(place, "")
    }

    /// With more settings.
    pub fn configured(place: &Place, more: &str) -> Self {
        place.file("weir.yaml", format!("{CONFIG}{more}"));
        let mut server = Self::start(place, "");
        server.sign_in();
        server
    }

    fn start(place: &Place, key: &str) -> Self {
        let mut going = place.start(&["serve", "--listen", "127.0.0.1:0", "--config", "weir.yaml"]);
        let line = going.until("serving http://");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
        Self { going, address, key: key.to_owned() }
    }

    /// After kill -9, the next one on the same data.
    pub fn killed(self, place: &Place) -> Self {
        self.going.kill();
        Self::start(place, &self.key)
    }

    /// With data that are there already, for which this key is good.
    #[allow(dead_code)]
    pub fn again(place: &Place, more: &str, key: &str) -> Self {
        place.file("weir.yaml", format!("{CONFIG}{more}"));
        Self::start(place, key)
    }

    #[allow(dead_code)]
    pub fn key(&self) -> String {
        self.key.clone()
    }

    /// Waits for a line of its log with this text.
    #[allow(dead_code)]
    #[track_caller]
    pub fn until(&mut self, piece: &str) -> String {
        self.going.until(piece)
    }

    #[track_caller]
    pub fn stop(self) {
        self.going.terminate();
        let ended = self.going.end();
        assert_eq!(ended.code, 0, "{ended:?}");
    }

    /// One request; the status, the head and the body of the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Type: application/json");
        write!(stream, "{head}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        (status, head.to_owned(), body.to_owned())
    }

    /// The answer of whoever has the key, and its status.
    pub fn answer(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.answer_with(method, path, "If-Match: *\r\n", body)
    }

    /// The same, asked with more in its head.
    fn answer_with(&self, method: &str, path: &str, head: &str, body: &str) -> (u16, Value) {
        let head = format!("Authorization: Bearer {}\r\n{head}", self.key);
        let (status, _, answer) = self.send(method, path, &head, body);
        (status, Value::from_json(&answer).unwrap_or_default())
    }

    /// An answer that is no JSON, and its status.
    #[allow(dead_code)]
    pub fn text(&self, method: &str, path: &str) -> (u16, String) {
        let (status, _, answer) = self.send(method, path, &format!("Authorization: Bearer {}\r\n", self.key), "");
        (status, answer)
    }

    /// A request that is answered well.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let (status, answer) = self.answer(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {}", answer.to_json());
        answer
    }

    /// Signs in and makes a key.
    fn sign_in(&mut self) {
        let body = r#"{"email":"me@localhost","password":"correct horse battery"}"#;
        let (status, head, session) = self.send("POST", "/api/session", "", body);
        assert_eq!(status, 200, "{session}");
        let cookie = head.lines().find_map(|line| line.to_lowercase().starts_with("set-cookie: ").then(|| &line[12..]));
        let cookie = cookie.unwrap().split(';').next().unwrap();
        let csrf = text(&Value::from_json(&session).unwrap(), "csrf");
        let headers = format!("Cookie: {cookie}\r\nX-CSRF-Token: {csrf}\r\n");
        let (status, _, key) = self.send("POST", "/api/keys", &headers, r#"{"name":"me"}"#);
        assert_eq!(status, 201, "{key}");
        self.key = text(&Value::from_json(&key).unwrap(), "key");
    }

    /// A flow that is switched on; its id.
    #[track_caller]
    pub fn running(&self, name: &str, source: &str) -> String {
        let flow = Value::object([("name", name.into()), ("source", source.into())]).to_json();
        let flow = text(&self.ask("POST", "/api/flows", &flow), "id");
        self.ask("POST", &format!("/api/flows/{flow}/start"), "");
        flow
    }

    /// As [`Server::inject`], by a key of which there is one run, however often it is said.
    #[allow(dead_code)]
    #[track_caller]
    pub fn inject_as(&self, flow: &str, input: Value, key: &str) -> String {
        let body = Value::object([("input", input)]).to_json();
        let head = format!("Idempotency-Key: {key}\r\n");
        let (status, answer) = self.answer_with("POST", &format!("/api/triggers/{flow}/inject"), &head, &body);
        assert!((200..300).contains(&status), "{status} {}", answer.to_json());
        text(&answer, "run")
    }

    /// Starts a run of a flow that is switched on; its id.
    #[track_caller]
    pub fn inject(&self, flow: &str, input: Value) -> String {
        let body = Value::object([("input", input)]).to_json();
        text(&self.ask("POST", &format!("/api/triggers/{flow}/inject"), &body), "run")
    }
}
