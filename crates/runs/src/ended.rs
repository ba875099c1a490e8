use futures::Stream;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::fmt;
use weir_base::Text;

/// The end of some run, once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Run {
        run: Text,
        tenant: Text,
        project: Text,
    },
    /// Whoever listens was too slow and has missed so many; the store knows which.
    Missed(u64),
}

/// The ends of all runs, as they come.
pub struct Ends(BoxStream<'static, End>);

impl Ends {
    pub fn new(stream: impl Stream<Item = End> + Send + 'static) -> Self {
        Self(stream.fuse().boxed())
    }

    /// None when the runtime is gone.
    pub async fn next(&mut self) -> Option<End> {
        self.0.next().await
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ends")
    }
}
