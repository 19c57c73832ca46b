//! A day of a fleet, minute by minute: what it sends, what that costs, how a backlog comes and goes. Pure, and the same by seed.
//!
//! What one event costs is measured (`costs`), how many there are follows from the fleet (`fleet`). The same
//! questions are answered by a sheet of paper (`paper`), and both answers are printed side by side.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod command_line;
mod costs;
mod dice;
mod fleet;
mod kinds;
mod minutes;
mod pages;
mod paper;
mod report;
#[cfg(test)]
mod tests;
mod weigh;

pub use command_line::execute;
