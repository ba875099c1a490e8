use crate::exit::UsageError;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What is written where nobody said anything. Temporal's SDK tells of every event of every history at `info`, which is
/// put into words though no line shows it.
const USUAL: &str = "info,sqlx=warn,temporalio=warn";

/// Lines that wait to be written. Requests do not wait for a slow reader of the log; what is too much is counted.
const WAITING: usize = 10_000;

/// Written at once at most.
const TOGETHER: usize = 64 << 10;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

enum Message {
    Line(Vec<u8>),
    Flush(Sender<()>),
}

/// Writes what is left when it is dropped.
pub struct Log(SyncSender<Message>);

impl Drop for Log {
    fn drop(&mut self) {
        let (done, heard) = channel();
        if self.0.send(Message::Flush(done)).is_ok() {
            let _ = heard.recv_timeout(Duration::from_secs(1));
        }
    }
}

/// Begins the log on stderr: JSON where no terminal is there to read it. Once in a process.
pub fn begin(form: Option<Form>, level: Option<&str>) -> anyhow::Result<Log> {
    let text = level.filter(|text| !text.trim().is_empty()).unwrap_or(USUAL);
    let filter = EnvFilter::builder().parse(text).map_err(|error| UsageError(format!("--log-level: {error}")))?;
    let (to, from) = sync_channel(WAITING);
    let lost: Arc<AtomicU64> = Arc::default();
    let lines = Lines { to: to.clone(), lost: lost.clone() };
    std::thread::Builder::new().name("log".to_owned()).spawn(move || write(&from, &lost, io::stderr()))?;
    let form = form.unwrap_or(if io::stderr().is_terminal() { Form::Human } else { Form::Json });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines);
    let begun = match form {
        Form::Human => builder.with_ansi(false).compact().try_init(),
        Form::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    begun.map_err(|error| anyhow::anyhow!("the log cannot be begun: {error}"))?;
    Ok(Log(to))
}

#[derive(Clone)]
struct Lines {
    to: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.to.try_send(Message::Line(line.to_vec())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes lines as they come, as many at once as there are.
fn write(from: &Receiver<Message>, lost: &AtomicU64, mut to: impl Write) {
    while let Ok(first) = from.recv() {
        let (mut text, mut told) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => text.extend_from_slice(&line),
                Message::Flush(done) => told.push(done),
            }
            next = if text.len() < TOGETHER { from.try_recv().ok() } else { None };
        }
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(text, r#"{{"level":"WARN","message":"{missing} lines of the log were not written"}}"#);
        }
        let _ = to.write_all(&text).and_then(|()| to.flush());
        for done in told {
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_said() {
        let (to, from) = sync_channel(2);
        let lost: Arc<AtomicU64> = Arc::default();
        let mut lines = Lines { to: to.clone(), lost: lost.clone() };
        for line in ["a\n", "b\n", "c\n", "d\n"] {
            lines.write_all(line.as_bytes()).unwrap();
        }
        drop((lines, to));
        let mut text = Vec::new();
        write(&from, &lost, &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("a\nb\n") && text.contains("2 lines of the log were not written"), "{text}");
    }
}
