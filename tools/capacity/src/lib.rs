//! The capacity model: what a fleet sends in a day, what that costs, and how backlogs grow and
//! drain.
//!
//! [`costs`] holds the measured cost of one event of each kind, which [`measure`] measures.
//! [`simulation`] steps through a day by minutes; it is pure, and the same seed gives the same day.
//! [`estimate`] answers the same queries with averages. [`report`] prints both next to each other.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program writes to the terminal")]

mod command_line;
mod costs;
mod estimate;
mod faults;
mod fleet;
mod measure;
mod page_images;
mod per_kind;
mod random;
mod report;
mod simulation;
#[cfg(test)]
mod tests;

pub use command_line::execute;
