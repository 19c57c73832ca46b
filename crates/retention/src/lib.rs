//! Deletes old rows: every service does so for the tables that it owns, by the same worker.
//!
//! One replica of a service works, the holder of a lease; two that overlap skip the rows that the
//! other one holds. A pass of a [`Rule`] is a sequence of small steps. A step is one statement, and
//! the worker pauses after it for nine times as long as it took: however many rows are due, deletion
//! takes at most a tenth of one connection. `docs/retention.md` lists what bounds each table.

mod metrics;
mod pace;
mod rule;
mod worker;

pub use metrics::{RetentionMetrics, TableMetrics};
pub use rule::{Delete, Rule, Step};
pub use worker::Retention;
