//! The commands `check-sessions` and `repair-sessions`: compare recorded sessions with the ledgers
//! that they are derived from.

use crate::Settings;
use anyhow::Context as _;
use domain::ids::ChargePointId;
use domain::sessions::repair::{Defect, Repair};
use domain::sessions::session::ChargingSession;
use runtime::Context;
use std::collections::BTreeMap;
use std::io::Write as _;
use storage::sessions::repair::{list_devices, repair};
use storage::{Database, PooledConnection, StorageError};

/// The most devices that are locked and compared in one transaction.
const AT_ONCE: i64 = 200;

/// Lists sessions that differ from the events, and changes nothing.
///
/// # Errors
/// When PostgreSQL fails.
pub async fn check_sessions(settings: Settings, context: Context) -> anyhow::Result<()> {
    compare_all(settings, context, false).await
}

/// Lists sessions that differ from the events and corrects them; the feed publishes each
/// correction.
///
/// # Errors
/// When PostgreSQL fails. Devices that were listed before are already corrected.
pub async fn repair_sessions(settings: Settings, context: Context) -> anyhow::Result<()> {
    compare_all(settings, context, true).await
}

async fn compare_all(settings: Settings, context: Context, write: bool) -> anyhow::Result<()> {
    let database = Database::new(&settings.database).context("database settings")?;
    let kept = &settings.retention;
    let kept_since = kept.deletes_sessions().then(|| runtime::clock::now() - kept.sessions());
    let mut counts = BTreeMap::<Defect, usize>::new();
    let (mut after, mut devices) = (None::<ChargePointId>, 0_usize);
    while !context.shutdown.is_requested() {
        let from = after.clone();
        let (page, repairs) = database
            .run(async move |mut connection: PooledConnection| {
                let page = list_devices(&mut connection, from.as_ref(), AT_ONCE).await?;
                let repairs = repair(&mut connection, page.clone(), write, kept_since).await?;
                Ok::<_, StorageError>((page, repairs))
            })
            .await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        devices += page.len();
        let mut out = std::io::stdout().lock();
        for repair in &repairs {
            *counts.entry(repair.defect).or_default() += 1;
            writeln!(out, "{}", line(repair))?;
        }
        tracing::info!(devices, found = counts.values().sum::<usize>(), "sessions are being compared");
    }
    summarize(&counts, devices, write)?;
    Ok(())
}

fn summarize(counts: &BTreeMap<Defect, usize>, devices: usize, write: bool) -> std::io::Result<()> {
    let left = counts.get(&Defect::Unexplained).copied().unwrap_or_default();
    let wrong = counts.values().sum::<usize>() - left;
    let next = match (write, wrong) {
        (_, 0) => "no correction is needed",
        (true, _) => "they are corrected",
        (false, _) => "run `event-ingestor repair-sessions` to correct them",
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{devices} devices compared, {wrong} sessions are wrong, {left} cannot be explained: {next}"
    )
}

fn line(Repair { defect, recorded, correct }: &Repair) -> String {
    let was = recorded.as_ref().map_or_else(|| "not recorded".to_owned(), state);
    format!("{}: {was} -> {}: {}", describe(correct), state(correct), defect.explain())
}

fn describe(session: &ChargingSession) -> String {
    let transaction = session.transaction_id.as_ref().map_or("none", |id| id.as_str());
    let (device, connector) = (&session.charge_point_id, session.connector_id.number());
    format!("{device} connector {connector} session {} transaction {transaction}", session.id.0)
}

fn state(session: &ChargingSession) -> String {
    let began = session.started_at.to_rfc3339();
    session
        .ended_at()
        .map_or_else(|| format!("open since {began}"), |end| format!("{began} to {}", end.to_rfc3339()))
}
