//! A session with all that its price follows from.

use super::find;
use crate::devices::meter_samples::is_of;
use crate::schema::{meter_samples, piles};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Int2, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::ids::{ChargePointId, PileId, SessionId};
use domain::sessions::session::ChargingSession;
use uuid::Uuid;

/// A session, where it was and what was read of its meter.
#[derive(Debug, Clone, PartialEq)]
pub struct MeteredSession {
    /// The session.
    pub session: ChargingSession,
    /// The pile that its device is in; the last one that it was in, if that is retired; `None` if it was in none.
    pub pile: Option<PileId>,
    /// What the energy register of its connector read meanwhile, in Wh, the earliest first.
    pub samples: Vec<(DateTime<Utc>, f64)>,
    /// When the connector was free after it: it was `Available`, or another session began. `None` while it is not known, and when
    /// what statuses went through then is not kept any more.
    pub freed_at: Option<DateTime<Utc>>,
}

/// The session called `id`, with at most `limit` readings.
///
/// # Errors
/// When Postgres fails or a row cannot be.
pub async fn find_metered(
    connection: &mut Connection,
    id: SessionId,
    limit: i64,
) -> Result<Option<MeteredSession>, StorageError> {
    let Some(session) = find(connection, id).await? else { return Ok(None) };
    let pile = pile_of(connection, &session.charge_point_id).await?;
    let samples = samples(connection, &session, limit).await?;
    let freed_at = match session.ended_at() {
        Some(ended_at) => freed_at(connection, &session, ended_at).await?,
        None => None,
    };
    Ok(Some(MeteredSession { session, pile, samples, freed_at }))
}

async fn pile_of(
    connection: &mut Connection,
    device: &ChargePointId,
) -> Result<Option<PileId>, StorageError> {
    let pile: Option<Uuid> = piles::table
        .filter(piles::charge_point_id.eq(device.as_str()))
        .order(piles::retired_at.desc().nulls_first())
        .select(piles::id)
        .first(connection)
        .await
        .optional()?;
    Ok(pile.map(PileId))
}

fn connector_of(session: &ChargingSession) -> Result<i16, StorageError> {
    i16::try_from(session.connector_id.number()).map_err(super::broken)
}

async fn samples(
    connection: &mut Connection,
    session: &ChargingSession,
    limit: i64,
) -> Result<Vec<(DateTime<Utc>, f64)>, StorageError> {
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

/// A connector that was free when the session ended already was told so by an event that came first. Days that were learnt of
/// long before or after are not looked at: no event is believed that is more than 7 days late.
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
