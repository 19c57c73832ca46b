//! The metrics of retention, and of the tables.

use crate::rule::Rule;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use storage::database::table_sizes::{OldestRow, TableSize};

/// What was deleted, what failed, and the age that each table's rows may reach.
#[derive(Debug, Clone)]
pub struct RetentionMetrics {
    deleted: Counter<u64>,
    failed: Counter<u64>,
}

impl RetentionMetrics {
    /// The metrics of these rules.
    #[must_use]
    pub fn new(meter: &Meter, rules: &[Rule]) -> Self {
        let metrics = Self {
            deleted: meter
                .u64_counter("retention.deleted")
                .with_description("Rows deleted because they were old, by table")
                .build(),
            failed: meter
                .u64_counter("retention.failed")
                .with_description("Attempts to delete old rows that failed, by table")
                .build(),
        };
        for rule in rules {
            metrics.deleted.add(0, &label(rule.table));
            metrics.failed.add(0, &label(rule.table));
        }
        let limits: Vec<_> =
            rules.iter().filter(|rule| rule.limits_age).map(|rule| (rule.table, rule.age)).collect();
        meter
            .f64_observable_gauge("retention.limit")
            .with_unit("s")
            .with_description("The age after which all rows of a table are deleted, by table")
            .with_callback(move |observer| {
                limits.iter().for_each(|(table, age)| observer.observe(age.as_secs_f64(), &label(table)));
            })
            .build();
        metrics
    }

    pub(crate) fn deleted(&self, rule: &Rule, rows: usize) {
        self.deleted.add(u64::try_from(rows).unwrap_or(u64::MAX), &label(rule.table));
    }

    pub(crate) fn failed(&self, rule: &Rule) {
        self.failed.add(1, &label(rule.table));
    }
}

fn label(table: &str) -> [KeyValue; 1] {
    [KeyValue::new("table", table.to_owned())]
}

/// The sizes of the tables and the ages of their oldest rows, as last read. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TableMetrics {
    sizes: Arc<Mutex<Vec<TableSize>>>,
    oldest: Arc<Mutex<Vec<OldestRow>>>,
}

impl TableMetrics {
    /// Gauges that report the latest finding at every scrape.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let metrics = Self::default();
        let sizes = Arc::clone(&metrics.sizes);
        meter
            .i64_observable_gauge("database.table")
            .with_unit("By")
            .with_description("Size of a table on disk with its indexes and partitions, by table")
            .with_callback(move |observer| {
                for size in &*sizes.locked() {
                    observer.observe(size.bytes, &label(&size.table));
                }
            })
            .build();
        let oldest = Arc::clone(&metrics.oldest);
        meter
            .f64_observable_gauge("database.table.oldest")
            .with_unit("s")
            .with_description("Age of the oldest row of a table whose rows end by age, by table")
            .with_callback(move |observer| {
                for oldest in &*oldest.locked() {
                    observer.observe(oldest.age.as_secs_f64(), &label(&oldest.table));
                }
            })
            .build();
        metrics
    }

    /// Replaces the finding; empty on replicas that do not read it.
    pub fn set(&self, sizes: Vec<TableSize>, oldest: Vec<OldestRow>) {
        *self.sizes.locked() = sizes;
        *self.oldest.locked() = oldest;
    }
}
