//! When each event was to be seen in the database, found out from outside.
//!
//! Offset and effects move in one transaction: an event is visible when `ingest_partitions.next_offset` has passed its
//! offset. One connection looks every few milliseconds; the time after the answer is the time of the sight, so the wait
//! between two looks counts as latency. When each event was sent is read from the topic itself afterwards.

mod events;
mod readback;
mod watch;

pub use events::{Backlog, Seen, Window};
pub use readback::{Offsets, ends, read};
pub use watch::{Sightings, Watch};
