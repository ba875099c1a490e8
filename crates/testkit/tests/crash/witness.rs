//! The witness as a process of its own: it hears by a loopback connection, one line for one answer.

use crate::notes::{Call, Notes};
use crate::probe::Outside;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tokio::io::AsyncReadExt;

const SEPARATOR: char = '\u{1f}';

/// Listens for as long as it lives. What is written to it counts as noted, even if the writer dies at once.
pub struct Witness {
    pub address: SocketAddr,
    notes: Arc<Mutex<Notes>>,
}

impl Witness {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let notes = Arc::<Mutex<Notes>>::default();
        let heard = notes.clone();
        // One connection after the other, in the order of connecting: see `settled`.
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept()
                && !hear(stream, &heard).unwrap_or(false)
            {}
        });
        Self { address, notes }
    }

    /// What is said from now on is said by the next life.
    pub fn begin_life(&self) {
        self.settled();
        self.notes.lock().unwrap().begin_life();
    }

    /// The notes, with everything that was said before now.
    pub fn settled(&self) -> Notes {
        say(self.address, "hello").expect("the witness answers");
        self.notes.lock().unwrap().clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = say(self.address, "end");
    }
}

/// Whether that was all. One who dies in the middle of a line has said nothing.
fn hear(stream: TcpStream, notes: &Mutex<Notes>) -> std::io::Result<bool> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let Some(line) = line.strip_suffix('\n') else { return Ok(false) };
    let mut answer = String::new();
    match line.split_once(' ').unwrap_or((line, "")) {
        ("call", rest) => Call::from_line(rest).into_iter().for_each(|call| notes.lock().unwrap().call(call)),
        ("acknowledge", what) => notes.lock().unwrap().acknowledge(what),
        ("acknowledged", _) => {
            let known: Vec<String> = notes.lock().unwrap().known().into_iter().collect();
            answer = known.join(&SEPARATOR.to_string());
        }
        _ => {}
    }
    (&stream).write_all(format!("{answer}\n").as_bytes()).or_else(|error| match error.kind() {
        // It was heard all the same.
        std::io::ErrorKind::BrokenPipe | std::io::ErrorKind::ConnectionReset => Ok(()),
        _ => Err(error),
    })?;
    Ok(line == "end")
}

fn tell(to: SocketAddr, line: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    Ok(stream)
}

fn say(to: SocketAddr, line: &str) -> std::io::Result<String> {
    let (mut stream, mut answer) = (tell(to, line)?, String::new());
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The way to the witness from the process that is watched.
pub struct Remote(pub SocketAddr);

impl Remote {
    /// Only the answer is waited for: the witness hears one after the other, so whoever connects says all at once.
    async fn say(&self, line: String) -> String {
        let said = async {
            let stream = tell(self.0, &line)?;
            stream.set_nonblocking(true)?;
            let (mut stream, mut answer) = (tokio::net::TcpStream::from_std(stream)?, String::new());
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        said.await.expect("the witness answers")
    }
}

#[async_trait]
impl Outside for Remote {
    async fn call(&self, call: Call) {
        self.say(format!("call {}", call.to_line())).await;
    }

    async fn call_at_once(&self, call: Call) {
        say(self.0, &format!("call {}", call.to_line())).expect("the witness answers");
    }

    async fn acknowledge(&self, what: &str) {
        self.say(format!("acknowledge {what}")).await;
    }

    async fn acknowledged(&self) -> BTreeSet<String> {
        let answer = self.say("acknowledged".into()).await;
        let known = answer.trim_end_matches('\n').split(SEPARATOR).filter(|note| !note.is_empty());
        known.map(str::to_owned).collect()
    }
}
