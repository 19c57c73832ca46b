//! The tables of this service, and how long their rows are kept. `docs/retention.md` lists all
//! tables; day partitions are dropped by [`days`](crate::consume::days), chunks of the feed are
//! deleted by the relay.

use crate::session_archive;
use crate::settings::Settings;
use retention::Rule;
use std::time::Duration;
use storage::devices::charge_points;
use storage::ingest::dead_letters;
use storage::issues;
use storage::reliability::{self, exclusions};
use storage::sessions::{metering, receipts, revenue};

/// The name of the lease.
pub(crate) const LEASE: &str = "ingest/retention";
/// A search for silent devices reads the rows of all devices.
const DEVICES: Duration = Duration::from_secs(3_600);

/// The rules that follow from `settings`.
pub(crate) fn of(settings: &Settings) -> Vec<Rule> {
    let days = |number: u32| Duration::from_secs(86_400) * number;
    let kept = &settings.retention;
    let metered = settings.metered.interval().unwrap_or_default();
    vec![
        Rule::new("session_receipts", "old", settings.receipts.retention(), |connection, slice| {
            Box::pin(receipts::prune(connection, slice))
        })
        .for_all_rows(),
        Rule::new("revenue", "old", settings.receipts.retention(), |connection, slice| {
            Box::pin(revenue::prune(connection, slice))
        }),
        Rule::new("session_metered", "ended sessions", metered, |connection, slice| {
            Box::pin(metering::prune_ended(connection, slice))
        }),
        session_archive::rule(kept),
        Rule::new("issues", "closed", settings.issues.retention(), |connection, slice| {
            Box::pin(issues::prune(connection, slice))
        }),
        Rule::new("maintenance_windows", "past", settings.issues.retention(), |connection, slice| {
            Box::pin(issues::maintenance::prune(connection, slice))
        }),
        Rule::new("dead_letters", "settled", kept.settled_dead_letters(), |connection, slice| {
            Box::pin(dead_letters::prune_settled(connection, slice))
        }),
        Rule::new("dead_letters", "old", kept.dead_letters(), |connection, slice| {
            Box::pin(dead_letters::prune(connection, slice))
        })
        .for_all_rows(),
        Rule::new("charge_points", "unregistered", kept.unregistered_devices(), |connection, slice| {
            Box::pin(charge_points::prune_unregistered(connection, slice))
        })
        .every(DEVICES),
        Rule::new("reliability_days", "old", kept.reliability(), |connection, slice| {
            Box::pin(reliability::prune_days(connection, slice))
        })
        .for_all_rows(),
        Rule::new("reliability_exclusions", "old", kept.reliability(), |connection, slice| {
            Box::pin(exclusions::prune(connection, slice))
        })
        .for_all_rows(),
        Rule::reported("meter_samples", days(settings.ingest.sample_retention_days)),
        Rule::reported("status_changes", days(settings.ingest.status_retention_days)),
    ]
}
