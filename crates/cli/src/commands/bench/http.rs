use anyhow::Context;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weir_base::Value;

/// A request as it goes over the wire: made once, asked many times.
#[derive(Clone)]
pub struct Request(Arc<[u8]>);

impl Request {
    /// `head` holds further lines, each with its end.
    pub fn get(path: &str, head: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nHost: weir\r\n{head}\r\n").into_bytes().into())
    }

    pub fn post(path: &str, head: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n{head}Content-Length: {length}\r\n\r\n{body}"
        );
        Self(text.into_bytes().into())
    }
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub fn value(&self) -> anyhow::Result<Value> {
        Value::from_json(&self.body).map_err(|error| anyhow::anyhow!("{error}: {}", self.body))
    }
}

/// A connection that is asked one thing after the other. It costs less than a whole client, so that the server is
/// measured and not whoever asks.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(4_096) })
    }

    /// Sends without waiting for an answer, which is read from what is given back.
    pub async fn send(mut self, request: &Request) -> anyhow::Result<TcpStream> {
        self.stream.write_all(&request.0).await?;
        Ok(self.stream)
    }

    pub async fn ask(&mut self, request: &Request) -> anyhow::Result<Answer> {
        self.stream.write_all(&request.0).await?;
        self.read.clear();
        loop {
            if let Some(answer) = whole(&self.read)? {
                return Ok(answer);
            }
            let count = self.stream.read_buf(&mut self.read).await?;
            anyhow::ensure!(count > 0, "the server hung up");
        }
    }
}

/// The answer, once all of it is there.
fn whole(read: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&read[..end])?;
    let answer = Answer { status: 0, head: head.to_owned(), body: String::new() };
    let length: usize = answer.header("content-length").map_or(Ok(0), str::parse)?;
    let body = &read[end + 4..];
    if body.len() < length {
        return Ok(None);
    }
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok(Some(Answer { status, body: String::from_utf8_lossy(&body[..length]).into_owned(), ..answer }))
}
