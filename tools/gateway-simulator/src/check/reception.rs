//! The reception of an event.

use super::log_position::LogPosition;
use chrono::{DateTime, Utc};
use domain::order::Stamp;

/// When and where an event was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reception {
    /// Orders the event among the events of its device.
    pub(super) stamp: Stamp,
    /// The position of its record.
    pub(super) position: LogPosition,
    /// When it was read.
    pub(super) seen_at: DateTime<Utc>,
}
