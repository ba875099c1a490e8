use crate::code_readers::CodeReaders;
use crate::health::Dependency;
use crate::limits::Limits;
use crate::observe::{HttpMeters, Requests};
use crate::options::Options;
use crate::readings::Readings;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;
use tokio::sync::watch;
use weir_control::Control;

/// What every handler has at hand.
pub struct App {
    pub control: Arc<Control>,
    pub options: Options,
    /// What `/health` asks.
    pub dependencies: Vec<Arc<dyn Dependency>>,
    pub started: Instant,
    /// What `/metrics` shows beside what is known here.
    pub readings: Vec<Arc<dyn Readings>>,
    /// Told of every request.
    pub requests: Option<Arc<dyn Requests>>,
    /// Open streams of events.
    pub subscribers: Arc<AtomicI64>,
    pub(crate) http: HttpMeters,
    pub(crate) limits: Limits,
    pub(crate) code_readers: CodeReaders,
    phase: watch::Sender<Phase>,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It listens; requests are answered a moment later.
    Starting,
    Serving,
    /// What is under way is finished; whoever comes now should go elsewhere.
    Stopping,
}

impl App {
    pub fn new(control: Arc<Control>, options: Options) -> Self {
        Self {
            control,
            options,
            dependencies: Vec::new(),
            started: Instant::now(),
            readings: Vec::new(),
            requests: None,
            subscribers: Arc::default(),
            http: HttpMeters::default(),
            limits: Limits::default(),
            code_readers: CodeReaders::default(),
            phase: watch::Sender::new(Phase::Serving),
        }
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// For those who have to hear of another phase at once.
    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Serving from the beginning, unless told otherwise before it is served.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }
}
