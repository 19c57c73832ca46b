//! Entering and withdrawing exclusions. Both mark the devices whose days must be computed again.

use super::row::{Row, broken};
use super::{ExclusionRecord, NewExclusion};
use crate::assets::audit::{self, AuditAction, Thing};
use crate::commands::KeyedRequest;
use crate::creation_keys::{self, Creation};
use crate::database::operators;
use crate::database::transaction::{Abort, Refusable};
use crate::schema::{piles, reliability_exclusions, stations};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::{EditStamp, OperatorBound};
use domain::ids::{ConnectorId, ExclusionId};
use domain::reliability::ExclusionScope;
use domain::text::Label;
use serde_json::{Value, json};
use uuid::Uuid;

/// Why an exclusion is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExclusionRefusal {
    /// The station does not exist within the caller's bound.
    #[error("the station does not exist")]
    StationNotFound,
    /// The pile does not exist within the caller's bound.
    #[error("the pile does not exist")]
    PileNotFound,
}

/// Why an exclusion cannot be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalRefusal {
    /// The exclusion does not exist within the caller's bound.
    #[error("the exclusion does not exist")]
    NotFound,
    /// It was withdrawn before.
    #[error("the exclusion was withdrawn at {at}")]
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Enters an exclusion for a station or a pile within `bound`, retired or not.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert(
    connection: &mut Connection,
    bound: &OperatorBound,
    exclusion: &NewExclusion,
    stamp: &EditStamp,
) -> Result<Result<ExclusionRecord, ExclusionRefusal>, StorageError> {
    connection
        .transaction(async |tx| {
            let (station_id, operator_id) = place(tx, bound, exclusion.scope).await?;
            let (pile_id, connector) = match exclusion.scope {
                ExclusionScope::Station(_) => (None, None),
                ExclusionScope::Pile(pile) => (Some(pile.0), None),
                ExclusionScope::Connector(pile, connector) => (Some(pile.0), Some(connector)),
            };
            let row = Row {
                id: exclusion.id.0,
                station_id,
                pile_id,
                connector_id: connector.map(number).transpose()?,
                operator_id,
                excluded_from: exclusion.from,
                excluded_until: exclusion.until,
                reason: exclusion.reason.as_str().to_owned(),
                note: exclusion.note.to_string(),
                created_at: stamp.at,
                created_by: stamp.by.to_string(),
                withdrawn_at: None,
                withdrawn_by: None,
                withdrawal_note: None,
            };
            diesel::insert_into(reliability_exclusions::table).values(&row).execute(tx).await?;
            let entered = ExclusionRecord::try_from(row)?;
            mark_devices(tx, &entered).await?;
            let (thing, states) = (Thing::ReliabilityExclusion(entered.id), (None, Some(state(&entered))));
            audit::append_entry(tx, thing, AuditAction::Created, stamp, states).await?;
            Ok::<_, Abort<ExclusionRefusal>>(entered)
        })
        .await
        .refusal_as_value()
}

/// The same under an idempotency key, if there is one: a repeated request enters nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn insert_once(
    connection: &mut Connection,
    bound: &OperatorBound,
    exclusion: &NewExclusion,
    stamp: &EditStamp,
    keyed: Option<&KeyedRequest>,
) -> Result<Result<Creation<ExclusionRecord>, ExclusionRefusal>, StorageError> {
    let Some(keyed) = keyed else {
        return Ok(insert(connection, bound, exclusion, stamp).await?.map(Creation::Now));
    };
    connection
        .transaction(async |tx| {
            if let Some(earlier) = creation_keys::claim(tx, keyed, exclusion.id.0).await? {
                return Ok(earlier);
            }
            insert(tx, bound, exclusion, stamp).await?.map(Creation::Now).map_err(Abort::Refused)
        })
        .await
        .refusal_as_value()
}

/// Withdraws an exclusion within `bound`: its downtime counts again.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn withdraw(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: ExclusionId,
    note: &Label,
    stamp: &EditStamp,
) -> Result<Result<ExclusionRecord, WithdrawalRefusal>, StorageError> {
    use reliability_exclusions as columns;
    connection
        .transaction(async |tx| {
            let own = columns::table.find(id.0).filter(operators::exclusions(bound));
            let held: Option<Row> = own.select(Row::as_select()).for_update().first(tx).await.optional()?;
            let Some(held) = held else { return Err(Abort::Refused(WithdrawalRefusal::NotFound)) };
            if let Some(at) = held.withdrawn_at {
                return Err(Abort::Refused(WithdrawalRefusal::Withdrawn { at }));
            }
            let before = ExclusionRecord::try_from(held)?;
            let row: Row = diesel::update(columns::table.find(id.0))
                .set((
                    columns::withdrawn_at.eq(stamp.at),
                    columns::withdrawn_by.eq(stamp.by.as_str()),
                    columns::withdrawal_note.eq(note.as_str()),
                ))
                .returning(Row::as_returning())
                .get_result(tx)
                .await?;
            let withdrawn = ExclusionRecord::try_from(row)?;
            mark_devices(tx, &withdrawn).await?;
            let states = (Some(state(&before)), Some(state(&withdrawn)));
            let thing = Thing::ReliabilityExclusion(id);
            audit::append_entry(tx, thing, AuditAction::Cancelled, stamp, states).await?;
            Ok(withdrawn)
        })
        .await
        .refusal_as_value()
}

fn number(connector: ConnectorId) -> Result<i16, StorageError> {
    i16::try_from(connector.number()).map_err(broken)
}

/// The station of the scope, with its operator, if it is within `bound`.
async fn place(
    tx: &mut Connection,
    bound: &OperatorBound,
    scope: ExclusionScope,
) -> Result<(Uuid, Option<String>), Abort<ExclusionRefusal>> {
    let (station, refusal) = match scope {
        ExclusionScope::Station(id) => (Some(id.0), ExclusionRefusal::StationNotFound),
        ExclusionScope::Pile(id) | ExclusionScope::Connector(id, _) => {
            let own = piles::table.find(id.0).select(piles::station_id);
            let station: Option<Uuid> = own.first(tx).await.optional()?;
            (station, ExclusionRefusal::PileNotFound)
        }
    };
    let own = stations::table
        .filter(stations::id.nullable().eq(station))
        .filter(operators::stations(bound))
        .select((stations::id, stations::operator_id));
    let found: Option<(Uuid, Option<String>)> = own.first(tx).await.optional()?;
    found.ok_or(Abort::Refused(refusal))
}

/// Marks the days since the beginning of an exclusion as to be computed again, for the devices that it
/// applies to. The rows are locked in order, and wait for a job that computes them at the moment.
async fn mark_devices(tx: &mut Connection, exclusion: &ExclusionRecord) -> Result<(), StorageError> {
    diesel::sql_query(
        "insert into reliability_devices as device (charge_point_id, dirty_from)
         select distinct charge_point_id, $3::timestamptz from placements
         where case when $2::uuid is null then station_id = $1 else pile_id = $2 end
           and placed_from < $4 and (placed_until is null or placed_until > $3)
         order by charge_point_id
         on conflict (charge_point_id) do update set dirty_from = least(device.dirty_from, excluded.dirty_from)
         where device.computed_until > excluded.dirty_from",
    )
    .bind::<SqlUuid, _>(exclusion.station_id.0)
    .bind::<Nullable<SqlUuid>, _>(exclusion.pile_id.map(|id| id.0))
    .bind::<Timestamptz, _>(exclusion.from)
    .bind::<Timestamptz, _>(exclusion.until)
    .execute(tx)
    .await?;
    Ok(())
}

/// What the audit keeps of an exclusion.
fn state(exclusion: &ExclusionRecord) -> Value {
    json!({
        "stationId": exclusion.station_id, "pileId": exclusion.pile_id, "connectorId": exclusion.connector_id,
        "from": exclusion.from, "until": exclusion.until, "reason": exclusion.reason, "note": exclusion.note,
        "withdrawalNote": exclusion.withdrawn.as_ref().and_then(|(_, note)| note.as_ref()),
    })
}
