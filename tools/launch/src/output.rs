//! Output for the terminal.

use std::time::Duration;

/// Prints a line of progress.
pub fn progress(line: &str) {
    println!("  {line}");
}

/// Prints the heading of a part.
pub fn heading(title: &str) {
    println!("\n── {title} {}", "─".repeat(76_usize.saturating_sub(title.chars().count())));
}

/// The numbered steps of a story.
#[derive(Debug, Default)]
pub struct Steps(u32);

impl Steps {
    /// Starts before step 1.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Prints the next step.
    pub fn next(&mut self, what: &str) {
        self.0 += 1;
        println!("\n{:>2}. {what}", self.0);
    }
}

/// Prints an expected observation.
pub fn passed(what: &str) {
    println!("    ✓ {what}");
}

/// Prints a call and its response.
pub fn call(method: &str, path: &str, response: &str) {
    println!("    {method} {path}\n    → {response}");
}

/// A duration in milliseconds, for display.
#[must_use]
pub fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
