//! When each event became visible in the database, observed from outside.
//!
//! Offset and effects are written in one transaction: an event is visible when
//! `ingest_partitions.next_offset` has passed its offset. One connection polls every few
//! milliseconds; the time after the response counts as the time of the observation, so the interval
//! between two polls counts as latency. When each event was sent is read from the topic afterwards.

mod events;
mod readback;
mod watch;

pub use events::{Backlog, Seen, Window};
pub use readback::{Offsets, ends, read};
pub use watch::{Sightings, Watch};
