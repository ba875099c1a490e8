use async_trait::async_trait;
use weir_base::{Micros, Text};

/// Time and chance, which nothing here makes by itself.
pub trait Ambient: Send + Sync {
    fn now(&self) -> Micros;

    /// Fills the buffer with bytes nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// A letter to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The organisation it is written for; none where it is about an account alone.
    pub tenant: Text,
    pub to: Text,
    pub subject: String,
    pub text: String,
}

/// Where letters are given up. What is accepted arrives, or is reported by the adapter.
#[async_trait]
pub trait Mail: Send + Sync {
    /// Whether letters leave at all; without, what would be sent is shown to whoever may see it.
    fn leaves(&self) -> bool;

    async fn send(&self, letter: Letter) -> Result<(), String>;

    /// Gives a letter that was kept to the mail server, for the run that sends it.
    async fn try_letter(&self, _: &str) -> Tried {
        Tried::Gone
    }
}

/// What came of trying to send a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    Sent,
    /// It is not there any more: it was sent before, or somebody has given it up.
    Gone,
    /// It may be taken another time.
    Later(String),
    /// It is given up.
    Never(String),
}

/// Why a mail server did not take a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostError {
    /// It may take it another time.
    Later(String),
    /// It will never take this letter.
    Never(String),
}

/// A mail server. It is asked once for each try.
#[async_trait]
pub trait Post: Send + Sync {
    /// `id` is the letter's own, and the same with every try.
    async fn deliver(&self, id: &str, letter: &Letter) -> Result<(), PostError>;
}

/// No letters leave.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMail;

#[async_trait]
impl Mail for NoMail {
    fn leaves(&self) -> bool {
        false
    }

    async fn send(&self, _: Letter) -> Result<(), String> {
        Err("no mail server is configured".to_owned())
    }
}

/// A request to a server that signs people in.
#[derive(Clone, PartialEq, Eq)]
pub struct WebRequest {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// The server may be at an address that is not of the open internet, and without TLS.
    pub private: bool,
}

impl WebRequest {
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: "GET", url: url.into(), headers: Vec::new(), body: String::new(), private: false }
    }

    pub fn post(url: impl Into<String>) -> Self {
        Self { method: "POST", ..Self::get(url) }
    }

    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn form(self, fields: &[(&'static str, String)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body, ..self }.header("content-type", "application/x-www-form-urlencoded".to_owned())
    }
}

/// An answer, read whole.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAnswer {
    pub status: u16,
    pub body: String,
}

/// The way out to servers that sign people in. It follows no redirects and reads no more than a few hundred kilobytes.
#[async_trait]
pub trait Web: Send + Sync {
    async fn send(&self, request: WebRequest) -> Result<WebAnswer, String>;
}

/// Nobody is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWeb;

#[async_trait]
impl Web for NoWeb {
    async fn send(&self, _: WebRequest) -> Result<WebAnswer, String> {
        Err("nothing outside is asked here".to_owned())
    }
}
