//! What sessions came to, by their latest receipts.

use super::broken;
use crate::schema::session_receipts;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::ids::SessionId;
use domain::tariffs::{Energy, PricedSession, Reading, Totals, Usage};
use serde::Deserialize;
use serde_json::Value;

/// The content of a receipt, as far as it is priced again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    withdrawn: bool,
    unplugged_at: Option<DateTime<Utc>>,
    price: Option<Price>,
    readings: Vec<KeptReading>,
}

#[derive(Deserialize)]
struct Price {
    totals: Totals,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptReading {
    at: DateTime<Utc>,
    energy_wh: f64,
}

/// What those of `sessions` came to that have a receipt, in any order; `None` for one without a price.
///
/// # Errors
/// If PostgreSQL fails or a receipt is invalid.
pub async fn list_priced(
    connection: &mut Connection,
    sessions: &[SessionId],
) -> Result<Vec<Option<PricedSession>>, StorageError> {
    let contents: Vec<Value> = session_receipts::table
        .filter(session_receipts::session_id.eq_any(sessions.iter().map(|id| id.0)))
        .distinct_on(session_receipts::session_id)
        .order((session_receipts::session_id, session_receipts::number.desc()))
        .select(session_receipts::content)
        .load(connection)
        .await?;
    contents.into_iter().map(priced).collect()
}

fn priced(content: Value) -> Result<Option<PricedSession>, StorageError> {
    let Content { withdrawn, unplugged_at, price, readings } =
        serde_json::from_value(content).map_err(broken)?;
    let Some(Price { totals }) = price.filter(|_| !withdrawn) else { return Ok(None) };
    let readings = readings.into_iter().map(reading).collect::<Result<Vec<_>, _>>()?;
    let usage = Usage::metered(readings).map_err(broken)?;
    let usage = match unplugged_at {
        Some(at) => usage.unplugged(at).map_err(broken)?,
        None => usage,
    };
    Ok(Some(PricedSession { usage, totals }))
}

fn reading(KeptReading { at, energy_wh }: KeptReading) -> Result<Reading, StorageError> {
    Ok(Reading { at, register: Energy::from_wh_float(energy_wh).map_err(broken)? })
}
