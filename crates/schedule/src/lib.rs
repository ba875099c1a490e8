//! When a schedule is due: cron expressions, intervals and single times, with what becomes of ticks that were missed.
//!
//! Everything here is a function of its arguments. The crate reads no clock and no file, draws no random number,
//! starts nothing and keeps nothing; time zones are built in. Start with [`Schedule`], then `cron.rs`, which has the
//! rules for the nights on which clocks change. `docs/schedules.md` says all of it for users.

mod bounds;
mod cron;
mod every;
mod jitter;
mod missed;
mod read;
mod schedule;
mod time;
mod write;
mod zone;

pub use cron::Cron;
pub use every::Every;
pub use missed::{Due, Missed, ON_TIME, Skipped};
pub use schedule::{Schedule, When};
pub use zone::Zone;

/// The codes of problems with a schedule.
pub mod codes {
    /// A member is missing, is not known, or has a value it cannot have.
    pub const SCHEDULE_INVALID: &str = "SCHEDULE_INVALID";
    /// A cron expression cannot be read.
    pub const CRON_INVALID: &str = "CRON_INVALID";
    /// No time zone has that name.
    pub const TIME_ZONE_UNKNOWN: &str = "TIME_ZONE_UNKNOWN";
    /// Everything can be read, but no moment fits it.
    pub const SCHEDULE_NEVER_DUE: &str = "SCHEDULE_NEVER_DUE";
}
