//! The measured costs as a Markdown table.

use super::Totals;
use super::statistics::{RowSizes, Statistics};
use std::fmt::Write as _;

/// The sum over the measured events of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventTotals {
    /// The number of events.
    pub events: f64,
    /// Bytes of their records.
    pub record_bytes: f64,
    /// What writing them cost.
    pub written: Statistics,
}

/// The costs of one event of each kind, and the size of rows.
pub fn markdown(totals: &Totals, row_sizes: &RowSizes) -> String {
    let mut text = "| event | record, bytes | rows | log, bytes | tables that grow, bytes | feed, bytes |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for (kind, total) in totals {
        let per_event = |sum: f64| sum / total.events;
        let Statistics { rows, log_bytes, table_bytes, feed_bytes } = total.written;
        let _infallible = writeln!(
            text,
            "| {kind} | {:.0} | {:.2} | {:.0} | {:.0} | {:.0} |",
            per_event(total.record_bytes),
            per_event(rows),
            per_event(log_bytes),
            per_event(table_bytes),
            per_event(feed_bytes),
        );
    }
    let RowSizes { device, connector, ledger, sample, sample_index } = row_sizes;
    let _infallible = writeln!(
        text,
        "\nBytes per row with its indexes: a device {device:.0}, a connector {connector:.0}, a ledger {ledger:.0}, \
         a sample {sample:.0}, of which its index is {sample_index:.0}."
    );
    text
}
