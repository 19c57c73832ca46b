//! Reading meter samples.

use crate::schema::meter_samples;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int8, Nullable};
use diesel_async::RunQueryDsl;
use domain::ids::TransactionKey;
use domain::sessions::session::ChargingSession;

/// The values of a connector's meter at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Queryable, Selectable)]
#[diesel(table_name = meter_samples, check_for_backend(Pg))]
pub struct MeterSample {
    /// When the values were measured.
    pub taken_at: DateTime<Utc>,
    /// The energy register, in Wh; `None` if not reported.
    pub energy_wh: Option<f64>,
    /// Active power, in W; `None` if not reported.
    pub power_w: Option<f64>,
    /// Voltage, in V; `None` if not reported.
    pub voltage_v: Option<f64>,
    /// Current, in A; `None` if not reported.
    pub current_a: Option<f64>,
    /// The vehicle's state of charge, in percent; `None` if not reported.
    pub soc_percent: Option<f64>,
    /// Temperature, in °C; `None` if not reported.
    pub temperature_c: Option<f64>,
}

/// Whether a sample of the connector may belong to `session`: their transaction ids are equal, or
/// one of them has none.
pub(crate) fn is_of(
    session: &ChargingSession,
) -> Box<dyn BoxableExpression<meter_samples::table, Pg, SqlType = Bool>> {
    let key = session.transaction_id.as_ref().map(|id| TransactionKey::of(id).0);
    let is_same = sql::<Bool>("coalesce(meter_samples.transaction_key = ").bind::<Nullable<Int8>, _>(key);
    Box::new(is_same.sql(", true)"))
}

/// Up to `limit` samples of a session's connector from its start to its end, the newest first; with
/// `before`, only earlier ones. Samples older than the retention period are deleted.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_of_session(
    connection: &mut Connection,
    session: &ChargingSession,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<MeterSample>, StorageError> {
    let connector = i16::try_from(session.connector_id.number())
        .map_err(|error| StorageError::inconsistent("meter_samples", error))?;
    let mut query = meter_samples::table
        .filter(meter_samples::charge_point_id.eq(session.charge_point_id.as_str()))
        .filter(meter_samples::connector_id.eq(connector))
        .filter(meter_samples::taken_at.ge(session.started_at))
        .filter(is_of(session))
        .order(meter_samples::taken_at.desc())
        .limit(limit)
        .select(MeterSample::as_select())
        .into_boxed::<Pg>();
    if let Some(ended_at) = session.ended_at() {
        query = query.filter(meter_samples::taken_at.le(ended_at));
    }
    if let Some(before) = before {
        query = query.filter(meter_samples::taken_at.lt(before));
    }
    Ok(query.load(connection).await?)
}
