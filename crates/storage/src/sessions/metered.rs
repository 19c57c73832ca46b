//! A session with the data that its price depends on.

use super::{PlacedSession, find};
use crate::devices::meter_samples::is_of;
use crate::schema::meter_samples;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Int2, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use domain::sessions::session::ChargingSession;
use domain::tariffs::{MAX_READINGS, MeteredSession};

/// The session with id `id` within `bound`, with up to [`MAX_READINGS`] readings; `None` if it does not exist.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn find_metered(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
) -> Result<Option<MeteredSession>, StorageError> {
    let Some(PlacedSession { session, place }) = find(connection, bound, id).await? else { return Ok(None) };
    let samples = samples(connection, &session).await?;
    let freed_at = match session.ended_at() {
        Some(ended_at) => freed_at(connection, &session, ended_at).await?,
        None => None,
    };
    Ok(Some(MeteredSession { session, place, samples, freed_at }))
}

fn connector_of(session: &ChargingSession) -> Result<i16, StorageError> {
    i16::try_from(session.connector_id.number()).map_err(super::broken)
}

async fn samples(
    connection: &mut Connection,
    session: &ChargingSession,
) -> Result<Vec<(DateTime<Utc>, f64)>, StorageError> {
    let limit = i64::try_from(MAX_READINGS).unwrap_or(i64::MAX);
    let mut query = meter_samples::table
        .filter(meter_samples::charge_point_id.eq(session.charge_point_id.as_str()))
        .filter(meter_samples::connector_id.eq(connector_of(session)?))
        .filter(meter_samples::taken_at.ge(session.started_at))
        .filter(meter_samples::energy_wh.is_not_null())
        .filter(is_of(session))
        .order(meter_samples::taken_at)
        .limit(limit)
        .select((meter_samples::taken_at, meter_samples::energy_wh.assume_not_null()))
        .into_boxed::<Pg>();
    if let Some(ended_at) = session.ended_at() {
        query = query.filter(meter_samples::taken_at.le(ended_at));
    }
    Ok(query.load(connection).await?)
}

/// A connector that was already free when the session ended has an earlier `Available` event. Days
/// of recording long before or after are not read: events that are more than 7 days late are not
/// accepted.
const FREED: &str = "
    select least(
        (select min(started_at) from sessions
         where charge_point_id = $1 and connector_id = $2 and started_at >= $3 and id <> $4),
        case (select status from status_changes
              where charge_point_id = $1 and connector_id = $2 and at <= $3
                and noted_at between $3::timestamptz - interval '7 days' and $3::timestamptz + interval '7 days'
              order by at desc, noted_at desc, place desc limit 1)
            when 'Available' then $3
            else (select min(at) from status_changes
                  where charge_point_id = $1 and connector_id = $2 and at > $3 and status = 'Available'
                    and noted_at >= $3::timestamptz - interval '7 days')
        end) as freed_at";

#[derive(QueryableByName)]
struct Freed {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    freed_at: Option<DateTime<Utc>>,
}

async fn freed_at(
    connection: &mut Connection,
    session: &ChargingSession,
    ended_at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let freed: Freed = diesel::sql_query(FREED)
        .bind::<Text, _>(session.charge_point_id.as_str())
        .bind::<Int2, _>(connector_of(session)?)
        .bind::<Timestamptz, _>(ended_at)
        .bind::<SqlUuid, _>(session.id.0)
        .get_result(connection)
        .await?;
    Ok(freed.freed_at)
}
