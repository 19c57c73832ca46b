//! What the person at the terminal reads while a campaign goes on.

use std::time::{Duration, Instant};

/// Tells what happens, with the seconds since it began.
#[derive(Debug, Clone)]
pub struct Narrator {
    begun: Instant,
}

impl Narrator {
    /// One that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// A line of progress.
    pub fn say(&self, line: &str) {
        self.print(&format!("{:>7.1} s  {line}", self.begun.elapsed().as_secs_f64()));
    }

    /// The heading of a part.
    pub fn heading(&self, title: &str) {
        self.print(&format!("\n── {title} {}", "─".repeat(76_usize.saturating_sub(title.chars().count()))));
    }

    /// A line as it is.
    #[expect(clippy::print_stdout, reason = "this talks to the person who started the campaign")]
    pub fn print(&self, line: &str) {
        println!("{line}");
    }
}

/// A duration in seconds, as people read it.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
