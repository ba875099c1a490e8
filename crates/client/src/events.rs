use crate::client::innermost;
use crate::outage::Outage;
use crate::{Client, ClientError};
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use weir_base::Value;

/// With which try in a row that came to nothing it is told that the server is away.
const TOLD_AT: u32 = 2;
/// After so long without a word the server is away, whatever its connection says: every 15 seconds it says something.
const LONGEST_SILENCE: Duration = Duration::from_secs(45);

/// Something the server says as it happens: `record`, `log`, `attempt`, `stream`, `state` or `problem`. That nothing is
/// heard of it, and why, is an [`Event::AWAY`] of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

impl Event {
    /// Its data is the reason. What comes after it is what the server says again.
    pub const AWAY: &'static str = "away";

    fn away(error: &ClientError) -> Self {
        Self { name: Self::AWAY.to_owned(), data: error.to_string().into(), id: None }
    }
}

/// Events of a run, a flow or a project. A stream that breaks off goes on where it was: none is missed, none comes
/// twice. A server that is away is waited for, for two minutes; one that says nothing counts as away after 45 seconds.
pub struct Events {
    client: Client,
    path: Vec<String>,
    response: Option<reqwest::Response>,
    lines: Lines,
    ready: VecDeque<Event>,
    last: Option<String>,
    outage: Option<Outage>,
    longest_silence: Duration,
}

impl Events {
    /// Nothing is asked before the first [`Events::next`].
    pub(crate) fn new(client: &Client, path: &[&str]) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        let (lines, ready) = (Lines::default(), VecDeque::new());
        let (client, longest_silence) = (client.clone(), LONGEST_SILENCE);
        Self { client, path, response: None, lines, ready, last: None, outage: None, longest_silence }
    }

    /// The next event. Who follows a run stops by itself when the run is over.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last = event.id.clone().or(self.last.take());
                return Ok(event);
            }
            if let Err(error) = self.read().await {
                self.response = None;
                self.bear(error).await?;
            }
        }
    }

    /// Waits before the next try, where there is to be one. Most streams that end go on with the first.
    async fn bear(&mut self, error: ClientError) -> Result<(), ClientError> {
        let now = Instant::now();
        let outage = self.outage.get_or_insert(Outage::new(now));
        let Some(pause) = outage.next_pause(now).filter(|_| may_pass(&error)) else { return Err(error) };
        if outage.tries() == TOLD_AT {
            self.ready.push_back(Event::away(&error));
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        if self.response.is_none() {
            let opened = timeout(self.longest_silence, self.open()).await;
            self.response = Some(opened.unwrap_or_else(|_| Err(self.unheard()))?);
            self.lines = Lines::default();
        }
        let bytes = self.chunk().await?;
        self.outage = None;
        self.ready.extend(self.lines.take(&bytes));
        Ok(())
    }

    async fn chunk(&mut self) -> Result<Bytes, ClientError> {
        let Some(response) = &mut self.response else { return Ok(Bytes::new()) };
        match timeout(self.longest_silence, response.chunk()).await {
            Ok(Ok(Some(bytes))) => Ok(bytes),
            Ok(Ok(None)) => Err(self.broken("the stream of events ended".to_owned())),
            Ok(Err(error)) => Err(self.broken(innermost(&error))),
            Err(_) => Err(self.unheard()),
        }
    }

    fn unheard(&self) -> ClientError {
        self.broken(format!("nothing was heard of it for {} s", self.longest_silence.as_secs()))
    }

    fn broken(&self, reason: String) -> ClientError {
        ClientError::Unreachable { server: self.client.server().to_owned(), reason }
    }

    async fn open(&self) -> Result<reqwest::Response, ClientError> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let mut call = self.client.get(&path).header("accept", "text/event-stream");
        if let Some(last) = &self.last {
            call = call.header("last-event-id", last);
        }
        call.respond().await
    }
}

/// Whether asking again may help: a server that is starting or busy says so.
fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Problem { status, .. } => *status == 429 || *status >= 500,
        ClientError::Address(_) => false,
        ClientError::Unreachable { .. } | ClientError::Strange { .. } => true,
    }
}

/// Reads the lines of a stream into events.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    event: Event,
    data: Option<String>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.rest.extend_from_slice(bytes);
        let mut found = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            found.extend(self.line(line.trim_end_matches(['\n', '\r'])));
        }
        found
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let mut event = std::mem::take(&mut self.event);
            event.data = Value::from_json(&self.data.take()?).unwrap_or_default();
            return Some(event);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};

    const HEAD: &str = "HTTP/1.1 200 Said\r\ncontent-type: text/event-stream\r\n\r\n";

    /// The lines of a request.
    fn question(stream: &TcpStream) -> Vec<String> {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.take_while(|line| !line.is_empty()).collect()
    }

    /// The first who asks gets no answer, later ones one event, and who has seen that one the next. All that is said
    /// breaks off without an end.
    fn falls_silent(listener: &TcpListener) {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let seen = question(&stream).iter().any(|line| line == "last-event-id: 1");
            let text = if seen { "id: 2\ndata: 2\n\n" } else { "id: 1\ndata: 1\n\n" };
            if !kept.is_empty() {
                // Whoever asked may have stopped to wait for it.
                let _ = write!(stream, "{HEAD}{text}");
            }
            kept.push(stream);
        }
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_is_asked_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || falls_silent(&listener));
        let mut events = Events::new(&Client::new(&url, None).unwrap(), &["events"]);
        events.longest_silence = Duration::from_millis(200);
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let event = timeout(Duration::from_secs(60), events.next()).await.expect("it waits for ever").unwrap();
            seen.extend(event.id);
        }
        assert_eq!(seen, ["1", "2"]);
    }

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text =
            ": keep\n\nid: 1.0\nevent: log\ndata: {\"a\":\ndata: \"\u{fc}\"}\r\n\nevent: state\ndata: 2\n\nid: 9";
        let whole = Lines::default().take(text.as_bytes());
        let mut lines = Lines::default();
        let single: Vec<Event> = text.bytes().flat_map(|byte| lines.take(&[byte])).collect();
        assert_eq!(whole, single);
        let seen: Vec<_> =
            whole.iter().map(|event| (event.id.as_deref(), &*event.name, event.data.to_json())).collect();
        assert_eq!(seen, [(Some("1.0"), "log", "{\"a\":\"\u{fc}\"}".to_owned()), (None, "state", "2".to_owned())]);
    }
}
