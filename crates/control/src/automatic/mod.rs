//! Triggers that fire by themselves: schedules, and ends of runs that start other flows.
//!
//! `plan.rs` decides what is due, without reading, writing or waiting. `load.rs` keeps the plan true as people change
//! things, `schedules.rs` and `events.rs` carry it out, `progress.rs` knows what is not written yet. A cause has one run
//! for ever, because the run's id follows from it (`fire.rs`); so what is written late is at worst looked at again.

mod calendar;
mod events;
mod fire;
mod load;
mod plan;
mod progress;
mod schedules;
mod timer;

pub use calendar::{CalendarQuery, CalendarTick, TriggerProgress};
pub(crate) use load::{Changed, check_schedule};
pub use timer::Timer;

use crate::control::Control;
use plan::Plan;
use progress::Progress;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What is known of the triggers that fire by themselves.
pub(crate) struct Automatic {
    inner: Mutex<Inner>,
    changed: Mutex<Changed>,
    /// Counts changes, for those who wait for one.
    changes: watch::Sender<u64>,
    /// One at a time brings the plan up to date.
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub plan: Plan,
    pub progress: Progress,
}

impl Default for Automatic {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            changed: Mutex::new(Changed::everything()),
            changes: watch::channel(0).0,
            refreshing: tokio::sync::Mutex::default(),
        }
    }
}

impl Automatic {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of what was changed, before whoever changed it is answered.
    pub fn take_note(&self, changed: Changed) {
        if !changed.is_empty() {
            self.changed().merge(changed);
            self.changes.send_modify(|count| *count += 1);
        }
    }
}

impl Control {
    /// Fires schedules and events until `stop`; then what is under way is ended, and written down.
    pub async fn run_triggers(self: &Arc<Self>, timer: &dyn Timer, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let tell = async {
            stop.await;
            let _ = stopping.send(true);
        };
        tokio::join!(tell, self.run_schedules(timer, stopped.clone()), self.run_events(timer, stopped.clone()));
        self.save_progress().await;
    }
}
