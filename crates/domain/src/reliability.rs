//! The reliability ledger: how long connectors were up, down or excluded, day by day.
//!
//! 1. The status history of a device becomes the [`Timeline`] of each connector.
//! 2. [`roll_up()`] splits it at days, at changes of place and at [`Exclusion`]s, and adds up each part
//!    to a [`Tally`] of whole seconds.
//! 3. Tallies add up over days and connectors; a [`Profile`] states the uptime that they come to.
//!
//! `docs/reliability.md` has the formulas with worked examples.

mod closing;
mod condition;
mod day;
mod exclusion;
mod history;
mod profile;
mod roll_up;
mod tally;
mod timeline;
mod window;

pub use closing::closed;
pub use condition::{Cause, Condition, Connection};
pub use day::Day;
pub use exclusion::{Exclusion, ExclusionReason, ExclusionScope, InvalidExclusion};
pub use history::{BeginState, DatedFact, DeviceHistory, Fact};
pub use profile::{Profile, Ratio};
pub use roll_up::{DayPart, Start, Stay, roll_up};
pub use tally::{OpenFailure, Tally};
pub use timeline::Timeline;
pub use window::Window;
