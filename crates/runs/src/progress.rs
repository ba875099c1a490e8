use crate::LogView;
use futures::Stream;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::fmt;
use weir_base::{Micros, Text, Value};
use weir_engine::{Status, StepError, Trace};

/// Something that happened in a run that is being watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub run: Text,
    pub at: Micros,
    pub body: ProgressBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProgressBody {
    /// A step was entered, waits, or has settled.
    Step(Trace),
    /// An attempt failed; `next_at` is when the next one begins, if there is one.
    AttemptFailed {
        path: Text,
        attempt: u32,
        error: StepError,
        next_at: Option<Micros>,
    },
    Log(LogView),
    /// A part of a result that is still coming.
    Stream {
        path: Text,
        index: u64,
        data: Value,
    },
    /// The run's own state has changed; `waiting` as in [`crate::RunView::waiting`].
    Status {
        status: Status,
        waiting: Vec<Text>,
        output: Value,
        error: Option<StepError>,
    },
    /// The watcher was too slow and has missed so many events.
    Missed(u64),
}

/// A live stream of what happens in one run. Ends after the status that ends the run.
pub struct Watch(BoxStream<'static, Progress>);

impl Watch {
    pub fn new(stream: impl Stream<Item = Progress> + Send + 'static) -> Self {
        Self(stream.fuse().boxed())
    }

    pub async fn next(&mut self) -> Option<Progress> {
        self.0.next().await
    }

    pub fn into_stream(self) -> BoxStream<'static, Progress> {
        self.0
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
