use crate::client::innermost;
use crate::{Client, ClientError};
use std::collections::VecDeque;
use std::time::Duration;
use weir_base::Value;

/// How often a stream that broke off is taken up again in a row, and how long one waits before each time.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Something the server says as it happens: `record`, `log`, `attempt`, `stream`, `state` or `problem`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
}

/// Events of a run, a flow or a project. A stream that breaks off goes on where it was: none is missed, none comes
/// twice.
pub struct Events {
    client: Client,
    path: Vec<String>,
    response: Option<reqwest::Response>,
    lines: Lines,
    ready: VecDeque<Event>,
    last: Option<String>,
    tries: u32,
}

impl Events {
    /// Nothing is asked before the first [`Events::next`].
    pub(crate) fn new(client: &Client, path: &[&str]) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        let (lines, ready) = (Lines::default(), VecDeque::new());
        Self { client: client.clone(), path, response: None, lines, ready, last: None, tries: 0 }
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
                self.tries += 1;
                let hopeless = matches!(error, ClientError::Problem { .. } | ClientError::Address(_));
                if hopeless || self.tries > TRIES {
                    return Err(error);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        if self.response.is_none() {
            self.response = Some(self.open().await?);
            self.lines = Lines::default();
        }
        let Some(response) = &mut self.response else { return Ok(()) };
        let broken = |reason: String| ClientError::Unreachable { server: self.client.server().to_owned(), reason };
        match response.chunk().await {
            Ok(Some(bytes)) => {
                self.tries = 0;
                self.ready.extend(self.lines.take(&bytes));
                Ok(())
            }
            Ok(None) => Err(broken("the stream of events ended".to_owned())),
            Err(error) => Err(broken(innermost(&error))),
        }
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
