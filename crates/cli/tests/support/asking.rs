//! A server of its own that is asked over HTTP, with the key that signing in makes.

use super::process::{Going, Place};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use weir_base::Value;

pub struct Asked {
    going: Going,
    url: String,
    key: String,
}

impl Asked {
    /// On the data in `folder`, which nobody has served yet.
    #[track_caller]
    pub fn start(place: &Place, folder: &str) -> Self {
        let mut going = place.start(&["serve", "--listen", "127.0.0.1:0", "--data", folder]);
        let password = going.until("  password  ").split_whitespace().nth(1).unwrap().to_owned();
        let url = going.until("serving ").split_whitespace().nth(1).unwrap().to_owned();
        going.until("  sign in ");
        sign_in(place, &url, &password);
        let kept = std::fs::read_to_string(place.path("home/.config/weir/servers.json")).unwrap();
        let key = kept.split('"').find(|piece| piece.starts_with("weir_")).unwrap().to_owned();
        Self { going, url, key }
    }

    /// The answer, which has to be a 200.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, Some(body));
        assert_eq!(status, 200, "{}", answer.to_json());
        answer
    }

    /// The answer, which has to be a 200.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, None);
        assert_eq!(status, 200, "{}", answer.to_json());
        answer
    }

    /// The status and the answer as JSON; null where there is none.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let (host, body) = (self.url.strip_prefix("http://").unwrap(), body.map(Value::to_json).unwrap_or_default());
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             If-Match: *\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap();
        (status, Value::from_json(body).unwrap_or_default())
    }

    /// Where it is, and the key it is asked with.
    pub fn place(&self) -> (&str, &str) {
        (&self.url, &self.key)
    }

    #[track_caller]
    pub fn stop(self) {
        self.going.terminate();
        let ended = self.going.end();
        assert_eq!(ended.code, 0, "{ended:?}");
    }
}

#[track_caller]
fn sign_in(place: &Place, url: &str, password: &str) {
    let folder = place.path("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.current_dir(&folder).args(["login", "--server", url, "--email", "owner@localhost"]);
    command.env("HOME", folder.join("home")).env_remove("XDG_CONFIG_HOME");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
