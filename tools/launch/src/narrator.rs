//! What the person at the terminal reads.

use std::time::Duration;

/// A line of progress.
pub fn say(line: &str) {
    println!("  {line}");
}

/// The heading of a part.
pub fn heading(title: &str) {
    println!("\n── {title} {}", "─".repeat(76_usize.saturating_sub(title.chars().count())));
}

/// A step of the story, numbered.
#[derive(Debug, Default)]
pub struct Steps(u32);

impl Steps {
    /// Before the first step.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// Says what is done next.
    pub fn next(&mut self, what: &str) {
        self.0 += 1;
        println!("\n{:>2}. {what}", self.0);
    }
}

/// What was seen, as it should be.
pub fn seen(what: &str) {
    println!("    ✓ {what}");
}

/// A call and its answer.
pub fn call(method: &str, path: &str, answer: &str) {
    println!("    {method} {path}\n    → {answer}");
}

/// A duration in ms, as people read it.
#[must_use]
pub fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
