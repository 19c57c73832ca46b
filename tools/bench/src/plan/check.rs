//! How the ratios that have a threshold are measured.

use super::{Plan, seconds};

impl Plan {
    /// The same plan with steps as short as a ratio bears: all of them take three minutes.
    pub(super) fn shortened(mut self) -> Self {
        self.charge_points = self.charge_points.min(10_000);
        self.warm_up = self.warm_up.min(seconds(2));
        self.measured = self.measured.min(seconds(10));
        // Some seconds of work, of which the first and the last do not count.
        self.floor_events = self.floor_events.min(80_000);
        // In rounds of a second. 400 commands at 50/s: enough for a median.
        self.commands.measured = self.commands.measured.min(seconds(8));
        self.commands.step = self.commands.step.min(seconds(4));
        self.reads.warm_up = self.reads.warm_up.min(seconds(1));
        self.reads.saturated = self.reads.saturated.min(seconds(4));
        self
    }
}
