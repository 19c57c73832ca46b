//! Energy registers of sessions whose gateways omitted them, from the meter samples of their
//! connectors.

use super::broken;
use crate::database::bulk::{Bulk, Columns, Lookup, Rows};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::sql_types::{Float8, Int2, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::ids::TransactionKey;
use domain::sessions::session::{ChargingSession, SessionState};

/// Fills in missing registers: the start from the connector's first sample since the session began;
/// the stop of an ended session from the last sample by its end that is not below the start.
/// Samples that name another transaction are excluded. Unknown registers stay `None`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn fill_registers(
    connection: &mut Connection,
    sessions: &mut [ChargingSession],
) -> Result<(), StorageError> {
    let mut lacking = Periods::default();
    for (place, session) in sessions.iter().enumerate().filter(|(_, session)| lacks_register(session)) {
        lacking.push(place, session)?;
    }
    if lacking.place.is_empty() {
        return Ok(());
    }
    let found: Vec<Found> = Bulk(lacking).load(connection).await?;
    for (place, first, last) in found {
        let session = usize::try_from(place).ok().and_then(|place| sessions.get_mut(place));
        if let Some(session) = session {
            session.meter_start_wh = session.meter_start_wh.or(first);
            if let SessionState::Ended { meter_stop_wh, .. } = &mut session.state {
                *meter_stop_wh = meter_stop_wh.or(last);
            }
        }
    }
    Ok(())
}

/// The index of a session in the list, and its first and last register in Wh.
type Found = (i64, Option<f64>, Option<f64>);

const fn lacks_register(session: &ChargingSession) -> bool {
    let lacks_stop = matches!(session.state, SessionState::Ended { meter_stop_wh: None, .. });
    session.meter_start_wh.is_none() || lacks_stop
}

/// Connectors and periods of sessions, with their indexes in the list.
#[derive(Default)]
struct Periods<'a> {
    place: Vec<i64>,
    device: Vec<&'a str>,
    connector: Vec<i16>,
    began: Vec<DateTime<Utc>>,
    ended: Vec<Option<DateTime<Utc>>>,
    transaction: Vec<Option<i64>>,
    start_wh: Vec<Option<f64>>,
}

impl<'a> Periods<'a> {
    fn push(&mut self, place: usize, session: &'a ChargingSession) -> Result<(), StorageError> {
        self.place.push(i64::try_from(place).map_err(broken)?);
        self.device.push(session.charge_point_id.as_str());
        self.connector.push(i16::try_from(session.connector_id.number()).map_err(broken)?);
        self.began.push(session.started_at);
        self.ended.push(session.ended_at());
        self.transaction.push(session.transaction_id.as_ref().map(|id| TransactionKey::of(id).0));
        self.start_wh.push(session.meter_start_wh);
        Ok(())
    }
}

impl Rows for Periods<'_> {
    type Statement = Periods<'static>;
    const SQL: &'static str = "select period.place, first.energy_wh, last.energy_wh from unnest($1::bigint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::timestamptz[],
           $6::bigint[], $7::double precision[]) as period (place, device, connector, began, ended, transaction, start_wh)
         left join lateral (
           select energy_wh from meter_samples
           where charge_point_id = device and connector_id = connector and energy_wh is not null
             and taken_at >= began and taken_at <= coalesce(ended, 'infinity')
             and coalesce(transaction_key = transaction, true)
           order by taken_at limit 1) as first on true
         left join lateral (
           select energy_wh from meter_samples
           where charge_point_id = device and connector_id = connector
             and energy_wh >= coalesce(start_wh, first.energy_wh)
             and taken_at >= began and taken_at <= ended and coalesce(transaction_key = transaction, true)
           order by taken_at desc limit 1) as last on true";

    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Int8, _>(&self.place)?;
        columns.push::<Text, _>(&self.device)?;
        columns.push::<Int2, _>(&self.connector)?;
        columns.push::<Timestamptz, _>(&self.began)?;
        columns.push::<Nullable<Timestamptz>, _>(&self.ended)?;
        columns.push::<Nullable<Int8>, _>(&self.transaction)?;
        columns.push::<Nullable<Float8>, _>(&self.start_wh)
    }
}

impl Lookup for Periods<'_> {
    type Answer = (Int8, Nullable<Float8>, Nullable<Float8>);
}
