use crate::health::Dependency;
use crate::options::Options;
use std::sync::Arc;
use std::time::Instant;
use weir_control::Control;

/// What every handler has at hand.
pub struct App {
    pub control: Arc<Control>,
    pub options: Options,
    /// What `/health` asks.
    pub dependencies: Vec<Arc<dyn Dependency>>,
    pub started: Instant,
}

impl App {
    pub fn new(control: Arc<Control>, options: Options) -> Self {
        Self { control, options, dependencies: Vec::new(), started: Instant::now() }
    }
}
