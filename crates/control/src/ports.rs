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
