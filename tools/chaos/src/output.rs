//! The terminal output of a campaign.

use std::time::{Duration, Instant};

/// Prints progress with the seconds since the start.
#[derive(Debug, Clone)]
pub struct Output {
    begun: Instant,
}

impl Output {
    /// A output that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { begun: Instant::now() }
    }

    /// Prints a line of progress.
    pub fn progress(&self, line: &str) {
        self.print(&format!("{:>7.1} s  {line}", self.begun.elapsed().as_secs_f64()));
    }

    /// Prints the heading of a part.
    pub fn heading(&self, title: &str) {
        self.print(&format!("\n── {title} {}", "─".repeat(76_usize.saturating_sub(title.chars().count()))));
    }

    /// Prints a line unchanged.
    #[expect(clippy::print_stdout, reason = "the campaign writes to the terminal")]
    pub fn print(&self, line: &str) {
        println!("{line}");
    }
}

/// A duration in seconds, for display.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
