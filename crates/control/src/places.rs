//! Places in lists and streams, as clients hold them. What they count is counted over all organisations, so it is hidden:
//! how busy others are is nobody's business.

use crate::control::Control;
use crate::live::Cursor;
use crate::{ControlError, Result};
use weir_base::Text;
use weir_store::{RunCursor, RunKey};

const EVENTS: &str = "events";
const RUNS: &str = "runs";

impl Control {
    /// How far somebody has read, as an event's id says it. The same for everybody in the organisation.
    pub fn event_id(&self, tenant: &str, cursor: Cursor) -> String {
        self.cipher.hide(&[EVENTS, tenant], [cursor.entry, cursor.observation])
    }

    /// Reads what [`Control::event_id`] has written for the same organisation.
    pub fn read_event_id(&self, tenant: &str, text: &str) -> Result<Cursor> {
        let [entry, observation] = self.cipher.show(&[EVENTS, tenant], text).ok_or_else(no_place)?;
        Ok(Cursor { entry, observation })
    }

    pub(crate) fn run_place(&self, tenant: &str, place: RunCursor) -> Text {
        self.cipher.hide(&[RUNS, tenant], [place.key.0, place.created_at]).into()
    }

    pub(crate) fn read_run_place(&self, tenant: &str, text: &str) -> Result<RunCursor> {
        let [key, created_at] = self.cipher.show(&[RUNS, tenant], text).ok_or_else(no_place)?;
        Ok(RunCursor { created_at, key: RunKey(key) })
    }
}

pub(crate) fn no_place() -> ControlError {
    ControlError::invalid(
        "INVALID_CURSOR",
        "this is no place in this list; take the `next` of the page before, or the id of an event of this organisation",
    )
}
