//! Measures the cost of one event of each kind on a database: bytes of its record, rows,
//! write-ahead log, tables.
//!
//! The write-ahead log is the whole server's, so the server must have no other clients.
//! `full_page_writes` and `autovacuum` should be off: page images depend on the size of the fleet
//! and are estimated separately ([`crate::page_images`]), and a vacuum belongs to no event.

mod devices;
mod report;
mod statistics;
mod writer;

use bench::database;
use chrono::TimeDelta;
use devices::Devices;
use gateway_simulator::device::Input;
use launch::variable;
use report::EventTotals;
use std::collections::BTreeMap;
use uuid::Uuid;
use writer::BatchWriter;

/// Sessions of each device before the measurement: a ledger remembers the last eight.
const WARM_UP_SESSIONS: u32 = 9;
/// Sessions of each device that are measured.
const MEASURED_SESSIONS: u32 = 3;

/// The totals of the measured events, by kind.
type Totals = BTreeMap<String, EventTotals>;

/// Measures on a separate database on the server of `DATABASE_URL`, and drops it; returns the
/// report.
///
/// # Errors
/// When the server cannot be reached or refuses a statement.
pub async fn measure() -> anyhow::Result<String> {
    let given = variable("DATABASE_URL")?;
    let name = format!("capacity_{}", Uuid::now_v7().simple());
    database::create(&given, &name).await?;
    let report = measure_on(&database::with_database(&given, &name)?).await;
    database::drop_database(&given, &name).await?;
    report
}

async fn measure_on(url: &str) -> anyhow::Result<String> {
    let mut writer = BatchWriter::connect(url).await?;
    let mut devices = Devices::new(writer.now)?;
    let mut totals = Totals::new();
    writer.write_all("", &devices.apply(&Input::Connect, writer.now)?, None).await?;
    for session in 0..WARM_UP_SESSIONS + MEASURED_SESSIONS {
        let mut totals = (session >= WARM_UP_SESSIONS).then_some(&mut totals);
        for (prefix, input, minutes) in Devices::session()? {
            writer.now += TimeDelta::minutes(minutes);
            let events = devices.apply(&input, writer.now)?;
            writer.write_all(prefix, &events, totals.as_deref_mut()).await?;
        }
    }
    for input in [Input::Disconnect, Input::Connect] {
        writer.now += TimeDelta::minutes(1);
        // Only the first event: the statuses that connectors repeat change nothing, unlike usual
        // ones.
        let events: Vec<_> = devices.apply(&input, writer.now)?.into_iter().take(1).collect();
        writer.write_all("", &events, Some(&mut totals)).await?;
    }
    let row_sizes = statistics::row_sizes(&mut writer.queries).await?;
    Ok(report::markdown(&totals, &row_sizes))
}
