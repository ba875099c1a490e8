use crate::exit::UsageError;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};

/// Asks on the terminal, wherever standard input and output lead.
pub fn ask(question: &str) -> anyhow::Result<String> {
    let mut terminal = terminal()?;
    write!(terminal, "{question}: ")?;
    line(&terminal)
}

/// Asks without showing what is typed.
pub fn ask_secret(question: &str) -> anyhow::Result<String> {
    let mut terminal = terminal()?;
    write!(terminal, "{question}: ")?;
    let shown = tcgetattr(&terminal)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let answer = line(&terminal);
    tcsetattr(&terminal, OptionalActions::Now, &shown)?;
    answer
}

fn terminal() -> anyhow::Result<File> {
    let opened = File::options().read(true).write(true).open("/dev/tty");
    opened
        .map_err(|_| UsageError("there is no terminal to ask on; `--help` says how to give it otherwise".into()).into())
}

fn line(terminal: &File) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = BufReader::new(terminal.take(64 << 10)).read_line(&mut text)?;
    anyhow::ensure!(read > 0, UsageError("nothing was answered".into()));
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A secret that is piped in, without the newline at its end; or asked for where nothing is.
pub fn secret(question: &str) -> anyhow::Result<String> {
    match std::io::stdin().is_terminal() {
        true => ask_secret(question),
        false => piped(),
    }
}

/// Standard input, without the newline at its end.
pub fn piped() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(1 << 20).read_to_string(&mut text)?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)).unwrap_or(&text).to_owned())
}
