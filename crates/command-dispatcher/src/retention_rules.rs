//! The tables of this service, and how long their rows are kept. `docs/retention.md` lists all tables.

use crate::settings::Settings;
use retention::Rule;
use std::time::Duration;
use storage::sessions::limits;
use storage::{commands, creation_keys};

/// The name of the lease.
pub(crate) const LEASE: &str = "commands/retention";
/// How long after its expiry a start that began no session can begin none.
const UNUSED: Duration = Duration::from_secs(3_600);

/// The rules that follow from `settings`: first what refers to commands, then the commands.
pub(crate) fn of(settings: &Settings) -> Vec<Rule> {
    let (kept, stops) = (settings.retention, settings.stops);
    let keys = settings.dispatch.idempotency_retention();
    vec![
        Rule::new("idempotency_keys", "old", keys, |connection, slice| {
            Box::pin(commands::prune_keys(connection, slice))
        })
        .for_all_rows(),
        Rule::new("creation_keys", "old", keys, |connection, slice| {
            Box::pin(creation_keys::prune(connection, slice))
        })
        .for_all_rows(),
        Rule::new("session_limits", "old", stops.limit_retention(), |connection, slice| {
            Box::pin(limits::prune(connection, slice))
        })
        .for_all_rows(),
        Rule::new("session_limits", "without a session", UNUSED, |connection, slice| {
            Box::pin(limits::prune_unused(connection, slice))
        }),
        Rule::new("command_batches", "old", kept.batches(), |connection, slice| {
            Box::pin(commands::prune_batches(connection, slice))
        })
        .for_all_rows(),
        Rule::new("commands", "old", kept.commands(stops), |connection, slice| {
            Box::pin(commands::prune(connection, slice))
        })
        .for_all_rows(),
    ]
}
