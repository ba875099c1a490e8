//! A server on loopback that writes down who asked it for what, and lets a path wait for its answer.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(120);

pub struct Witness {
    pub url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Paths and idempotency keys, in order of arrival.
    requests: Vec<(String, String)>,
    held: BTreeSet<String>,
}

impl Witness {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Seen>::default();
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = shared.clone();
                std::thread::spawn(move || drop(serve(stream, &seen)));
            }
        });
        Self { url, seen }
    }

    /// Requests for this path get no answer until [`Witness::release`].
    pub fn hold(&self, path: &str) {
        self.seen.state.lock().unwrap().held.insert(path.to_owned());
    }

    pub fn release(&self, path: &str) {
        self.seen.state.lock().unwrap().held.remove(path);
        self.seen.changed.notify_all();
    }

    /// Waits until a path has been asked for so many times.
    #[track_caller]
    pub fn until(&self, path: &str, times: usize) {
        let state = self.seen.state.lock().unwrap();
        let short = |state: &mut State| state.requests.iter().filter(|(asked, _)| asked == path).count() < times;
        let (state, waited) = self.seen.changed.wait_timeout_while(state, DEADLINE, short).unwrap();
        assert!(!waited.timed_out(), "{path} was not asked for {times} times: {:?}", state.requests);
    }

    pub fn paths(&self) -> Vec<String> {
        self.seen.state.lock().unwrap().requests.iter().map(|(path, _)| path.clone()).collect()
    }

    /// The idempotency keys a path was asked with.
    pub fn keys(&self, path: &str) -> Vec<String> {
        let state = self.seen.state.lock().unwrap();
        state.requests.iter().filter(|(asked, _)| asked == path).map(|(_, key)| key.clone()).collect()
    }
}

fn serve(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let path = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        match line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim())) {
            Some((name, value)) if name == "content-length" => length = value.parse().unwrap_or(0),
            Some((name, value)) if name == "idempotency-key" => key = value.to_owned(),
            _ => {}
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let mut state = seen.state.lock().unwrap();
    state.requests.push((path.clone(), key));
    seen.changed.notify_all();
    let held = |state: &mut State| state.held.contains(&path);
    drop(seen.changed.wait_timeout_while(state, DEADLINE, held).unwrap());
    let body = format!("{{\"path\":\"{path}\"}}");
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
