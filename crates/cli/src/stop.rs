//! Ctrl-C and the request to terminate: the first asks to stop in good order, the second to stop at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use weir_runtime::Runtime;

/// Hears every request from when it was made, whoever waits for one.
pub struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits until somebody asks this process to stop.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Stops in good order, or at once if that is asked for meanwhile: then it is as if the process had been
    /// killed, which loses nothing.
    pub async fn end(&mut self, runtime: &Runtime) -> anyhow::Result<()> {
        tokio::select! {
            biased;
            stopped = runtime.stop() => Ok(stopped?),
            () = self.asked() => Ok(()),
        }
    }
}

/// Says what happens now to what is under way.
pub fn tell() {
    crate::errln!(
        "stopping: steps under way may end first; once more stops at once. The run is kept: go on with `weir run --recover`"
    );
}
