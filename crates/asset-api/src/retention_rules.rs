//! The tables of this service, and how long their rows are kept. `docs/retention.md` lists all tables.

use crate::settings::RetentionSettings;
use retention::Rule;
use std::time::Duration;
use storage::assets::audit;

/// The name of the lease.
pub(crate) const LEASE: &str = "assets/retention";

/// The rules that follow from `settings`.
pub(crate) fn of(settings: &RetentionSettings) -> Vec<Rule> {
    let audit = Duration::from_secs(86_400) * settings.audit_days;
    vec![
        Rule::new("asset_edits", "old", audit, |connection, slice| Box::pin(audit::prune(connection, slice)))
            .for_all_rows(),
    ]
}
