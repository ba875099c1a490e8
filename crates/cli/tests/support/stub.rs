//! A server that says what a test wants it to say, whoever asks.

use super::process::DEADLINE;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An answer to a question.
pub enum Reply {
    Json(u16, String),
    /// Events, after which the stream ends.
    Events(&'static str),
    /// Events, and then nothing.
    Silence(&'static str),
}

/// What is said to `METHOD /path`; for the events of a run, with how often these were asked for before.
pub type Script = fn(&str, usize) -> Reply;

/// It ends with the test.
pub struct Stub {
    pub url: String,
    /// How often events of a run were asked for.
    followed: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl Stub {
    /// Waits until somebody asks for events of a run, as long as a command may take; whether somebody did.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        let followed = || (self.followed.load(Ordering::SeqCst) > 0).then_some(());
        weir_testkit::until(DEADLINE, followed).is_some()
    }

    /// How many questions have come.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

pub fn stub(script: Script) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let followed = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let (counted, all) = (followed.clone(), asked.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let followed = counted.clone();
            all.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || answer(stream, script, &followed));
        }
    });
    Stub { url, followed, asked }
}

fn answer(mut stream: TcpStream, script: Script, followed: &AtomicUsize) {
    let question = question(&stream);
    let before = if question.ends_with("/events") { followed.fetch_add(1, Ordering::SeqCst) } else { 0 };
    let (head, body, stays) = match script(&question, before) {
        Reply::Json(status, body) => {
            let head = format!("{status} Said\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
            (head, body, false)
        }
        Reply::Events(text) => ("200 Said\r\ncontent-type: text/event-stream".to_owned(), text.to_owned(), false),
        Reply::Silence(text) => ("200 Said\r\ncontent-type: text/event-stream".to_owned(), text.to_owned(), true),
    };
    let _ = write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n{body}");
    // Whoever asked lets go when it ends.
    if stays {
        let _ = stream.read(&mut [0]);
    }
}

/// `METHOD /path` without the query, once all of the request is there.
fn question(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    lines.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    lines.read_exact(&mut vec![0; length]).unwrap();
    let words: Vec<&str> = first.split_whitespace().take(2).collect();
    words.join(" ").split('?').next().unwrap_or_default().to_owned()
}
